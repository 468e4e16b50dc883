/* The files of a policy: which are read, which are trusted, and that a broken one
 * changes nothing. Runs as root: the files must be root's. */
#include "policy/decide.h"
#include "policy/loading.h"
#include "policy/policy.h"
#include "policy/settings.h"
#include "policy/source.h"
#include "policy/vm.h"
#include "tests/support/policy_text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka needs the above. */
#include <cmocka.h>

static char folder[] = "/tmp/sallyport-policy-XXXXXX";
static char conf[64];

static const char *
path_of(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	FILE *f;

	unlink(path_of(name));
	f = fopen(path_of(name), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), 0644), 0);
}

/* Copies text with "FOLDER" in place of the folder's path. */
static void
shorten(char *to, size_t cap, const char *text)
{
	FILE *f = fmemopen(to, cap, "w");
	const char *at;

	assert_non_null(f);
	for (; (at = strstr(text, folder)) != NULL; text = at + strlen(folder))
		fprintf(f, "%.*sFOLDER", (int)(at - text), text);
	fputs(text, f);
	fclose(f);
}

/* Loads, and compares what is said; NULL when loading fails. */
static struct policy *
load(const char *expected)
{
	struct policy *untouched = (struct policy *)(uintptr_t)&conf, *policy = untouched;
	struct report report = {0};
	char text[8192] = "";
	int err = policy_load(conf, &report, &policy);

	if (report.text != NULL)
		shorten(text, sizeof(text), report.text);
	assert_string_equal(text, expected);
	assert_int_equal(err, report.errors > 0 ? -EINVAL : 0);
	if (err < 0)
		assert_ptr_equal(policy, untouched);
	report_free(&report);
	return err == 0 ? policy : NULL;
}

static int
setup(void **state)
{
	(void)state;
	put("sallyport.conf", POLICY_SETTINGS);
	put("vms.conf", POLICY_VMS);
	put("vm_mappings", "anne webdev ssh always\n");
	put("yubikey_mappings", "anne:cccccbgjhcfk\r\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (const char *const *name = (const char *const[]){"vms.conf.d/a.conf",
		 "vms.conf.d/b.conf", "vms.conf.d/c.txt", "vms.conf.d/.conf",
		 "vms.conf.d/d.conf~", "vm_mappings.d/10-a", "vm_mappings.d/9-b",
		 "vm_mappings.d/.hid", "vm_mappings.d/x~", "sallyport.conf", "vms.conf",
		 "vm_mappings", "yubikey_mappings", NULL};
	     *name != NULL; name++)
		unlink(path_of(*name));
	rmdir(path_of("vm_mappings.d/sub"));
	rmdir(path_of("vms.conf.d"));
	rmdir(path_of("vm_mappings.d"));
	rmdir(path_of("vm_mappings"));
	return 0;
}

static void
good(void **state)
{
	struct policy *policy = load("");
	size_t n;

	(void)state;
	assert_non_null(policy);
	assert_string_equal(policy_settings(policy)->gated, "vmusers");
	assert_int_equal(policy_vm_count(policy), 3);
	assert_int_equal(policy_grant_count(policy), 1);
	assert_string_equal(policy_keys(policy, "anne", &n)[0], "cccccbgjhcfk");
	assert_int_equal(n, 1);
	assert_int_equal(policy_file_count(policy), 4);
	assert_string_equal(policy_file(policy, 0)->path, path_of("sallyport.conf"));
	assert_null(policy_file(policy, 4));
	policy_free(policy);
	policy_free(NULL);
}

static void
mtimes(void **state)
{
	struct timespec times[2] = {{.tv_sec = 1700000000, .tv_nsec = 5}, {1700000000, 5}};
	struct policy *policy;

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, path_of("vm_mappings"), times, 0), 0);
	policy = load("");
	assert_non_null(policy);
	assert_true(policy_file(policy, 2)->mtime_ns == 1700000000000000005);
	policy_free(policy);
}

