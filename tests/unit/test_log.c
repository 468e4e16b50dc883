/* log and report: names of files, times as people write them, filters, halving a
 * file by time, sums. */
#include "cli/audit_files.h"
#include "cli/log_read.h"
#include "cli/summary.h"
#include "lib/audit_name.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1795255323 /* Sat 2026-11-21 10:02:03 UTC */

static char folder[64];

static int
setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	snprintf(folder, sizeof(folder), "/tmp/test_log.XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
teardown(void **state)
{
	struct audit_files files;

	(void)state;
	while (audit_files_find(folder, &files) == 0) {
		for (size_t i = 0; i < files.count; i++)
			unlink(files.paths[i]);
		audit_files_free(&files);
	}
	audit_files_free(&files);
	return rmdir(folder);
}

static void
write_line(FILE *f, int seq, const char *when, const char *more)
{
	fprintf(f,
	    "{\"seq\":%d,\"time\":\"%s.000000Z\",\"host\":\"gw1\",%s,\"prev\":\"%064d\"}\n",
	    seq, when, more, 0);
}

static FILE *
make(const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"audit.jsonl", "audit.jsonl.new",
	    "audit.jsonl-2026-11-21", "audit.jsonl-2026-11-21-1",
	    "audit.jsonl-2026-13-21-000000000001", "audit.jsonl-2026-02-30-000000000001",
	    "audit.jsonl-2026-11-21-000000000000",
	    "audit.jsonl-2026-11-21-99999999999999999999",
	    "audit.jsonl-2026-11-21-000000000001x", "xaudit.jsonl-2026-11-21-000000000001",
	    "audit.jsonl-2026-11-2 -000000000001", ""};
	struct audit_name name = {.day = 20778, .seq = 42}, got;
	char text[AUDIT_NAME_MAX];

	(void)state;
	audit_name_format(&name, text);
	assert_string_equal(text, "audit.jsonl-2026-11-21-000000000042");
	assert_true(audit_name_parse(text, &got));
	assert_int_equal(got.day, name.day);
	assert_int_equal(got.seq, 42);
	assert_true(got.is_plain);
	assert_true(audit_name_parse("audit.jsonl-2026-11-21-000000000042.gz", &got));
	assert_false(got.is_plain);
	name.seq = INT64_MAX;
	audit_name_format(&name, text);
	assert_true(audit_name_parse(text, &got));
	assert_int_equal(got.seq, INT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(audit_name_parse(bad[i], &got));
}

static void
test_files(void **state)
{
	static const char *const names[] = {"audit.jsonl-2026-11-20-000000000900",
	    "audit.jsonl-2026-11-21-000000001000", "audit.jsonl-2099-01-01-000000000100.gz",
	    "audit.jsonl.1", "other", "audit.jsonl"};
	char path[256], second[256];
	struct audit_files files;

	(void)state;
	assert_int_equal(audit_files_find(folder, &files), -ENOENT);
	audit_files_free(&files);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		fclose(make(names[i]));
	/* A rotation is half done: the old file has two names. */
	snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
	snprintf(second, sizeof(second), "%s/audit.jsonl-2026-11-21-000000002000", folder);
	assert_int_equal(link(path, second), 0);
	fclose(make("audit.jsonl.new"));
	assert_int_equal(audit_files_find(folder, &files), 0);
	assert_int_equal(files.count, 4);
	assert_string_equal(strrchr(files.paths[0], '-'), "-000000000100.gz");
	assert_string_equal(strrchr(files.paths[1], '-'), "-000000000900");
	assert_string_equal(strrchr(files.paths[2], '-'), "-000000001000");
	assert_string_equal(strrchr(files.paths[3], '-'), "-000000002000");
	audit_files_free(&files);
	snprintf(path, sizeof(path), "%s/audit.jsonl.new", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/other", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/audit.jsonl.1", folder);
	unlink(path);
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		time_t at;
	} good[] = {{"2h", NOW - 7200}, {"0s", NOW}, {"3d", NOW - 3 * 86400},
	    {"10:00", NOW - 123}, {"9:30", NOW - 1923}, {"today", NOW - 36123},
	    {"yesterday", NOW - 36123 - 86400}, {"2026-11-20", NOW - 36123 - 86400},
	    {"2026-11-20 10:00", NOW - 123 - 86400}};
	static const char *const bad[] = {"", "x", "2026-11-31", "25:00", "Wed 10:00", "-2h",
	    "2026-11-20T10:00", "2h ago", "10", "2026-11-20 "};
	time_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(log_filter_time(good[i].text, NOW, &at), 0);
		assert_int_equal(at, good[i].at);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(log_filter_time(bad[i], NOW, &at) < 0);
}

struct seen {
	int n;
	int64_t first, last;
};

static int
see(void *arg, const struct audit_record *record, const char *line, size_t len)
{
	struct seen *seen = arg;

	(void)line;
	assert_true(len > 0);
	assert_non_null(record);
	if (seen->n++ == 0)
		seen->first = record->seq;
	seen->last = record->seq;
	return 0;
}

