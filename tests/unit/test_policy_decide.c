/* The decision: who, where, what and when, and why not. */
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

/* "YYYY-MM-DD HH:MM" on the wall in Berlin; 2026-11-16 is a Monday. */
static time_t
at(const char *text)
{
	struct tm tm = {.tm_isdst = -1};

	assert_non_null(strptime(text, "%Y-%m-%d %H:%M", &tm));
	return mktime(&tm);
}

#define MONDAY_10 "2026-11-16 10:00"

/* groups: names with blanks between them, or NULL. */
static struct answer
ask_in(const struct policy *policy, const char *user, char *groups, const char *vm,
    const char *right, const char *when)
{
	const char *names[8];
	struct question question = {.user = user, .vm = vm, .right = right, .at = at(when)};
	struct answer answer;

	memset(&answer, 0xff, sizeof(answer));
	while (groups != NULL && *groups != '\0' && question.group_count < 8) {
		char *blank = strchr(groups, ' ');
		names[question.group_count++] = groups;
		if (blank != NULL)
			*blank++ = '\0';
		groups = blank;
	}
	question.groups = names;
	decide(policy, &question, &answer);
	return answer;
}

static struct answer
ask(const struct policy *policy, const char *user, const char *vm, const char *right,
    const char *when)
{
	return ask_in(policy, user, NULL, vm, right, when);
}

static void
expect(const struct answer *answer, enum verdict verdict, const char *reason, const char *line)
{
	assert_string_equal(answer->reason, reason);
	assert_int_equal(answer->verdict, verdict);
	assert_string_equal(answer->line, line);
}

static bool
may(const struct policy *policy, const char *user, const char *vm, const char *right)
{
	return ask(policy, user, vm, right, MONDAY_10).verdict == VERDICT_ALLOW;
}

/* As the design shows it on its first page. */
static void
maggie(void **state)
{
	struct policy *policy =
	    policy_of_grants("# 1\n# 2\n# 3\n# 4\n# 5\n"
			     "maggie   webdev  spice,sftp,ssh\tMon,Tue # hers\n"
			     "anne webdev spice,sftp,ssh Wed,Thu\n");
	struct answer answer = ask(policy, "maggie", "webdev", "spice", "2026-11-18 10:00");

	(void)state;
	expect(&answer, VERDICT_DENY, "no grant covers it", "vm_mappings:6");
	assert_string_equal(answer.text, "maggie webdev spice,sftp,ssh Mon,Tue");
	assert_string_equal(answer.why, "not on Wed");
	assert_int_equal(answer.next_change, at("2026-11-23 00:00"));
	answer = ask(policy, "anne", "webdev", "spice", "2026-11-18 10:02");
	expect(&answer, VERDICT_ALLOW, "granted", "vm_mappings:7");
	assert_int_equal(answer.next_change, at("2026-11-20 00:00"));
	answer = ask(policy, "anne", "webdev", "vnc", "2026-11-18 10:02");
	expect(&answer, VERDICT_DENY, "no grant covers it", "");
	assert_string_equal(answer.text, "");
	assert_int_equal(answer.next_change, 0);
	answer = ask(policy, "bob", "webdev", "spice", "2026-11-18 10:02");
	expect(&answer, VERDICT_DENY, "no grant covers it", "");
	policy_free(policy);
}

static void
why_a_line_does_not_hold(void **state)
{
	static const struct {
		const char *when, *at, *why;
	} cases[] = {
	    {"Mon,Tue", "2026-11-18 10:00", "not on Wed"},
	    {"Mon-Fri 17:00-23:00", "2026-11-18 10:05", "not at 10:05"},
	    {"Fri 22:00-06:00", "2026-11-21 07:00", "not on Sat"},
	    {"08:00-10:00; Sun", "2026-11-18 10:00", "not at 10:00"},
	    {"always since 2026-12-01", "2026-11-30 23:59", "not before 2026-12-01"},
	    {"Mon until 2024-02-29", "2026-11-16 10:00", "not after 2024-02-29"},
	    {"always", "2026-11-16 10:00", ""},
	};
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *policy;
		struct answer answer;

		snprintf(text, sizeof(text), "anne webdev spice %s\n", cases[i].when);
		policy = policy_of_grants(text);
		answer = ask(policy, "anne", "webdev", "spice", cases[i].at);
		assert_string_equal(answer.why, cases[i].why);
		policy_free(policy);
	}
}