static void
folders(void **state)
{
	struct policy *policy;
	struct answer answer;
	struct question question = {
	    .user = "bob", .vm = "extra", .right = "ssh", .at = 1800000000};

	(void)state;
	assert_int_equal(mkdir(path_of("vms.conf.d"), 0755), 0);
	assert_int_equal(mkdir(path_of("vm_mappings.d"), 0755), 0);
	put("vms.conf.d/b.conf", "[vm extra]\nservice.ssh = tcp:10.0.0.1:22\n[host]\n"
				 "run.more = /bin/more\n");
	put("vms.conf.d/a.conf", "[vm early]\n");
	put("vms.conf.d/c.txt", "broken");
	put("vms.conf.d/.conf", "broken");
	put("vms.conf.d/d.conf~", "broken");
	put("vm_mappings.d/9-b", "carl extra ssh always\n");
	put("vm_mappings.d/10-a", "# one\nbob extra ssh always\n");
	put("vm_mappings.d/.hid", "broken");
	put("vm_mappings.d/x~", "broken");
	policy = load("");
	assert_non_null(policy);
	assert_int_equal(policy_vm_count(policy), 5);
	assert_string_equal(policy_vm(policy, 3)->name, "early");
	assert_string_equal(policy_vm(policy, 3)->file, "vms.conf.d/a.conf");
	assert_non_null(policy_run_find(policy, "more"));
	assert_non_null(policy_run_find(policy, "backup"));
	assert_string_equal(policy_who(policy, 1), "bob");
	assert_string_equal(policy_who(policy, 2), "carl");
	decide(policy, &question, &answer);
	assert_int_equal(answer.verdict, VERDICT_ALLOW);
	assert_string_equal(answer.line, "vm_mappings.d/10-a:2");
	/* 4 files, 2 folders, 2 and 2 files in them. */
	assert_int_equal(policy_file_count(policy), 10);
	policy_free(policy);
}

static void
across_files(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("vms.conf.d"), 0755), 0);
	assert_int_equal(mkdir(path_of("vm_mappings.d"), 0755), 0);
	put("vms.conf", "[vm a]\naddress = 127.9.0.1\nservice.x = tcp:10.0.0.1:22\n[host]\n"
			"run.a = /bin/a\n");
	put("vms.conf.d/a.conf",
	    "[vm a]\n[vm b]\naddress = 127.9.0.1\n[host]\nrun.a = /bin/b\n");
	put("vms.conf.d/b.conf", "[vm b]\n");
	put("vm_mappings", "anne a x always\n");
	put("vm_mappings.d/9-b", "\nanne  a x\talways\nanne c x always\n");
	assert_null(
	    load("vms.conf.d/a.conf:5: run.a: is declared already\n"
		 "vms.conf.d/a.conf:1: VM 'a' is declared already, in vms.conf:1\n"
		 "vms.conf.d/b.conf:1: VM 'b' is declared already, in vms.conf.d/a.conf:2\n"
		 "vms.conf.d/a.conf:3: address: 127.9.0.1 is the address of VM 'a' already\n"
		 "vm_mappings.d/9-b:3: VM: there is no VM 'c'\n"
		 "vm_mappings.d/9-b:2: warning: the same line as vm_mappings:1"));
}

static void
missing(void **state)
{
	static const char *const names[] = {
	    "sallyport.conf", "vms.conf", "vm_mappings", "yubikey_mappings"};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(unlink(path_of(names[i])), 0);
		snprintf(expected, sizeof(expected),
		    "%s: FOLDER/%s cannot be read: No such file or directory", names[i],
		    names[i]);
		assert_null(load(expected));
		setup(NULL);
	}
}

/* Errors of all files in one run. */
static void
all_files(void **state)
{
	(void)state;
	put("sallyport.conf", "[sallyport]\ngated = @vmusers\ncolour = red\n");
	put("vms.conf", "[vm a]\nspice = unix:\n");
	put("vm_mappings", "anne a ssh never\nbob a ssh always\n");
	put("yubikey_mappings", "anne\n");
	assert_null(load(
	    "sallyport.conf:3: colour: unknown key\n"
	    "vms.conf:2: spice: 'unix:' needs an absolute path of at most 107 bytes, "
	    "without blanks, '.' and '..'\n"
	    "vm_mappings:1: when: 'never' is not a day: write Mon Tue Wed Thu Fri Sat Sun\n"
	    "yubikey_mappings:1: the user 'anne' has no key: a line is USER:PUBLICID\n"
	    "vm_mappings:2: may: 'ssh' is not a right: VM 'a' has no service.ssh"));
}

