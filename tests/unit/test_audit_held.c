/* Ends that are held for a moment: they go with the next record, before it, and by
 * themselves soon; none is lost when the recorder is. Stand-ins take its place. */
#include "daemon/audit.h"

#include "loop/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Linked with --wrap (Makefile). */
struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type);
int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds);
int
__wrap_servant_ask(struct servant *s, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg);
int
__wrap_servant_ask_before(struct servant *s, uint8_t type, servant_answer_fn *fn, void *arg);
bool
__wrap_servant_is_up(const struct servant *s);
const struct settings *
__wrap_gateway_settings(const struct gateway *gw);

static uint8_t buf[4096];
static struct wire_out out;
/* Events in order; "+" behind one that is left to the next one's flush, "(late)" behind one
 * that carries its time. */
static char written[256];
static bool is_up;
static int answer_before;
static struct loop *loop;

bool
__wrap_servant_is_up(const struct servant *s)
{
	(void)s;
	return is_up;
}

const struct settings *
__wrap_gateway_settings(const struct gateway *gw)
{
	static const struct settings settings;

	(void)gw;
	return &settings;
}

struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type)
{
	(void)s;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 1);
	return &out;
}

static void
write_down(enum proto_keep keep)
{
	struct proto_header header;
	struct wire_in in;
	char text[64];
	uint16_t n;

	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(proto_get_header(&in, &header), 0);
	assert_int_equal(wire_get_u8(&in), keep);
	n = wire_get_u16(&in);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t field = wire_get_u8(&in);
		assert_int_equal(wire_get_u8(&in), 1);
		wire_get_str(&in, text, sizeof(text));
		size_t len = strlen(written);
		snprintf(written + len, sizeof(written) - len, "%s%s",
		    field == AUDIT_AT ? "(late)" : " ", field == AUDIT_EVENT ? text : "");
	}
	assert_int_equal(wire_end(&in), 0);
	if (keep == PROTO_KEEP_BEFORE) {
		size_t len = strlen(written);
		snprintf(written + len, sizeof(written) - len, "+");
	}
}

int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds)
{
	(void)s;
	(void)fds;
	(void)nfds;
	write_down(PROTO_KEEP);
	return 0;
}

int
__wrap_servant_ask(struct servant *s, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg)
{
	uint8_t answer[12] = {0};
	struct wire_in in;

	(void)s;
	(void)fds;
	(void)nfds;
	(void)timeout_ms;
	write_down(PROTO_KEEP_DURABLE);
	wire_in_init(&in, answer, sizeof(answer));
	fn(arg, 0, PROTO_RECORDED, &in);
	return 0;
}

/* Answered by whatever comes next. */
int
__wrap_servant_ask_before(struct servant *s, uint8_t type, servant_answer_fn *fn, void *arg)
{
	(void)s;
	assert_int_equal(type, PROTO_RECORDED);
	write_down(PROTO_KEEP_BEFORE);
	fn(arg, answer_before, PROTO_NONE, NULL);
	return 0;
}

static void
nothing(void *arg, int error)
{
	(void)arg;
	assert_int_equal(error, 0);
}

static struct audit *
begin(struct gateway *gw)
{
	loop = loop_new();
	assert_non_null(loop);
	*gw = (struct gateway){.loop = loop};
	written[0] = '\0';
	is_up = true;
	return audit_new(gw);
}

static void
hold(struct audit *audit, const char *event)
{
	audit_begin(audit, event);
	audit_end_soon(audit);
}

static void
end(struct audit *audit)
{
	audit_free(audit);
	loop_free(loop);
}

static void
stop(void *arg, int fd, unsigned int events)
{
	(void)arg;
	(void)fd;
	(void)events;
	loop_stop(loop);
}

static void
wait_ms(uint32_t ms)
{
	struct loop_watch *timer = loop_timer(loop, stop, NULL);

	assert_int_equal(loop_timer_set(timer, ms), 0);
	assert_int_equal(loop_run(loop), 0);
	loop_watch_free(timer);
}

static void
test_with_the_next(void **state)
{
	struct gateway gw;
	struct audit *audit = begin(&gw);

	(void)state;
	hold(audit, "one");
	hold(audit, "two");
	assert_string_equal(written, "");
	audit_begin(audit, "open");
	assert_int_equal(audit_end_durable(audit, nothing, NULL), 0);
	assert_string_equal(written, " one+ two+ open");
	hold(audit, "three");
	audit_begin(audit, "deny");
	audit_end_plain(audit);
	hold(audit, "four");
	audit_begin(audit, "stop");
	audit_end_noted(audit);
	assert_string_equal(written, " one+ two+ open three deny four+ stop");
	end(audit);
}

static void
test_by_itself(void **state)
{
	struct gateway gw;
	struct audit *audit = begin(&gw);

	(void)state;
	hold(audit, "one");
	assert_string_equal(written, "");
	wait_ms(200);
	assert_string_equal(written, " one");
	end(audit);
}

/* Not more than there is room for. */
static void
test_bounded(void **state)
{
	struct gateway gw;
	struct audit *audit = begin(&gw);

	(void)state;
	for (int i = 0; i < 65; i++)
		hold(audit, "e");
	assert_int_equal(strlen(written), 64 * 3 + 2); /* one for whom there is no room */
	end(audit);
}

/* The recorder went meanwhile: they wait for the next one, in order, with their time. */
static void
test_recorder_gone(void **state)
{
	struct gateway gw;
	struct audit *audit = begin(&gw);
	uint64_t lost;
	size_t count;

	(void)state;
	hold(audit, "one");
	is_up = false;
	hold(audit, "two");
	wait_ms(200);
	audit_waiting(audit, &count, &lost);
	assert_int_equal(count, 2);
	assert_int_equal(lost, 0);
	assert_string_equal(written, "");
	is_up = true;
	audit_resume(audit);
	assert_string_equal(written, " one(late) two(late)");
	end(audit);
}

/* The recorder took it, and was gone before it said so of what came next. */
static void
test_left_to_the_next_and_lost(void **state)
{
	struct gateway gw;
	struct audit *audit = begin(&gw);

	(void)state;
	hold(audit, "one");
	answer_before = -ECONNRESET;
	audit_begin(audit, "open");
	assert_int_equal(audit_end_durable(audit, nothing, NULL), 0);
	answer_before = 0;
	assert_string_equal(written, " one+ open");
	audit_resume(audit);
	assert_string_equal(written, " one+ open one(late)");
	end(audit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_with_the_next),
	    cmocka_unit_test(test_by_itself),
	    cmocka_unit_test(test_bounded),
	    cmocka_unit_test(test_recorder_gone),
	    cmocka_unit_test(test_left_to_the_next_and_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