static void
reasons(void **state)
{
	struct policy *policy =
	    policy_of_grants("anne * spice,ssh always\nanne host shell always\n");
	struct answer answer = ask(policy, "anne", "nowhere", "spice", MONDAY_10);

	(void)state;
	expect(&answer, VERDICT_DENY, "no such VM", "");
	answer = ask(policy, "anne", "webdev", "ftp", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "bare", "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "books", "vnc:view", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "bare", "usb", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "bare", "sftp", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "webdev", "shell", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "webdev", "run:backup", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "host", "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "host", "run:other", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "host", "backup", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "webdev", "", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such right on this VM", "");
	answer = ask(policy, "anne", "*", "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no such VM", "");
	answer = ask(policy, "", "webdev", "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no question", "");
	answer = ask(policy, NULL, "webdev", "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no question", "");
	answer = ask(policy, "anne", NULL, "spice", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no question", "");
	answer = ask(policy, "anne", "webdev", NULL, MONDAY_10);
	expect(&answer, VERDICT_DENY, "no question", "");
	policy_free(policy);
}

/* {what the line grants, what is asked, whether that is enough} */
static void
implications(void **state)
{
	static const struct {
		const char *line, *right;
		bool ok;
	} cases[] = {
	    {"spice", "spice", true},
	    {"spice", "spice:view", true},
	    {"spice", "spice:full", false},
	    {"spice", "mic", false},
	    {"spice", "takeover", false},
	    {"spice", "vnc", false},
	    {"spice:view", "spice:view", true},
	    {"spice:view", "spice", false},
	    {"spice:view", "usb", false},
	    {"spice:full", "spice", true},
	    {"spice:full", "spice:view", true},
	    {"spice:full", "spice:full", true},
	    {"spice:full", "mic", true},
	    {"spice:full", "usb", true},
	    {"spice:full", "smartcard", true},
	    {"spice:full", "clipboard", true},
	    {"spice:full", "share", true},
	    {"spice:full", "takeover", false},
	    {"spice,mic,usb,smartcard,clipboard,share", "spice:full", true},
	    {"spice,mic,usb,smartcard,clipboard", "spice:full", false},
	    {"spice,usb", "usb", true},
	    {"spice,usb", "mic", false},
	    {"spice,takeover", "takeover", true},
	    {"serial", "serial", true},
	    {"serial", "spice", false},
	    {"vnc", "vnc", true},
	    {"vnc", "vnc:view", true},
	    {"vnc:view", "vnc:view", true},
	    {"vnc:view", "vnc", false},
	    {"sftp", "sftp", true},
	    {"sftp", "sftp:ro", true},
	    {"sftp:ro", "sftp:ro", true},
	    {"sftp:ro", "sftp", false},
	    {"ssh", "ssh", true},
	    {"ssh", "web", false},
	    {"ssh", "SSH", false},
	    {"ssh,web", "web", true},
	    {"spice,vnc,serial,sftp,ssh,web", "shell", false},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *policy;
		snprintf(text, sizeof(text), "anne webdev %s always\n", cases[i].line);
		policy = policy_of_grants(text);
		if (may(policy, "anne", "webdev", cases[i].right) != cases[i].ok)
			fail_msg("%s for %s", cases[i].line, cases[i].right);
		assert_false(may(policy, "bob", "webdev", cases[i].right));
		assert_false(may(policy, "ann", "webdev", cases[i].right));
		assert_false(may(policy, "Anne", "webdev", cases[i].right));
		assert_false(may(policy, "anne", "books", cases[i].right));
		policy_free(policy);
	}
}

/* "*" is every VM and never the host. */
static void
star_and_host(void **state)
{
	struct policy *policy =
	    policy_of_grants("anne * spice,ssh,serial,sftp,vnc,web always\n"
			     "fred host shell Mon\nrob host run:backup always\n");

	(void)state;
	assert_true(may(policy, "anne", "webdev", "spice"));
	assert_true(may(policy, "anne", "books", "spice"));
	assert_true(may(policy, "anne", "bare", "ssh"));
	assert_false(may(policy, "anne", "host", "shell"));
	assert_false(may(policy, "anne", "host", "run:backup"));
	assert_true(may(policy, "fred", "host", "shell"));
	assert_false(may(policy, "fred", "host", "run:backup"));
	assert_false(may(policy, "fred", "webdev", "ssh"));
	assert_true(may(policy, "rob", "host", "run:backup"));
	assert_false(may(policy, "rob", "host", "shell"));
	policy_free(policy);
}

static void
groups(void **state)
{
	struct policy *policy =
	    policy_of_grants("@web\\040team webdev ssh always\n"
			     "@ops bare ssh always\nops webdev web always\n");
	char one[] = "users ops", two[] = "zoo web team", none[] = "";
	const char *with_blank = "web team";
	struct question question = {.user = "anne",
	    .group_count = 1,
	    .vm = "webdev",
	    .right = "ssh",
	    .at = at(MONDAY_10)};
	struct answer answer;

	(void)state;
	assert_int_equal(
	    ask_in(policy, "anne", one, "bare", "ssh", MONDAY_10).verdict, VERDICT_ALLOW);
	assert_int_equal(
	    ask_in(policy, "anne", two, "webdev", "ssh", MONDAY_10).verdict, VERDICT_DENY);
	assert_int_equal(
	    ask_in(policy, "anne", none, "bare", "ssh", MONDAY_10).verdict, VERDICT_DENY);
	/* A user named like a group is not that group, and the other way round. */
	assert_int_equal(ask(policy, "ops", "bare", "ssh", MONDAY_10).verdict, VERDICT_DENY);
	assert_int_equal(ask(policy, "@ops", "bare", "ssh", MONDAY_10).verdict, VERDICT_DENY);
	strncpy(one, "users ops", sizeof(one));
	assert_int_equal(
	    ask_in(policy, "anne", one, "webdev", "web", MONDAY_10).verdict, VERDICT_DENY);
	/* A blank in a group's name is the name's. */
	question.groups = &with_blank;
	decide(policy, &question, &answer);
	assert_int_equal(answer.verdict, VERDICT_ALLOW);
	policy_free(policy);
}

/* Grants add up: of all lines that hold now, whoever they name. */
static void
union_of_lines(void **state)
{
	struct policy *policy = policy_of_grants("anne webdev spice Tue\n"
						 "anne webdev spice,mic,usb Mon 09:00-11:00\n"
						 "@ops * spice,smartcard,clipboard always\n"
						 "anne webdev spice,share Mon 10:00-12:00\n");
	char ops[] = "ops";
	struct answer answer = ask_in(policy, "anne", ops, "webdev", "spice:full", MONDAY_10);

	(void)state;
	expect(&answer, VERDICT_ALLOW, "granted", "vm_mappings:2");
	assert_int_equal(answer.next_change, at("2026-11-16 11:00"));
	answer = ask_in(policy, "anne", ops, "webdev", "spice:full", "2026-11-16 09:30");
	expect(&answer, VERDICT_DENY, "no grant covers it", "vm_mappings:1");
	assert_int_equal(answer.next_change, at("2026-11-16 10:00"));
	answer = ask_in(policy, "anne", ops, "webdev", "spice", MONDAY_10);
	expect(&answer, VERDICT_ALLOW, "granted", "vm_mappings:2");
	assert_int_equal(answer.next_change, 0);
	/* Without the group the whole is never complete. */
	answer = ask(policy, "anne", "webdev", "spice:full", MONDAY_10);
	expect(&answer, VERDICT_DENY, "no grant covers it", "");
	answer = ask(policy, "anne", "webdev", "spice", MONDAY_10);
	assert_int_equal(answer.next_change, at("2026-11-16 12:00"));
	policy_free(policy);
}

static void
next_changes(void **state)
{
	static const struct {
		const char *when, *now, *change; /* "" never */
	} cases[] = {
	    {"always", MONDAY_10, ""},
	    {"00:00-24:00", MONDAY_10, ""},
	    {"Mon-Sun", MONDAY_10, ""},
	    {"Mon", MONDAY_10, "2026-11-17 00:00"},
	    {"Tue-Sun", MONDAY_10, "2026-11-17 00:00"},
	    {"Mon,Tue", "2026-11-18 10:00", "2026-11-23 00:00"},
	    {"Mon-Fri 17:00-23:00", MONDAY_10, "2026-11-16 17:00"},
	    {"Mon-Fri 17:00-23:00", "2026-11-16 17:00", "2026-11-16 23:00"},
	    {"Mon-Fri 17:00-23:00", "2026-11-20 23:00", "2026-11-23 17:00"},
	    {"22:00-24:00; 00:00-02:00", "2026-11-16 23:00", "2026-11-17 02:00"},
	    {"Fri 22:00-06:00", "2026-11-20 23:00", "2026-11-21 06:00"},
	    {"Fri 22:00-06:00", "2026-11-21 06:00", "2026-11-27 22:00"},
	    {"always until 2026-11-20", MONDAY_10, "2026-11-21 00:00"},
	    {"always since 2031-05-05", MONDAY_10, "2031-05-05 00:00"},
	    {"always since 2026-01-01", MONDAY_10, ""},
	    {"always until 2026-11-15", MONDAY_10, ""},
	    {"Mon until 2026-11-20", "2026-11-17 00:00", ""},
	    {"Tue since 2031-05-05", MONDAY_10, "2031-05-06 00:00"},
	    {"Tue since 2026-11-25", MONDAY_10, "2026-12-01 00:00"},
	    {"Tue since 2026-11-30", MONDAY_10, "2026-12-01 00:00"},
	    {"22:00-06:00 until 2026-11-16", "2026-11-16 23:00", "2026-11-17 06:00"},
	    {"22:00-06:00 since 2031-05-05", MONDAY_10, "2031-05-05 22:00"},
	    {"always since 9999-12-31", MONDAY_10, "9999-12-31 00:00"},
	    /* The hour that is skipped, and the one that comes twice. */
	    {"Sun 02:15-02:45", "2026-03-23 10:00", "2026-04-05 02:15"},
	    {"Sun 02:15-02:45", "2026-03-22 10:00", "2026-04-05 02:15"},
	    {"Sun 01:00-02:30", "2026-03-29 01:30", "2026-03-29 03:00"},
	    {"Sun 02:30-04:00", "2026-03-29 01:30", "2026-03-29 03:00"},
	    {"00:00-02:00,03:00-24:00", "2026-03-28 12:00", "2026-03-30 02:00"},
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		time_t expected = *cases[i].change != '\0' ? at(cases[i].change) : 0;
		struct policy *policy;
		snprintf(text, sizeof(text), "anne webdev ssh %s\n", cases[i].when);
		policy = policy_of_grants(text);
		if (ask(policy, "anne", "webdev", "ssh", cases[i].now).next_change != expected)
			fail_msg("%s from %s: %ld", cases[i].when, cases[i].now,
			    (long)ask(policy, "anne", "webdev", "ssh", cases[i].now)
				.next_change);
		policy_free(policy);
	}
}

/* 2026-10-25: from 01:30 half an hour to the first 02:00; at 02:30 it is over; half
 * an hour later it is 02:00 again. */
static void
hour_twice(void **state)
{
	struct policy *policy = policy_of_grants("anne webdev ssh Sun 02:00-02:30\n");
	const time_t first = at("2026-10-25 01:30") + 1800;
	struct question question = {.user = "anne", .vm = "webdev", .right = "ssh"};
	struct answer answer;

	(void)state;
	for (int i = -1; i < 3; i++) {
		question.at = first + i * 1800;
		decide(policy, &question, &answer);
		assert_int_equal(
		    answer.verdict, i == 0 || i == 2 ? VERDICT_ALLOW : VERDICT_DENY);
		assert_int_equal(answer.next_change, question.at + 1800);
	}
	policy_free(policy);
}

/* What is shown of a line is its own words, made fit for a terminal, and bounded. */
static void
cited_words(void **state)
{
	char text[512] = "anne webdev ssh ", long_name[256];
	struct policy *policy = policy_of_grants("d\xc3\xa9 webdev ssh always\n");
	struct answer answer = ask(policy, "d\xc3\xa9", "webdev", "ssh", MONDAY_10);
	struct report report = {0};

	(void)state;
	assert_string_equal(answer.text, "d\\xc3\\xa9 webdev ssh always");
	policy_free(policy);
	for (int i = 0; i < 20; i++)
		strncat(text, "Mon 10:00-11:00; ", 32);
	strncat(text, "Tue\n", 8);
	policy = policy_of_grants(text);
	answer = ask(policy, "anne", "webdev", "ssh", MONDAY_10);
	assert_int_equal(strlen(answer.text), sizeof(answer.text) - 1);
	assert_string_equal(answer.text + sizeof(answer.text) - 4, "...");
	policy_free(policy);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[255] = '\0';
	policy = model_new();
	assert_int_equal(policy_take(policy, MODEL_VMS, "vms.conf", POLICY_VMS, &report), 0);
	assert_int_equal(
	    policy_take(policy, MODEL_GRANTS, long_name, "anne webdev ssh always\n", &report),
	    0);
	assert_int_equal(model_check(policy, &report), 0);
	answer = ask(policy, "anne", "webdev", "ssh", MONDAY_10);
	assert_int_equal(answer.verdict, VERDICT_ALLOW);
	assert_string_equal(answer.line + strlen(answer.line) - 5, "...:1");
	policy_free(policy);
}

/* An empty policy, and one whose every file is empty, denies all. */
static void
nothing_granted(void **state)
{
	struct policy *policy = model_new();

	(void)state;
	assert_false(may(policy, "root", "host", "shell"));
	assert_false(may(policy, "anne", "webdev", "spice"));
	policy_free(policy);
	policy = policy_of_grants("");
	assert_false(may(policy, "root", "host", "shell"));
	assert_false(may(policy, "anne", "webdev", "spice"));
	policy_free(policy);
}

/* Ten thousand lines: a decision stays far below a millisecond. */
static void
many_lines(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct policy *policy;
	struct timespec start, end;
	long ns;

	(void)state;
	for (int i = 0; i < 10000; i++)
		fprintf(f, "user%d webdev spice,ssh Mon-Fri 08:00-18:00\n", i);
	fclose(f);
	policy = policy_of_grants(text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (int i = 0; i < 100; i++)
		assert_true(may(policy, "user9999", "webdev", "ssh"));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ns = (end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec;
	print_message("10000 lines: %ld ns a decision\n", ns / 100);
	assert_true(ns < 100 * 1000000L);
	policy_free(policy);
	free(text);
}

static int
in_berlin(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(maggie),
	    cmocka_unit_test(why_a_line_does_not_hold),
	    cmocka_unit_test(reasons),
	    cmocka_unit_test(implications),
	    cmocka_unit_test(star_and_host),
	    cmocka_unit_test(groups),
	    cmocka_unit_test(union_of_lines),
	    cmocka_unit_test(next_changes),
	    cmocka_unit_test(hour_twice),
	    cmocka_unit_test(cited_words),
	    cmocka_unit_test(nothing_granted),
	    cmocka_unit_test(many_lines),
	};

	return cmocka_run_group_tests(tests, in_berlin, NULL);
}
