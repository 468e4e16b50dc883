/* What doctor reads, and how it says what it found. */
#include "cli/bounded.h"
#include "cli/findings.h"
#include "cli/listeners.h"
#include "cli/sshd_effective.h"
#include "cli/sshd_files.h"
#include "cli/sshd_sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void
effective(void **state)
{
	struct sshd_effective e;
	size_t at = 0;

	(void)state;
	assert_int_equal(
	    sshd_effective_take(&e, strdup("port 22\nUsePAM yes\nacceptenv LANG\n"
					   "warning:\n\nacceptenv LC_*\nsubsystem sftp /x y")),
	    0);
	assert_int_equal(e.count, 5);
	assert_string_equal(sshd_effective_get(&e, "usepam"), "yes");
	assert_string_equal(sshd_effective_get(&e, "subsystem"), "sftp /x y");
	assert_null(sshd_effective_get(&e, "permitopen"));
	assert_string_equal(sshd_effective_next(&e, "acceptenv", &at), "LANG");
	assert_string_equal(sshd_effective_next(&e, "acceptenv", &at), "LC_*");
	assert_null(sshd_effective_next(&e, "acceptenv", &at));
	sshd_effective_free(&e);
	assert_int_equal(sshd_effective_take(&e, strdup("")), 0);
	assert_int_equal(e.count, 0);
	sshd_effective_free(&e);
}

static void
words(void **state)
{
	(void)state;
	assert_true(sshd_effective_has_word("a b,c", "c"));
	assert_true(sshd_effective_has_word("webdev:5900 [/run/x]:*", "[/run/x]:*"));
	assert_false(sshd_effective_has_word("webdev:59000", "webdev:5900"));
	assert_false(sshd_effective_has_word("", "a"));
	assert_int_equal(sshd_effective_words(""), 0);
	assert_int_equal(sshd_effective_words(" a  b c "), 3);
}

static void
spec_is(const char *criteria, const char *wanted, const char *wanted_label)
{
	char spec[512], label[200];

	sshd_sample_spec(criteria, spec, sizeof(spec), label, sizeof(label));
	assert_string_equal(spec, wanted);
	assert_string_equal(label, wanted_label);
}

#define PLAIN(host, addr) "host=" host ",addr=" addr ",laddr=192.0.2.2,lport=22"

static void
specs(void **state)
{
	(void)state;
	spec_is("all", PLAIN("client.invalid", "192.0.2.1"), "");
	spec_is("Group vmusers User a,b", PLAIN("client.invalid", "192.0.2.1"), "");
	spec_is("Address 10.0.0.0/8,!10.1.0.0/16", PLAIN("client.invalid", "10.0.0.0"),
	    "address 10.0.0.0");
	spec_is("User all Address \"!10.2.0.*\"", PLAIN("client.invalid", "10.2.0.1"),
	    "address 10.2.0.1");
	spec_is("host *.lan address=fd00::/8", PLAIN("1.lan", "fd00::"),
	    "host 1.lan, address fd00::");
	spec_is("LocalPort 2022",
	    "host=client.invalid,addr=192.0.2.1,laddr=192.0.2.2,lport=2022", "localport 2022");
	spec_is("Address", PLAIN("client.invalid", "192.0.2.1"), "");
	spec_is("", PLAIN("client.invalid", "192.0.2.1"), "");
}

static void
put(const char *folder, const char *name, const char *text)
{
	char path[300];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, text, folder);
	assert_int_equal(fclose(out), 0);
}