/* {mode, owner, what is said} */
static void
owner_and_mode(void **state)
{
	static const struct {
		mode_t mode;
		uid_t owner;
		const char *said;
	} cases[] = {
	    {0644, 0, ""},
	    {0600, 0, ""},
	    {0664, 0, "can be written by others than root"},
	    {0646, 0, "can be written by others than root"},
	    {0644, 65534, "is not owned by root"},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy *policy;
		assert_int_equal(chmod(path_of("yubikey_mappings"), cases[i].mode), 0);
		assert_int_equal(chown(path_of("yubikey_mappings"), cases[i].owner, 0), 0);
		snprintf(expected, sizeof(expected),
		    "yubikey_mappings: FOLDER/yubikey_mappings %s", cases[i].said);
		policy = load(*cases[i].said != '\0' ? expected : "");
		assert_int_equal(policy != NULL, *cases[i].said == '\0');
		policy_free(policy);
	}
}

static void
folder_of_others(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder, 0775), 0);
	assert_null(
	    load("sallyport.conf: FOLDER/sallyport.conf lies in a folder that others than "
		 "root can write\n"
		 "vms.conf: FOLDER/vms.conf lies in a folder that others than root can write\n"
		 "vm_mappings: FOLDER/vm_mappings lies in a folder that others than root can "
		 "write\n"
		 "yubikey_mappings: FOLDER/yubikey_mappings lies in a folder that others than "
		 "root can write"));
	assert_int_equal(chmod(folder, 0755), 0);
	policy_free(load(""));
	assert_int_equal(mkdir(path_of("vm_mappings.d"), 0777), 0);
	assert_int_equal(chmod(path_of("vm_mappings.d"), 0777), 0);
	put("vm_mappings.d/9-b", "bob webdev ssh always\n");
	assert_null(
	    load("vm_mappings.d/9-b: FOLDER/vm_mappings.d/9-b lies in a folder that others "
		 "than root can write"));
}

/* Whatever else stands in a file's place is refused, and nothing hangs. */
static void
no_files(void **state)
{
	(void)state;
	assert_int_equal(unlink(path_of("vm_mappings")), 0);
	assert_int_equal(mkfifo(path_of("vm_mappings"), 0644), 0);
	assert_null(load("vm_mappings: FOLDER/vm_mappings is not a regular file"));
	assert_int_equal(unlink(path_of("vm_mappings")), 0);
	assert_int_equal(mkdir(path_of("vm_mappings"), 0755), 0);
	assert_null(load("vm_mappings: FOLDER/vm_mappings is not a regular file"));
	assert_int_equal(rmdir(path_of("vm_mappings")), 0);
	assert_int_equal(symlink("/dev/zero", path_of("vm_mappings")), 0);
	assert_null(load("vm_mappings: FOLDER/vm_mappings is not a regular file"));
	put("vm_mappings", "anne webdev ssh always\n");
	assert_int_equal(mkdir(path_of("vm_mappings.d"), 0755), 0);
	assert_int_equal(mkdir(path_of("vm_mappings.d/sub"), 0755), 0);
	assert_null(load("vm_mappings.d/sub: FOLDER/vm_mappings.d/sub is not a regular file"));
	assert_int_equal(rmdir(path_of("vm_mappings.d/sub")), 0);
	assert_int_equal(rmdir(path_of("vm_mappings.d")), 0);
	put("vm_mappings.d", "");
	assert_null(
	    load("vm_mappings.d: FOLDER/vm_mappings.d cannot be read: Not a directory"));
	assert_int_equal(unlink(path_of("vm_mappings.d")), 0);
}

static void
too_big(void **state)
{
	(void)state;
	assert_int_equal(truncate(path_of("sallyport.conf"), (1 << 20) + 1), 0);
	assert_null(load("sallyport.conf: FOLDER/sallyport.conf has more than 1048576 bytes"));
}

