/* The readers of the audit file: every change breaks the chain, and nothing that
 * a terminal obeys is shown. */
#include "cli/audit_show.h"
#include "cli/audit_verify.h"
#include "recorder/chain.h"
#include "recorder/line.h"

#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 5

static char path[64], lines[LINES][1024];

static void
fill_record(struct line_record *record, int i)
{
	static const char *const events[LINES] = {"start", "otp", "open", "close", "deny"};

	line_set_text(record, AUDIT_EVENT, events[i]);
	line_set_text(record, AUDIT_USER, "anne");
	if (i < 2)
		return;
	line_set_text(record, AUDIT_VM, "webdev");
	line_set_text(record, AUDIT_RIGHT, "ssh");
	line_set_text(record, AUDIT_VERDICT, i == 4 ? "deny" : "allow");
	line_set_text(record, AUDIT_REASON, i == 4 ? "no \033[2Jgrant" : "granted");
	line_set_text(record, AUDIT_LINE, "vm_mappings:6");
	line_set_number(record, AUDIT_BYTES_UP, 123);
	line_set_number(record, AUDIT_BYTES_DOWN, 5 * 1024 * 1024);
	line_set_number(record, AUDIT_DURATION_MS, 61200);
}

static int
setup(void **state)
{
	struct chain chain;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	snprintf(path, sizeof(path), "/tmp/test_audit.XXXXXX");
	chain_start(&chain);
	for (int i = 0; i < LINES; i++) {
		struct line_frame frame = {.seq = chain.seq + 1,
		    .host = "gw1",
		    .prev = chain.hash,
		    .time = {.tv_sec = 1795255323}};
		struct line_record record = {0};
		size_t len;
		fill_record(&record, i);
		if (line_format(&record, &frame, lines[i], sizeof(lines[i]) - 1, &len) < 0)
			return -1;
		lines[i][len] = '\0';
		chain_go_on(&chain, chain.seq + 1, lines[i], len);
	}
	return close(mkstemp(path));
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void
write_file(int first, int last, const char *more, size_t more_len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (int i = first; i <= last; i++)
		fprintf(f, "%s\n", lines[i]);
	if (more_len > 0)
		assert_int_equal(fwrite(more, 1, more_len, f), more_len);
	fclose(f);
}

static const char *
run(int expect, int (*reader)(const char *, FILE *))
{
	static char text[8192];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	assert_int_equal(reader(path, out), expect);
	fclose(out);
	return text;
}

static int
show(const char *file, FILE *out)
{
	return audit_show(file, false, out);
}

static int
show_json(const char *file, FILE *out)
{
	return audit_show(file, true, out);
}

static void
test_holds(void **state)
{
	const char *text;

	(void)state;
	write_file(0, -1, NULL, 0);
	assert_string_equal(run(0, audit_verify), "0 records\n");
	write_file(0, 4, NULL, 0);
	assert_string_equal(run(0, audit_verify), "5 records, seq 1 to 5, chain holds\n");
	write_file(0, 4, "{\"seq\":6", 8);
	assert_string_equal(run(0, audit_verify), "5 records, seq 1 to 5, chain holds\nand 8 "
						  "bytes of an unfinished line at the end\n");
	write_file(2, 4, NULL, 0);
	text = run(0, audit_verify);
	assert_non_null(strstr(text, "3 records, seq 3 to 5, chain holds\n"));
	assert_non_null(strstr(text, "the hash before seq 3 is taken as given"));
}

static void
breaks_at(int line)
{
	char want[128];

	snprintf(want, sizeof(want), "chain broken at %s:%d", path, line);
	assert_non_null(strstr(run(-EBADMSG, audit_verify), want));
}

/* Each byte of the third of four lines changed, one at a time: never unseen. */
static void
test_each_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(lines[2]); i++) {
		lines[2][i] = (char)(lines[2][i] ^ 1);
		write_file(0, 3, NULL, 0);
		assert_non_null(strstr(run(-EBADMSG, audit_verify), "chain broken at "));
		lines[2][i] = (char)(lines[2][i] ^ 1);
	}
	write_file(0, 3, NULL, 0);
	run(0, audit_verify);
}

