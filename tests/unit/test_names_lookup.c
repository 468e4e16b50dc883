/* Users and groups: the scan for a second name, and questions with broken fields. */
#include "lib/wire.h"
#include "names/answer.h"
#include "names/lookup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static size_t
scan(const char *text, const char *name, uid_t uid)
{
	char path[] = "/tmp/test_names.XXXXXX";
	size_t others = 99;
	FILE *f = fdopen(mkstemp(path), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(lookup_scan(path, name, uid, &others), 0);
	unlink(path);
	return others;
}

static void
test_scan(void **state)
{
	static const char text[] =
	    "root:x:0:0::/root:/bin/sh\nanne:x:1001:1001::/:/bin/sh\n"
	    "garbage\n\nbob:x:1002:1001::/:/bin/sh\nanna:x:1001:1001::/:/bin/sh\n";

	(void)state;
	assert_int_equal(scan(text, "anne", 1001), 1);
	assert_int_equal(scan(text, "anna", 1001), 1);
	assert_int_equal(scan(text, "carol", 1001), 2);
	assert_int_equal(scan(text, "bob", 1002), 0);
	assert_int_equal(scan(text, "carol", 1003), 0);
	assert_int_equal(scan("", "carol", 1003), 0);
}

static void
test_scan_fails(void **state)
{
	char path[] = "/tmp/test_names.XXXXXX", line[100000];
	size_t others;
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_int_equal(lookup_scan("/nonexistent/passwd", "anne", 1, &others), -ENOENT);
	assert_int_not_equal(lookup_scan("/tmp", "anne", 1, &others), 0);
	/* A line too long to be read might hide the second name. */
	assert_non_null(f);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	fprintf(f, "anna:x:1:1:%s:/:/bin/sh\n", line);
	fclose(f);
	assert_int_not_equal(lookup_scan(path, "anne", 1, &others), 0);
	unlink(path);
}

static void
test_root(void **state)
{
	struct lookup_user user;
	bool is_member;
	gid_t gid;

	(void)state;
	assert_int_equal(lookup_user("root", &user), PROTO_NAME_FOUND);
	assert_int_equal(user.uid, 0);
	assert_true(user.has_one_name);
	assert_int_equal(lookup_member(&user, "root", "root", &is_member), PROTO_NAME_FOUND);
	assert_true(is_member);
	assert_int_equal(
	    lookup_member(&user, "root", "no-such-group", &is_member), PROTO_NAME_FOUND);
	assert_false(is_member);
	lookup_user_free(&user);
	assert_int_equal(lookup_user("no-such-user", &user), PROTO_NAME_ABSENT);
	assert_int_equal(lookup_user("", &user), PROTO_NAME_ABSENT);
	assert_int_equal(lookup_user("root:x", &user), PROTO_NAME_ABSENT);
	assert_int_equal(lookup_user("root\n", &user), PROTO_NAME_ABSENT);
	assert_int_equal(lookup_group("root", NULL, &gid, NULL), PROTO_NAME_FOUND);
	assert_int_equal(gid, 0);
	assert_int_equal(lookup_group("no-such-group", NULL, &gid, NULL), PROTO_NAME_ABSENT);
}

static uint8_t message[2048], answer[ANSWER_MAX];
static struct wire_out question;

static void
ask(uint8_t type, const char *name)
{
	wire_out_init(&question, message, sizeof(message));
	proto_put_header(&question, type, 5);
	wire_put_str(&question, name);
}

/* The enum proto_name of the answer. */
static uint8_t
answered(uint8_t type)
{
	struct proto_header header;
	struct wire_in in;
	size_t len = 0;

	assert_int_equal(answer_message(message, question.len, answer, &len), 0);
	wire_in_init(&in, answer, len);
	assert_int_equal(proto_get_header(&in, &header), 0);
	assert_int_equal(header.type, type);
	assert_int_equal(header.id, 5);
	return wire_get_u8(&in);
}

static void
test_answers(void **state)
{
	char big[300];
	size_t len;

	(void)state;
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ask(PROTO_NAMES_GROUP, "root");
	assert_int_equal(answered(PROTO_NAMED_GROUP), PROTO_NAME_FOUND);
	wire_put_u8(&question, 0); /* left over */
	assert_int_equal(answered(PROTO_NAMED_GROUP), PROTO_NAME_FAILED);
	ask(PROTO_NAMES_GROUP, big);
	assert_int_equal(answered(PROTO_NAMED_GROUP), PROTO_NAME_FAILED);
	ask(PROTO_NAMES_USER, "root");
	assert_int_equal(answered(PROTO_NAMED_USER), PROTO_NAME_FAILED); /* no count */
	wire_put_u16(&question, 2);
	wire_put_str(&question, "root");
	assert_int_equal(answered(PROTO_NAMED_USER), PROTO_NAME_FAILED); /* one missing */
	wire_put_str(&question, "daemon");
	assert_int_equal(answered(PROTO_NAMED_USER), PROTO_NAME_FOUND);
	ask(PROTO_NAMES_USER, "root");
	wire_put_u16(&question, PROTO_GROUPS_MAX + 1);
	assert_int_equal(answered(PROTO_NAMED_USER), PROTO_NAME_FAILED);
	ask(PROTO_NAMED_USER, "root"); /* not a question */
	assert_int_equal(answer_message(message, question.len, answer, &len), -EBADMSG);
	assert_int_equal(answer_message(message, 3, answer, &len), -EBADMSG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_scan),
	    cmocka_unit_test(test_scan_fails),
	    cmocka_unit_test(test_root),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
