/* What a resolver answers is taken for addresses, and never for more than there is room
 * for. Stand-ins take the place of the helpers. */
#include "daemon/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Linked with --wrap (Makefile): what api.c calls ends up here. */
const struct settings *
__wrap_gateway_settings(const struct gateway *gw);
struct servant *
__wrap_servant_new(struct loop *loop, const struct servant_spec *spec);
void
__wrap_servant_free(struct servant *s);
void
__wrap_servant_give_up(struct servant *s, const char *why);
struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type);
int
__wrap_servant_ask(struct servant *s, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg);
int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds);
bool
__wrap_servant_is_up(const struct servant *s);
struct loop_watch *
__wrap_loop_timer(struct loop *loop, loop_fn *fn, void *arg);
int
__wrap_loop_timer_set(struct loop_watch *timer, uint32_t timeout_ms);
void
__wrap_loop_timer_clear(struct loop_watch *timer);
void
__wrap_loop_watch_free(struct loop_watch *watch);

static char *urls[] = {(char[]){"https://one.example.org/wsapi/2.0/verify"}};
static char nothing[] = "", id[] = "1", file[] = "/nonexistent";
static const struct settings settings = {.api = {.urls = urls,
					     .url_count = 1,
					     .id = id,
					     .proxy = nothing,
					     .key = file,
					     .ca = file,
					     .timeout_ms = 1000}};

static struct gateway gw;
static uint8_t buf[65536];
static struct wire_out out;
static servant_answer_fn *answer;
static void *answer_arg;
static loop_fn *timer;
static void *timer_arg;
static size_t told; /* addresses, to the helper; 0: none yet */

const struct settings *
__wrap_gateway_settings(const struct gateway *gateway)
{
	(void)gateway;
	return &settings;
}

struct servant *
__wrap_servant_new(struct loop *loop, const struct servant_spec *spec)
{
	(void)loop;
	return (struct servant *)(uintptr_t)spec->name; /* only told apart */
}

void
__wrap_servant_free(struct servant *s)
{
	(void)s;
}

void
__wrap_servant_give_up(struct servant *s, const char *why)
{
	(void)s;
	(void)why;
}

struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type)
{
	(void)s;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 1);
	return &out;
}

int
__wrap_servant_ask(struct servant *s, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg)
{
	(void)s;
	(void)fds;
	(void)nfds;
	(void)timeout_ms;
	answer = fn;
	answer_arg = arg;
	return 0;
}

int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds)
{
	struct proto_header header;
	char host[PROTO_NAME_MAX + 1];
	struct wire_in in;

	(void)s;
	(void)fds;
	(void)nfds;
	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(proto_get_header(&in, &header), 0);
	assert_int_equal(header.type, PROTO_API_HOST);
	wire_get_str(&in, host, sizeof(host));
	assert_string_equal(host, "one.example.org");
	told = wire_get_u16(&in);
	return 0;
}

bool
__wrap_servant_is_up(const struct servant *s)
{
	(void)s;
	return true;
}

struct loop_watch *
__wrap_loop_timer(struct loop *loop, loop_fn *fn, void *arg)
{
	timer = fn;
	timer_arg = arg;
	return (struct loop_watch *)(uintptr_t)loop;
}

int
__wrap_loop_timer_set(struct loop_watch *watch, uint32_t timeout_ms)
{
	(void)watch;
	(void)timeout_ms;
	return 0;
}

void
__wrap_loop_timer_clear(struct loop_watch *watch)
{
	(void)watch;
}

void
__wrap_loop_watch_free(struct loop_watch *watch)
{
	(void)watch;
}

/* A look-up, answered by n and so many addresses. */
static void
answer_with(struct api **api, uint16_t n, size_t there)
{
	uint8_t bytes[4096];
	struct wire_out reply;
	struct wire_in in;
	char address[40];

	gw.loop = (struct loop *)(uintptr_t)buf;
	told = 0;
	answer = NULL;
	*api = api_new(&gw);
	assert_non_null(*api);
	timer(timer_arg, -1, 0);
	assert_non_null(answer);
	wire_out_init(&reply, bytes, sizeof(bytes));
	wire_put_u8(&reply, PROTO_NAME_FOUND);
	wire_put_u16(&reply, n);
	for (size_t i = 0; i < there; i++) {
		snprintf(address, sizeof(address), "192.0.2.%zu", i + 1);
		wire_put_str(&reply, address);
	}
	wire_in_init(&in, reply.buf, reply.len);
	answer(answer_arg, 0, PROTO_NAMED_HOST, &in);
}

static void
as_many_as_there_may_be_are_taken(void **state)
{
	struct api *api;

	(void)state;
	answer_with(&api, 1, 1);
	assert_int_equal(told, 1);
	api_free(api);
	answer_with(&api, PROTO_ADDRESSES_MAX, PROTO_ADDRESSES_MAX);
	assert_int_equal(told, PROTO_ADDRESSES_MAX);
	api_free(api);
}

/* The message ends where the reader stops reading: only the number is wrong. */
static void
a_number_above_that_is_no_answer(void **state)
{
	struct api *api;

	(void)state;
	answer_with(&api, PROTO_ADDRESSES_MAX + 1, PROTO_ADDRESSES_MAX);
	assert_int_equal(told, 0);
	api_free(api);
	answer_with(&api, UINT16_MAX, PROTO_ADDRESSES_MAX);
	assert_int_equal(told, 0);
	api_free(api);
	answer_with(&api, 2, 1);
	assert_int_equal(told, 0);
	api_free(api);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_many_as_there_may_be_are_taken),
	    cmocka_unit_test(a_number_above_that_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