static void
test_breaks(void **state)
{
	char saved[sizeof(lines[0])];

	(void)state;
	memcpy(saved, lines[2], sizeof(saved));
	memcpy(lines[2], lines[1], sizeof(saved)); /* doubled */
	write_file(0, 4, NULL, 0);
	breaks_at(3);
	memcpy(lines[2], lines[3], sizeof(saved)); /* left out */
	write_file(0, 2, NULL, 0);
	breaks_at(3);
	memcpy(lines[2], "", 1);
	write_file(0, 4, NULL, 0);
	breaks_at(3);
	memcpy(lines[2], saved, sizeof(saved));
	lines[2][strlen("{\"seq\":")] = '4'; /* numbered as if one were before it */
	write_file(0, 2, NULL, 0);
	breaks_at(3);
	memcpy(lines[2], saved, sizeof(saved));
	write_file(0, 4, "{\"seq\":6}\n", 10);
	breaks_at(6);
	write_file(0, 4, "\0\0\n", 3);
	breaks_at(6);
	write_file(0, 0, lines[0], strlen(lines[0])); /* unfinished, thus not looked at */
	run(0, audit_verify);
	lines[0][strlen(lines[0]) - 3] = '1'; /* the first of all names one before it */
	write_file(0, 0, NULL, 0);
	breaks_at(1);
}

/* --- anchors ------------------------------------------------------------------ */

static char anchor_path[80];

static const char *
anchored(int expect, const char *format, ...)
{
	static char text[4096];
	char *paths[1] = {path};
	const struct audit_files files = {.paths = paths, .count = 1};
	struct anchors anchors;
	FILE *f, *out;
	va_list args;
	int err;

	snprintf(anchor_path, sizeof(anchor_path), "%s.anchor", path);
	f = fopen(anchor_path, "w");
	out = fmemopen(text, sizeof(text), "w");
	assert_true(f != NULL && out != NULL);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
	err = audit_anchor_read(anchor_path, &anchors, out);
	if (err == 0)
		err = audit_verify_all(&files, &anchors, out);
	audit_anchor_free(&anchors);
	fclose(out);
	unlink(anchor_path);
	if (err != expect)
		print_message("%s\n", text);
	assert_int_equal(err, expect);
	return text;
}

/* The hash of a line is the next one's prev. */
static const char *
hash_of(int i)
{
	static char hash[65];

	memcpy(hash, strstr(lines[i + 1], "\"prev\":\"") + 8, 64);
	return hash;
}

static void
test_anchors(void **state)
{
	static const char wrong[] =
	    "%d 00000000000000000000000000000000000000000000000000000000000000aa\n";

	(void)state;
	write_file(0, 4, NULL, 0);
	assert_non_null(
	    strstr(anchored(0, "# kept on gw2\n3 %s\n", hash_of(2)), "1 of 1 anchored"));
	assert_non_null(strstr(anchored(-EBADMSG, wrong, 3), ":3: seq 3"));
	assert_non_null(strstr(anchored(-EBADMSG, wrong, 5), "written anew"));
	assert_non_null(strstr(anchored(-EBADMSG, wrong, 7), "seq 6 to 7 are missing"));
	write_file(2, 4, NULL, 0); /* rotated: its beginning is anchored, too */
	assert_non_null(strstr(anchored(0, "2 %s\n", hash_of(1)), "1 of 1 anchored"));
	assert_non_null(strstr(anchored(-EBADMSG, wrong, 2), "does not follow"));
	assert_non_null(strstr(anchored(0, wrong, 1), "0 of 1 anchored"));
	anchored(-ENODATA, "\n");
	anchored(-EBADMSG, "three %s\n", hash_of(1));
	anchored(-EBADMSG, "3 %s x\n", hash_of(1));
	anchored(-EBADMSG, "3 abc\n");
	anchored(-EBADMSG, "3 %s", hash_of(1)); /* cut short */
	anchored(-EBADMSG, "root:x:0:0\n");
}

