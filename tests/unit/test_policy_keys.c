/* yubikey_mappings: pam_yubico's format, read strictly, and fast. */
#include "lib/proto.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka needs the above. */
#include <cmocka.h>

static struct policy *
build(const char *keys, struct report *report)
{
	const struct policy_texts texts = {NULL, NULL, NULL, keys};

	return policy_build(&texts, report);
}

static void
complaints(const char *keys, const char *expected)
{
	struct report report;
	struct policy *policy = build(keys, &report);

	assert_string_equal(report.text != NULL ? report.text : "", expected);
	policy_free(policy);
	report_free(&report);
}

/* The user's keys, joined by blanks. */
static void
expect_keys(const struct policy *policy, const char *user, const char *expected)
{
	char text[1024] = "";
	size_t n = 99;
	const char *const *ids = policy_keys(policy, user, &n);

	for (size_t i = 0; i < n; i++) {
		strncat(text, i > 0 ? " " : "", 2);
		strncat(text, ids[i], 64);
	}
	assert_string_equal(text, expected);
}

#define A "cccccbgjhcfk"
#define B "ccccccnjbrhd"
#define C "vvcccceutlnb"

static void
good_lines(void **state)
{
	static const char text[] = "# whose keys\n"
				   "\n"
				   "anne:" A "\n"
				   "  bob\t: " B " : VVCCCCEUTLNB \r\n"
				   "\t# indented\n"
				   "   \r\n"
				   "long name:cc\n"
				   "CORP\\dora:cbdefghijklnrtuvcbdefghijklnrtuv\n"
				   "anne:bb\n";
	struct report report;
	struct policy *policy = build(text, &report);
	size_t n = 1;

	(void)state;
	assert_null(report.text);
	expect_keys(policy, "anne", A " bb");
	expect_keys(policy, "bob", B " " C);
	expect_keys(policy, "long name", "cc");
	expect_keys(policy, "CORP\\dora", "cbdefghijklnrtuvcbdefghijklnrtuv");
	expect_keys(policy, "Anne", "");
	expect_keys(policy, "ann", "");
	expect_keys(policy, "", "");
	assert_null(policy_keys(policy, "nobody", &n));
	assert_int_equal(n, 0);
	policy_free(policy);
	complaints("", "");
	complaints("\n\n", "");
}

#define F      "yubikey_mappings:1: "
#define MODHEX " is not modhex (cbdefghijklnrtuv)"
#define EVEN   " has not an even number of characters up to 32"
#define ONE    " is not the name of one user"
#define NO_KEY " has no key: a line is USER:PUBLICID"