static void
files(void **state)
{
	char folder[] = "/tmp/test_doctor.XXXXXX", path[300], name[300];
	static const char *const names[] = {"main", "10.conf", "20.conf"};
	struct sshd_files f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	put(folder, "main",
	    "# c\nInclude %1$s/[0-9]*.conf\nX11Forwarding=yes\n  AcceptEnv \"LANG\" "
	    "LC_*\nbare\n");
	put(folder, "10.conf",
	    "Match Address 10.0.0.0/8\n\tPermitTunnel yes  \nInclude %1$s/main\n");
	put(folder, "20.conf", "PermitTunnel no\n");
	snprintf(path, sizeof(path), "%s/main", folder);
	assert_int_equal(sshd_files_read(path, &f), 0);
	assert_true(f.file_count > 3 && f.file_count <= 256); /* the loop ends */
	assert_string_equal(sshd_files_find(&f, "permittunnel", "yes")->value, "yes");
	assert_int_equal(sshd_files_find(&f, "permittunnel", "yes")->line, 2);
	assert_non_null(sshd_files_find(&f, "AcceptEnv", "LC_*"));
	assert_non_null(sshd_files_find(&f, "x11forwarding", NULL));
	assert_null(sshd_files_find(&f, "x11forwarding", "no"));
	snprintf(name, sizeof(name), "%s/99.conf", folder);
	assert_true(sshd_files_include(&f, name));
	snprintf(name, sizeof(name), "%s/x.conf", folder);
	assert_false(sshd_files_include(&f, name));
	sshd_files_free(&f);
	assert_int_equal(sshd_files_read("/nonexistent", &f), 0);
	assert_int_equal(f.files[0].mtime_ns, -1);
	sshd_files_free(&f);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void
listening(void **state)
{
	static const char tcp[] = "  sl  local_address rem_address   st tx_queue rx_queue tr "
				  "tm->when retrnsmt   uid\n"
				  "   0: 0100007F:170C 00000000:0000 0A 00000000:00000000 "
				  "00:00000000 00000000  1000 0 "
				  "4711 1 0\n"
				  "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 "
				  "00:00000000 00000000  0 0 8 "
				  "1\n"
				  "   2: 0100007F:170C 0100007F:1234 01 00000000:00000000 "
				  "00:00000000 00000000  0 0 9 "
				  "1\n"
				  "   3: 0100007F:17 00000000:0000 0A x\n";
	static const char tcp6[] = "   0: 00000000000000000000000000000000:170C "
				   "00000000000000000000000000000000:0000 0A "
				   "0:0 00:0 0 0 0 12 1\n"
				   "   1: 0000000000000000FFFF00000100007F:0050 "
				   "00000000000000000000000000000000:0000 0A "
				   "0:0 00:0 0 0 0 13 1\n";
	static const char unix_text[] =
	    "Num RefCount Protocol Flags Type St Inode Path\n"
	    "0000: 00000002 00000000 00010000 0001 01 77 /run/vms/a b.sock\n"
	    "0000: 00000002 00000000 00000000 0001 03 78 /run/vms/c\n"
	    "0000: 00000002 00000000 00010000 0001 01 79 @abstract\n"
	    "0000: 00000002 00000000 00010000 0001 01 80\n";
	struct listeners l = {0};
	char name[200];

	(void)state;
	assert_int_equal(listeners_add_tcp(&l, tcp, false), 0);
	assert_int_equal(listeners_add_tcp(&l, tcp6, true), 0);
	assert_int_equal(listeners_add_unix(&l, unix_text), 0);
	assert_int_equal(l.count, 5);
	assert_string_equal(listener_name(&l.list[0], name, sizeof(name)), "127.0.0.1:5900");
	assert_true(l.list[0].is_loopback && !l.list[0].is_any);
	assert_int_equal(l.list[0].inode, 4711);
	assert_true(l.list[1].is_any && l.list[1].port == 22);
	assert_string_equal(listener_name(&l.list[2], name, sizeof(name)), "[::]:5900");
	assert_true(l.list[2].is_any);
	assert_true(l.list[3].is_loopback && l.list[3].port == 80);
	assert_string_equal(l.list[4].path, "/run/vms/a b.sock");
	listeners_free(&l);
}

static void
quoting(void **state)
{
	char word[64];

	(void)state;
	assert_string_equal(
	    finding_quote(word, sizeof(word), "/etc/pam.d/sshd"), "/etc/pam.d/sshd");
	assert_string_equal(finding_quote(word, sizeof(word), "a b"), "'a b'");
	assert_string_equal(finding_quote(word, sizeof(word), "x'; rm"), "'x'\\''; rm'");
	assert_string_equal(finding_quote(word, sizeof(word), "-rf"), "'-rf'");
	assert_string_equal(finding_quote(word, sizeof(word), ""), "''");
	assert_string_equal(finding_quote(word, 4, "/etc/pam.d"), "");
}

static void
merging(void **state)
{
	struct findings f = {0};
	struct finding *first;

	(void)state;
	first = findings_take(&f, "a", strdup("x is y"));
	finding_user(first, "anne");
	finding_at(first, "/f", 7);
	finding_command(first, "do %d", 1);
	finding_mend(first, "not this");
	assert_ptr_equal(findings_take(&f, "a", strdup("x is y")), first);
	finding_user(first, "maggie");
	assert_ptr_not_equal(findings_take(&f, "b", strdup("x is y")), first);
	assert_int_equal(f.count, 2);
	assert_string_equal(first->users, "anne, maggie");
	assert_string_equal(first->where, "/f:7");
	assert_string_equal(first->mend, "do 1");
	assert_true(first->is_command);
	assert_null(findings_take(&f, "c", NULL));
	assert_true(f.failed);
	finding_user(NULL, "x");
	finding_mend(NULL, "x");
	findings_free(&f);
}

static int
hang(void *arg, int fd)
{
	(void)arg;
	(void)fd;
	sleep(60);
	return 0;
}

static int
flood(void *arg, int fd)
{
	static const char block[4096];

	(void)arg;
	while (write(fd, block, sizeof(block)) > 0)
		;
	return 0;
}

static void
bounds(void **state)
{
	static const char *const echo[] = {
	    "/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
	static const char *const none[] = {"/nonexistent/program", NULL};
	struct bounded out;

	(void)state;
	assert_int_equal(bounded_run(echo, 60000, 1000, &out), 0);
	assert_int_equal(out.status, 3);
	assert_string_equal(out.bytes, "out\nerr\n");
	bounded_free(&out);
	assert_int_equal(bounded_run(none, 60000, 1000, &out), 0);
	assert_int_equal(out.status, 127);
	bounded_free(&out);
	assert_int_equal(bounded_call(hang, NULL, 50, 1000, &out), -ETIMEDOUT);
	assert_null(out.bytes);
	assert_int_equal(bounded_call(flood, NULL, 60000, 100000, &out), -EFBIG);
	assert_null(out.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(effective),
	    cmocka_unit_test(words),
	    cmocka_unit_test(specs),
	    cmocka_unit_test(files),
	    cmocka_unit_test(listening),
	    cmocka_unit_test(quoting),
	    cmocka_unit_test(merging),
	    cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