/* The journal's form: what root or another account sent is not the recorder's. */
static void
test_journal_anchors(void **state)
{
	static const char entry[] = "{\"_UID\":\"%u\",\"SALLYPORT_SEQ\":\"%d\",\"SALLYPORT_"
				    "HASH\":\"%s\",\"OTHER\":[1,2]}\n";
	const struct passwd *pw = getpwnam("_sallyport-record");
	unsigned int uid = pw != NULL ? pw->pw_uid : 991;

	(void)state;
	write_file(0, 4, NULL, 0);
	assert_non_null(strstr(anchored(0, entry, uid, 3, hash_of(2)), "1 of 1 anchored"));
	anchored(-EBADMSG, entry, uid, 3, hash_of(1));
	anchored(-ENODATA, entry, 0, 3, hash_of(1));
	anchored(-ENODATA, "{\"MESSAGE\":\"x\",\"_UID\":\"%u\"}\n", uid);
	anchored(-EBADMSG, "{\"MESSAGE\":\n");
}

static void
test_long_line(void **state)
{
	const size_t len = 1000000;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	write_file(0, 4, text, len);
	breaks_at(6);
	run(-EMSGSIZE, show);
	free(text);
}

static void
test_show(void **state)
{
	const char *text;

	(void)state;
	write_file(2, 4, NULL, 0);
	text = run(0, show);
	assert_non_null(strstr(text, "Sat 2026-11-21 10:02:03       3  open anne webdev ssh "
				     "allow: granted (vm_mappings:6)"
				     " up 123 B down 5.0 MiB in 1 min 1 s\n"));
	assert_non_null(strstr(text, "deny: no \\x1b[2Jgrant"));
	write_file(0, 0, "\033[2J\n{\"seq\":6}\n", 15);
	text = run(-EBADMSG, show);
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "line 2 is not an audit record\n"));
	assert_non_null(strstr(text, "line 3 is not an audit record\n"));
}

/* Somebody wrote escape sequences into the file by hand. */
static void
test_show_forged(void **state)
{
	char forged[2048];
	const char *text;
	int n = snprintf(forged, sizeof(forged),
	    "{\"seq\":1,\"time\":\"\\u001b[2J\",\"host\":\"\xc2\x9b\",\"event\":"
	    "\"a\\nb\xc2\x9b\",\"prev\":"
	    "\"%064d\"}\n",
	    0);

	(void)state;
	write_file(0, -1, forged, (size_t)n);
	text = run(0, show);
	assert_null(strpbrk(text, "\033\xc2\x9b"));
	assert_non_null(strstr(text, "a\\x0ab\\xc2\\x9b"));
	text = run(-EBADMSG, show_json); /* C1 bytes stand raw in the line */
	assert_null(strpbrk(text, "\033\xc2\x9b"));
	assert_string_equal(text, "{\"no_record_at_line\":1}\n");
}

static void
test_show_json(void **state)
{
	char want[1100];

	(void)state;
	write_file(0, 0, NULL, 0);
	snprintf(want, sizeof(want), "%s\n", lines[0]);
	assert_string_equal(run(0, show_json), want);
}

static void
test_no_file(void **state)
{
	FILE *out = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(audit_verify("/nonexistent/audit.jsonl", out), -ENOENT);
	assert_int_equal(audit_show("/nonexistent/audit.jsonl", false, out), -ENOENT);
	assert_true(audit_verify("/tmp", out) < 0);
	fclose(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_holds, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_each_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_breaks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_anchors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_journal_anchors, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_long_line, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_show, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_show_forged, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_show_json, setup, teardown),
	    cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