static void
bad_lines(void **state)
{
	static const char *const cases[][2] = {
	    {"anne\n", F "the user 'anne'" NO_KEY},
	    {"anne:\n", F "anne: the public id '' is empty"},
	    {"anne::" A "\n", F "anne: the public id '' is empty"},
	    {"anne:" A ":\n", F "anne: the public id '' is empty"},
	    {":" A "\n", F "the user '' is empty"},
	    {":anne:" A "\n", F "the user '' is empty"},
	    {":\n", F "the user '' is empty"},
	    {"*:" A "\n", F "the user '*'" ONE},
	    {"@staff:" A "\n", F "the user '@staff'" ONE},
	    {"a,b:" A "\n", F "the user 'a,b'" ONE},
	    {"../a:" A "\n", F "the user '../a'" ONE},
	    {"a\tb:" A "\n", F "the user 'a\\x09b'" ONE},
	    {"anne:cccccatsdogs\n", F "anne: the public id 'cccccatsdogs'" MODHEX},
	    {"anne:ccc\n", F "anne: the public id 'ccc'" EVEN},
	    {"anne:c\n", F "anne: the public id 'c'" EVEN},
	    {"anne:cbdefghijklnrtuvcbdefghijklnrtuvcc\n",
		F "anne: the public id 'cbdefghijklnrtuvcbdefghijklnrtuvcc'" EVEN},
	    {"anne:" A "," B "\n", F "anne: the public id '" A "," B "'" MODHEX},
	    {"anne:" A " " B "\n", F "anne: the public id '" A " " B "'" MODHEX},
	    {"anne:" A " # hers\n", F "anne: the public id '" A " # hers'" MODHEX},
	    {"anne:cccccc%s%n\n", F "anne: the public id 'cccccc%s%n'" MODHEX},
	    {"anne " A "\n", F "the user 'anne " A "'" NO_KEY},
	    {"anne:" A, F "the last line has no newline: the file may have been cut short"},
	    {"anne:\r" A "\n", F "the line holds a control character\n" F
				 "anne: the public id '\\x0d" A "'" MODHEX},
	    {"\xef\xbb\xbf"
	     "anne:" A "\n",
		F "begins with a byte-order mark: use plain UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints(cases[i][0], cases[i][1]);
}

static void
doubles(void **state)
{
	struct report report;
	struct policy *policy;

	(void)state;
	complaints("anne:" A "\nbob:" A "\n",
	    "yubikey_mappings:2: bob: key " A " is that of 'anne' already, in line 1");
	complaints("anne:" A "\n\nbob:CCCCCBGJHCFK\n",
	    "yubikey_mappings:3: bob: key " A " is that of 'anne' already, in line 1");
	policy = build("anne:" A ":" B "\nanne:" C ":" A "\n", &report);
	assert_int_equal(report.errors, 0);
	assert_string_equal(report.text,
	    "yubikey_mappings:2: warning: anne: key " A " is there twice, first in line 1");
	expect_keys(policy, "anne", A " " B " " C);
	policy_free(policy);
	report_free(&report);
	/* A longer id is another key, not a match of its beginning. */
	complaints("anne:" A "\nbob:" A "cccc\n", "");
}

static void
all_at_once(void **state)
{
	(void)state;
	complaints("anne\nbob:xx\nbob:c\n*:cc\nok:" A "\nother:" A "\n",
	    "yubikey_mappings:1: the user 'anne'" NO_KEY "\n"
	    "yubikey_mappings:2: bob: the public id 'xx'" MODHEX "\n"
	    "yubikey_mappings:3: bob: the public id 'c'" EVEN "\n"
	    "yubikey_mappings:4: the user '*'" ONE "\n"
	    "yubikey_mappings:6: other: key " A " is that of 'ok' already, in line 5");
}

/* A public id for each number. */
static void
print_id(FILE *f, unsigned int n)
{
	fputs("cccc", f);
	for (int shift = 28; shift >= 0; shift -= 4)
		fputc("cbdefghijklnrtuv"[n >> shift & 15], f);
}

/* Lines of any length; 64 keys are taken, the 65th is not. */
static void
long_lines(void **state)
{
	(void)state;
	for (unsigned int keys = 60; keys < 70; keys++) {
		char *text = NULL;
		size_t len, n;
		FILE *f = open_memstream(&text, &len);
		struct report report;
		struct policy *policy;

		fputs("anne", f);
		for (unsigned int i = 0; i < keys; i++) {
			fputc(':', f);
			/* White space that moves the rest over every border of a buffer. */
			fprintf(f, "%*s", (int)(keys % 13) + (i == 30 ? 1023 : 0), "");
			print_id(f, i);
		}
		fputc('\n', f);
		fclose(f);
		policy = build(text, &report);
		assert_int_equal(
		    report.errors, keys > PROTO_KEYS_MAX ? keys - PROTO_KEYS_MAX : 0);
		if (report.errors > 0)
			assert_non_null(strstr(report.text, "anne: has more than 64 keys"));
		policy_keys(policy, "anne", &n);
		assert_int_equal(n, keys > PROTO_KEYS_MAX ? PROTO_KEYS_MAX : keys);
		assert_int_equal(policy->keys.user_count, 1);
		policy_free(policy);
		report_free(&report);
		free(text);
	}
}

/* What stands behind the 1023rd byte of a line is no entry of its own. */
static void
no_entry_from_a_tail(void **state)
{
	(void)state;
	for (int pad = 1000; pad < 1040; pad++) {
		char text[2048];
		struct report report;
		struct policy *policy;

		snprintf(text, sizeof(text), "#%*sroot:%s\nanne:%s\n", pad, "", A, B);
		policy = build(text, &report);
		assert_null(report.text);
		expect_keys(policy, "root", "");
		expect_keys(policy, "anne", B);
		policy_free(policy);
	}
}

static void
long_name(void **state)
{
	char text[512];

	(void)state;
	memset(text, 'a', 256);
	strncpy(text + 255, ":" A "\n", 64);
	complaints(text, "");
	memset(text, 'a', 256);
	strncpy(text + 256, ":" A "\n", 64);
	{
		struct report report;
		struct policy *policy = build(text, &report);
		assert_int_equal(report.errors, 1);
		assert_non_null(strstr(report.text, "' is too long"));
		policy_free(policy);
		report_free(&report);
	}
}

enum { MILLION = 1000000 };

/* The sanitizers' own time and memory are not ours. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

static char *
million_lines(size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	for (unsigned int i = 0; i < MILLION; i++) {
		fprintf(f, "user%07u:", i);
		print_id(f, i);
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

/* In a process of its own, so that its memory can be told from this one's: 0 for
 * fast and small, else the number of what was not. */
static int
load_million(const char *path, long *ms, long *kib)
{
	struct timespec start, end;
	struct report report = {0};
	struct rusage before, after;
	struct keys keys;
	const struct source source = {
	    .path = path, .file = "keys", .max = 256 << 20, .crlf_ok = true};
	long long mtime;
	char *text;
	size_t len;

	getrusage(RUSAGE_SELF, &before);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	if (source_read(&source, &report, &text, &len, &mtime) != 0 ||
	    keys_parse_take(&keys, "keys", text, len, &report) != 0 || report.errors > 0)
		return 1;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	getrusage(RUSAGE_SELF, &after);
	*ms = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
	*kib = after.ru_maxrss - before.ru_maxrss;
	for (unsigned int i = 0; i < MILLION; i += 99) {
		char name[32];
		snprintf(name, sizeof(name), "user%07u", i);
		const struct keys_user *user = keys_find(&keys, name);
		if (user == NULL || user->count != 1 || strlen(user->ids[0]) != 12)
			return 2;
	}
	if (keys.id_count != MILLION || keys_find(&keys, "user1000000") != NULL)
		return 3;
	keys_free(&keys);
	return 0;
}

static int
report_million(const char *path)
{
	long ms = 0, kib = 0;
	int fault = load_million(path, &ms, &kib);

	printf("a million keys: %ld ms, %ld MiB\n", ms, kib / 1024);
	fflush(stdout);
	if (fault != 0 || IS_SANITIZED)
		return fault;
	return kib >= 150 * 1024 ? 4
	       : ms >= 10000     ? 5
				 : 0; /* under a second where it is fast */
}

static void
a_million(void **state)
{
	char path[] = "/tmp/sallyport-keys-XXXXXX";
	int fd = mkstemp(path), status = -1;
	size_t len;
	char *text = million_lines(&len);
	pid_t child;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	free(text);
	close(fd);
	child = fork();
	if (child == 0)
		_exit(report_million(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(path);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_lines),
	    cmocka_unit_test(bad_lines),
	    cmocka_unit_test(doubles),
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(no_entry_from_a_tail),
	    cmocka_unit_test(long_name),
	    cmocka_unit_test(a_million),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
