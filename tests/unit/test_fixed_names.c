/* What of the settings is a name: known, asked for again, waited for. Stand-ins take the
 * place of the names helper and of who is told of the group. */
#include "daemon/door.h"
#include "daemon/endpoint.h"
#include "daemon/fixed_names.h"
#include "daemon/people.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define VMHOST 1001
#define QEMU   1002
#define GROUP  2001

/* Linked with --wrap (Makefile). */
int
__wrap_people_ask_user(struct gateway *gateway, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg);
int
__wrap_people_ask_group(struct gateway *gateway, const char *group,
    void (*fn)(void *arg, enum proto_name status, gid_t gid), void *arg);
const struct settings *
__wrap_gateway_settings(const struct gateway *gateway);
void
__wrap_doors_give_to_group(struct doors *doors);
void
__wrap_endpoints_retry(struct endpoints *endpoints);

static char vmhost[] = "vmhost", qemu[] = "qemu", gated[] = "vmusers";
static char *users[] = {vmhost, qemu};
static struct settings settings = {.gated = gated, .backend_users = users};

static struct {
	void (*on_user)(void *arg, struct people_user *user);
	void (*on_group)(void *arg, enum proto_name status, gid_t gid);
	void *arg;
} asked[8];
static size_t asked_count;
static int ask_error;
static struct gateway gw;

int
__wrap_people_ask_user(struct gateway *gateway, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg)
{
	(void)gateway, (void)user;
	if (ask_error < 0)
		return ask_error;
	asked[asked_count].on_user = fn;
	asked[asked_count++].arg = arg;
	return 0;
}

int
__wrap_people_ask_group(struct gateway *gateway, const char *group,
    void (*fn)(void *arg, enum proto_name status, gid_t gid), void *arg)
{
	(void)gateway, (void)group;
	if (ask_error < 0)
		return ask_error;
	asked[asked_count].on_group = fn;
	asked[asked_count++].arg = arg;
	return 0;
}

const struct settings *
__wrap_gateway_settings(const struct gateway *gateway)
{
	(void)gateway;
	return &settings;
}

void
__wrap_doors_give_to_group(struct doors *doors)
{
	(void)doors;
}

void
__wrap_endpoints_retry(struct endpoints *endpoints)
{
	(void)endpoints;
}

/* The group is asked about first. */
static void
answer_group(void)
{
	asked[0].on_group(asked[0].arg, PROTO_NAME_FOUND, GROUP);
}

static void
answer_user(size_t i, enum proto_name status, uid_t uid)
{
	struct people_user user = {.status = status, .uid = uid};

	asked[i].on_user(asked[i].arg, &user);
}

static void
look_up(size_t user_count)
{
	settings.backend_user_count = user_count;
	asked_count = 0;
	fixed_names_look_up(&gw);
	assert_int_equal(asked_count, 1 + user_count);
	assert_true(fixed_names_again_ms(&gw) == INT64_MAX);
}

/* A whole go, in which the group is found. */
static void
find(enum proto_name status, uid_t uid)
{
	look_up(1);
	answer_group();
	answer_user(1, status, uid);
}

static int
begin(void **state)
{
	(void)state;
	gw = (struct gateway){.gated_gid = (gid_t)-1};
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	free(gw.backend_uids);
	return 0;
}

static void
test_known(void **state)
{
	(void)state;
	assert_true(fixed_names_are_awaited(&gw)); /* nothing was asked yet */
	assert_true(fixed_names_again_ms(&gw) == 0);
	look_up(1);
	assert_true(fixed_names_are_awaited(&gw));
	assert_false(gateway_is_backend_uid(&gw, (uid_t)-1));
	answer_group();
	assert_true(fixed_names_are_awaited(&gw));
	answer_user(1, PROTO_NAME_FOUND, VMHOST);
	assert_false(fixed_names_are_awaited(&gw));
	assert_true(fixed_names_again_ms(&gw) == INT64_MAX); /* what is known stays */
	assert_int_equal(gw.gated_gid, GROUP);
	assert_true(gateway_is_backend_uid(&gw, VMHOST));
	assert_false(gateway_is_backend_uid(&gw, QEMU));
}

static void
test_absent(void **state)
{
	(void)state;
	find(PROTO_NAME_ABSENT, 0);
	assert_false(fixed_names_are_awaited(&gw)); /* that is an answer */
	assert_true(fixed_names_again_ms(&gw) < INT64_MAX);
	assert_false(gateway_is_backend_uid(&gw, 0));
}