/* A file cut at any byte is broken, unless it was cut at the end of a line. */
static void
cut_anywhere(void **state)
{
	static const char text[] = "anne webdev ssh,spice:view always\n"
				   "bob books spice Mon-Fri 10:00-11:00\n";
	struct report report;
	struct policy *policy;

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		put("vm_mappings", text);
		assert_int_equal(truncate(path_of("vm_mappings"), (off_t)len), 0);
		report = (struct report){0};
		policy = NULL;
		policy_load(conf, &report, &policy);
		assert_int_equal(policy != NULL, len == 0 || text[len - 1] == '\n');
		policy_free(policy);
		report_free(&report);
	}
}

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Thousand loads, good and bad, leave no descriptor behind. */
static void
no_leak(void **state)
{
	int before = count_fds();
	struct report report = {0};
	struct policy *policy;

	(void)state;
	assert_int_equal(mkdir(path_of("vms.conf.d"), 0755), 0);
	put("vms.conf.d/a.conf", "[vm early]\n");
	for (int i = 0; i < 1000; i++) {
		if (i == 500)
			put("vms.conf.d/b.conf", "[vm early]");
		policy = NULL;
		policy_load(conf, &report, &policy);
		assert_int_equal(policy != NULL, i < 500);
		policy_free(policy);
		report_free(&report);
	}
	assert_int_equal(count_fds(), before);
}

/* The environment and where we stand choose no file. */
static void
path_of_conf(void **state)
{
	struct report report = {0};
	struct policy *policy = NULL;
	char long_path[2 * PATH_MAX];

	(void)state;
	assert_int_equal(setenv("HOME", folder, 1), 0);
	assert_int_equal(setenv("XDG_CONFIG_HOME", folder, 1), 0);
	assert_int_equal(policy_load("/nowhere/sallyport.conf", &report, &policy), -EINVAL);
	assert_non_null(strstr(report.text, "vms.conf: /nowhere/vms.conf cannot be read"));
	report_free(&report);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	long_path[sizeof(long_path) - 20] = '/';
	assert_int_equal(policy_load(long_path, &report, &policy), -EINVAL);
	assert_null(policy);
	report_free(&report);
}

static void
report_is_bounded(void **state)
{
	struct report report = {0};

	(void)state;
	for (size_t i = 1; i <= 5000; i++)
		report_error(&report, "file", i, NULL, "%s", "\x1b[31m%n");
	assert_int_equal(report.errors, 5000);
	assert_non_null(strstr(report.text, "file:1000: \\x1b[31m%n"));
	assert_null(strstr(report.text, "file:1001:"));
	assert_null(strchr(report.text, '\x1b'));
	report_free(&report);
	report_free(&report);
}

/* Up to that many steps; how many there were, and what the last one said. */
static size_t
load_steps(size_t most, struct report *report, int *err)
{
	struct policy_loading *loading = policy_loading_new(conf, report);
	struct policy *policy = NULL;
	size_t steps = 0;

	assert_non_null(loading);
	for (*err = 1; *err == 1 && steps < most; steps++)
		*err = policy_loading_step(loading, &policy);
	assert_null(policy);
	policy_loading_free(loading);
	return steps;
}

/* A daemon that reads has others to answer: no step is long, and it may be given up. */
static void
in_slices(void **state)
{
	const size_t lines = 5000;
	char *text = calloc(lines, 64);
	struct report report = {0};
	size_t used = 0;
	int err;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, 64, "u%zu %s ssh always\n", i,
		    i == lines - 2 ? "nowhere" : "webdev");
	put("vm_mappings", text);
	free(text);
	for (size_t most = 1; most < 60; most += 7) {
		assert_int_equal(load_steps(most, &report, &err), most);
		assert_int_equal(err, 1);
		report_free(&report);
	}
	assert_true(load_steps(SIZE_MAX, &report, &err) > 3 * lines / 512);
	assert_int_equal(err, -EINVAL);
	assert_string_equal(report.text, "vm_mappings:4999: VM: there is no VM 'nowhere'");
	report_free(&report);
}

static int
group_setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) != 0)
		return -1;
	snprintf(conf, sizeof(conf), "%s/sallyport.conf", folder);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(good),
	    TEST(mtimes),
	    TEST(folders),
	    TEST(across_files),
	    TEST(missing),
	    TEST(all_files),
	    TEST(owner_and_mode),
	    TEST(folder_of_others),
	    TEST(no_files),
	    TEST(too_big),
	    TEST(cut_anywhere),
	    TEST(no_leak),
	    TEST(path_of_conf),
	    TEST(report_is_bounded),
	    TEST(in_slices),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