static struct seen
look(const struct cli *cli)
{
	struct seen seen = {0};
	struct log_filter filter;
	struct audit_files files;
	const char *path;

	assert_int_equal(log_filter_begin(&filter, cli, NOW), 0);
	assert_int_equal(audit_files_find(folder, &files), 0);
	assert_int_equal(log_read_all(&files, &filter, see, &seen, &path), 0);
	audit_files_free(&files);
	return seen;
}

/* Two files of a record a second each: what is found by halving is what reading
 * all of them finds. */
static void
test_since(void **state)
{
	const time_t begin = NOW - 20000;
	FILE *f = NULL;

	(void)state;
	for (int i = 1; i <= 20000; i++) {
		time_t at = begin + i;
		struct tm tm;
		char when[32];
		if (i == 1)
			f = make("audit.jsonl-2026-11-21-000000000001");
		if (i == 10001) {
			fclose(f);
			f = make("audit.jsonl");
		}
		gmtime_r(&at, &tm);
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
		write_line(f, i, when,
		    i % 2 ? "\"event\":\"open\",\"user\":\"anne\",\"vm\":\"webdev\""
			  : "\"event\":\"deny\",\"user\":\"maggie\",\"verdict\":\"deny\"");
	}
	fclose(f);
	for (int ago = 1; ago < 20000; ago += 371) {
		char since[16];
		snprintf(since, sizeof(since), "%ds", ago);
		struct seen seen = look(&(struct cli){.log.since = since});
		assert_int_equal(seen.n, ago + 1);
		assert_int_equal(seen.first, 20000 - ago);
		assert_int_equal(seen.last, 20000);
	}
	assert_int_equal(look(&(struct cli){.log.until = "100s"}).last, 19899);
	assert_int_equal(look(&(struct cli){.users = {"anne"}, .user_count = 1}).n, 10000);
	assert_int_equal(look(&(struct cli){.log = {.vm = "webdev", .verdict = "deny"}}).n, 0);
	assert_int_equal(look(&(struct cli){.log.verdict = "deny"}).n, 10000);
	assert_int_equal(look(&(struct cli){.log.event = "op"}).n, 0);
}

static void
add_line(struct summary *s, const char *more)
{
	char line[512];
	struct audit_record record;
	int len = snprintf(line, sizeof(line),
	    "{\"seq\":1,\"time\":\"2026-11-21T10:00:00Z\",\"host\":\"gw1\",%s,\"prev\":\"%"
	    "064d\"}",
	    more, 0);

	assert_int_equal(audit_line_parse(line, (size_t)len, &record), 0);
	assert_int_equal(summary_add(s, &record), 0);
	audit_line_free(&record);
}

static void
test_summary(void **state)
{
	struct summary s = {.by = SUMMARY_BY_USER};
	struct rows rows = {0};
	enum summary_by by;

	(void)state;
	assert_int_equal(summary_parse_by("host", &by), -EINVAL);
	add_line(&s, "\"event\":\"session\",\"user\":\"maggie\"");
	add_line(&s, "\"event\":\"session\",\"user\":\"anne\"");
	add_line(&s, "\"event\":\"open\",\"user\":\"anne\",\"verdict\":\"allow\"");
	add_line(&s, "\"event\":\"close\",\"user\":\"anne\",\"bytes_up\":7,\"bytes_down\":9,"
		     "\"duration_ms\":3723999");
	add_line(&s, "\"event\":\"otp\",\"user\":\"anne\",\"verdict\":\"deny\"");
	add_line(&s, "\"event\":\"deny\",\"user\":\"anne\",\"verdict\":\"deny\",\"count\":41");
	add_line(&s, "\"event\":\"deny\",\"uid\":1000,\"verdict\":\"deny\",\"count\":3");
	add_line(&s, "\"event\":\"close\",\"user\":\"anne\",\"bytes_up\":9223372036854775807,"
		     "\"bytes_down\":-5");
	add_line(&s, "\"event\":\"reload\",\"count\":5");
	assert_int_equal(summary_rows(&s, &rows), 0);
	assert_int_equal(rows.count, 3);
	assert_string_equal(rows_value(&rows.rows[0], "user"), "-");
	assert_string_equal(rows_value(&rows.rows[0], "denials"), "3");
	assert_string_equal(rows_value(&rows.rows[1], "logins"), "1");
	assert_string_equal(rows_value(&rows.rows[1], "denials"), "42");
	assert_string_equal(rows_value(&rows.rows[1], "channels"), "1");
	assert_string_equal(rows_value(&rows.rows[1], "bytes_up"), "9223372036854775807");
	assert_string_equal(rows_value(&rows.rows[1], "bytes_down"), "9");
	assert_string_equal(rows_value(&rows.rows[1], "duration"), "1:02:03");
	rows_free(&rows);
	summary_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test_setup_teardown(test_files, setup, teardown),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test_setup_teardown(test_since, setup, teardown),
	    cmocka_unit_test(test_summary),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