static void
test_error(void **state)
{
	int64_t absent_ms;

	(void)state;
	find(PROTO_NAME_ABSENT, 0);
	absent_ms = fixed_names_again_ms(&gw);
	find(PROTO_NAME_FAILED, 0);
	assert_true(fixed_names_are_awaited(&gw)); /* who connects now waits, as it is asked */
	assert_true(fixed_names_again_ms(&gw) < absent_ms); /* again, soon */
	find(PROTO_NAME_FOUND, VMHOST);
	assert_false(fixed_names_are_awaited(&gw));
}

/* A directory that can't be asked any more. */
static void
test_known_stays(void **state)
{
	(void)state;
	find(PROTO_NAME_FOUND, VMHOST);
	look_up(1);
	assert_false(fixed_names_are_awaited(&gw));
	assert_true(gateway_is_backend_uid(&gw, VMHOST));
	asked[0].on_group(asked[0].arg, PROTO_NAME_FAILED, (gid_t)-1);
	answer_user(1, PROTO_NAME_FAILED, 0);
	assert_true(gateway_is_backend_uid(&gw, VMHOST));
	assert_int_equal(gw.gated_gid, GROUP);
	assert_false(fixed_names_are_awaited(&gw));
	assert_true(fixed_names_again_ms(&gw) < INT64_MAX);
	look_up(1);
	asked[0].on_group(asked[0].arg, PROTO_NAME_ABSENT, (gid_t)-1);
	answer_user(1, PROTO_NAME_ABSENT, 0);
	assert_false(gateway_is_backend_uid(&gw, VMHOST)); /* that is an answer */
	assert_int_equal(gw.gated_gid, (gid_t)-1);
}

/* The helper went down in that moment, say. */
static void
test_not_asked(void **state)
{
	(void)state;
	settings.backend_user_count = 1;
	ask_error = -EPIPE;
	fixed_names_look_up(&gw);
	ask_error = 0;
	assert_true(fixed_names_are_awaited(&gw));
	assert_true(fixed_names_again_ms(&gw) < INT64_MAX);
}

/* Of other settings nobody is known, whoever was. */
static void
test_reload(void **state)
{
	(void)state;
	find(PROTO_NAME_FOUND, VMHOST);
	look_up(1);
	gw.generation++;
	gw.gated_gid = (gid_t)-1;
	settings.backend_user_count = 0;
	answer_group();
	answer_user(1, PROTO_NAME_FOUND, QEMU);
	assert_false(gateway_is_backend_uid(&gw, QEMU)); /* asked for the settings before */
	assert_int_equal(gw.gated_gid, (gid_t)-1);
	assert_true(fixed_names_are_awaited(&gw));
	look_up(1);
	assert_true(fixed_names_are_awaited(&gw));
	assert_false(gateway_is_backend_uid(&gw, VMHOST));
	answer_group();
	answer_user(1, PROTO_NAME_FAILED, 0);
	assert_false(gateway_is_backend_uid(&gw, VMHOST));
}

static void
test_one_of_two(void **state)
{
	(void)state;
	look_up(2);
	answer_group();
	answer_user(1, PROTO_NAME_FAILED, 0);
	answer_user(2, PROTO_NAME_FOUND, QEMU);
	assert_false(fixed_names_are_awaited(&gw)); /* the one that is known needs no wait */
	assert_true(fixed_names_again_ms(&gw) < INT64_MAX);
	assert_true(gateway_is_backend_uid(&gw, QEMU));
	assert_false(gateway_is_backend_uid(&gw, 0));
}

static void
test_late_answers(void **state)
{
	struct people_user user = {.status = PROTO_NAME_FOUND, .uid = QEMU};
	void *late;

	(void)state;
	look_up(1);
	answer_group();
	late = asked[1].arg;
	look_up(1);
	asked[1].on_user(late, &user);
	assert_false(gateway_is_backend_uid(&gw, QEMU));
	assert_true(fixed_names_are_awaited(&gw));
	answer_group();
	answer_user(1, PROTO_NAME_FOUND, VMHOST);
	assert_true(gateway_is_backend_uid(&gw, VMHOST));
}

int
main(void)
{
	/* The first: nothing was asked yet. The last: of another generation. */
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_known, begin, finish),
	    cmocka_unit_test_setup_teardown(test_absent, begin, finish),
	    cmocka_unit_test_setup_teardown(test_error, begin, finish),
	    cmocka_unit_test_setup_teardown(test_known_stays, begin, finish),
	    cmocka_unit_test_setup_teardown(test_not_asked, begin, finish),
	    cmocka_unit_test_setup_teardown(test_one_of_two, begin, finish),
	    cmocka_unit_test_setup_teardown(test_late_answers, begin, finish),
	    cmocka_unit_test_setup_teardown(test_reload, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
