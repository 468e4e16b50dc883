/* vm_mappings: what a line may say, and every complaint with its line. */
#include "policy/rights.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

static struct policy *
build(const char *grants, struct report *report)
{
	const struct policy_texts texts = {POLICY_SETTINGS, POLICY_VMS, grants, NULL};

	return policy_build(&texts, report);
}

static void
complaints(const char *grants, const char *expected)
{
	struct report report;
	struct policy *policy = build(grants, &report);

	assert_string_equal(report.text != NULL ? report.text : "", expected);
	policy_free(policy);
	report_free(&report);
}

/* What is said of a line; "" for nothing. */
static void
complaints_of_line(const char *line, const char *expected)
{
	char text[2048], full[2200] = "";

	snprintf(text, sizeof(text), "# first\n%s\n", line);
	if (*expected != '\0')
		snprintf(full, sizeof(full), "vm_mappings:2: %s", expected);
	complaints(text, full);
}

/* The example of the design, word for word. */
static void
the_example(void **state)
{
	static const char vms[] = "[vm books]\nspice = libvirt:books\nfolder = /srv/books\n"
				  "[vm webdev]\nspice = libvirt:webdev\nfolder = /srv/webdev\n"
				  "service.ssh = tcp:10.0.0.1:22\n[vm wiki]\n"
				  "service.web = tcp:10.0.0.2:80\n";
	static const char grants[] =
	    "# who              VM      may                    when\n"
	    "charlie            books   spice,sftp             always\n"
	    "boss               books   spice:full,takeover    Mon-Fri 17:00-23:00\n"
	    "maggie             webdev  spice,sftp,ssh         Mon,Tue\n"
	    "anne               webdev  spice,sftp,ssh         Wed,Thu\n"
	    "night              books   spice                  Fri 22:00-06:00; Sun until "
	    "2027-03-31\n"
	    "@domain\\040users   wiki    web                    always\n"
	    "fred               host    shell                  always\n";
	const struct policy_texts texts = {POLICY_SETTINGS, vms, grants, NULL};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);

	(void)state;
	assert_null(report.text);
	assert_int_equal(policy_grant_count(policy), 7);
	assert_int_equal(policy_group_count(policy), 1);
	assert_string_equal(policy_group(policy, 0), "domain users");
	assert_null(policy_group(policy, 1));
	assert_int_equal(policy_who_count(policy), 7);
	assert_string_equal(policy_who(policy, 0), "charlie");
	assert_string_equal(policy_who(policy, 5), "@domain users");
	assert_int_equal(policy_who_grants(policy, 5), 1);
	assert_null(policy_who(policy, 7));
	assert_int_equal(policy_who_grants(policy, 7), 0);
	policy_free(policy);
}

static void
words(void **state)
{
	static const char text[] =
	    "   \t\n#x\n \t anne \t webdev\tssh\t \tMon   10:00-11:00 # why\n"
	    "anne webdev web always\n@a books spice always\n"
	    "CORP\\134bob webdev ssh always #\n@a webdev ssh always\n"
	    "o#brien webdev ssh always\nd\\303\\251 webdev ssh always\n"
	    "a@b.org webdev ssh always\n";
	struct report report;
	struct policy *policy = build(text, &report);

	(void)state;
	assert_null(report.text);
	assert_int_equal(policy_grant_count(policy), 8);
	assert_int_equal(policy->grants.grants[0].line, 3);
	assert_string_equal(policy->grants.grants[0].text, "anne webdev ssh Mon 10:00-11:00");
	assert_int_equal(policy_who_count(policy), 6);
	assert_int_equal(policy_who_grants(policy, 0), 2);
	assert_string_equal(policy_who(policy, 1), "@a");
	assert_int_equal(policy_who_grants(policy, 1), 2);
	assert_string_equal(policy_who(policy, 2), "CORP\\bob");
	assert_string_equal(policy_who(policy, 3), "o#brien");
	assert_string_equal(policy_who(policy, 4), "d\xc3\xa9");
	assert_string_equal(policy_who(policy, 5), "a@b.org");
	assert_int_equal(policy_group_count(policy), 1);
	policy_free(policy);
}

#define SHAPE "a line is WHO VM MAY WHEN"
#define NO_OCTAL                                                                               \
	"a backslash needs three octal digits: 040 for a blank, 134 for the backslash itself"
#define HOST_HAS "is not a right on host: there are shell and run:NAME"
#define NEEDS_SPICE                                                                            \
	"may: mic, usb, smartcard, clipboard, share and takeover need spice on the same line"

static void
who_and_vm(void **state)
{
	static const char *const cases[][2] = {
	    {"anne", "has no VM: " SHAPE},
	    {"anne webdev", "has no rights: " SHAPE},
	    {"anne webdev ssh", "has no time, as always: " SHAPE},
	    {"anne webdev ssh # always", "has no time, as always: " SHAPE},
	    {"* webdev ssh always", "who: '*' is neither a user nor a @group"},
	    {"@ webdev ssh always", "who: '@' is neither a user nor a @group"},
	    {"a,b webdev ssh always", "who: 'a,b' is neither a user nor a @group"},
	    {"a:b webdev ssh always", "who: 'a:b' is neither a user nor a @group"},
	    {"../a webdev ssh always", "who: '../a' is neither a user nor a @group"},
	    {"\\100wheel webdev ssh always", "who: '@wheel' is neither a user nor a @group"},
	    {"CORP\\bob webdev ssh always", "who: " NO_OCTAL},
	    {"bob\\04 webdev ssh always", "who: " NO_OCTAL},
	    {"bob\\ webdev ssh always", "who: " NO_OCTAL},
	    {"bob\\089 webdev ssh always", "who: " NO_OCTAL},
	    {"bob\\000 webdev ssh always", "who: the escape 000 is no character for a name"},
	    {"bob\\012 webdev ssh always", "who: the escape 012 is no character for a name"},
	    {"bob\\177 webdev ssh always", "who: the escape 177 is no character for a name"},
	    {"bob\\777 webdev ssh always", "who: the escape 777 is no character for a name"},
	    {"anne wobdev ssh always", "VM: there is no VM 'wobdev'"},
	    {"anne Webdev ssh always", "VM: 'Webdev' is not the name of a VM"},
	    {"anne web* ssh always", "VM: 'web*' is not the name of a VM"},
	    {"anne webdev,books ssh always", "VM: 'webdev,books' is not the name of a VM"},
	    {"anne @all ssh always", "VM: '@all' is not the name of a VM"},
	};
	char line[400], expected[400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints_of_line(cases[i][0], cases[i][1]);
	memset(line, 'a', 256);
	strncpy(line + 256, " webdev ssh always", 100);
	snprintf(
	    expected, sizeof(expected), "who: '%.256s' is neither a user nor a @group", line);
	complaints_of_line(line, expected);
	complaints_of_line(line + 1, "");
}

static void
may(void **state)
{
	static const char *const cases[][2] = {
	    {"anne webdev spice,mic,usb,smartcard,clipboard,share,takeover always", ""},
	    {"anne webdev takeover,spice:full always", ""},
	    {"anne webdev spice:full,mic always", ""},
	    {"anne webdev spice,spice:view,vnc,vnc:view,sftp,sftp:ro,serial,ssh,web always",
		""},
	    {"anne * spice,serial,sftp,ssh,web always", ""},
	    {"fred host shell,run:backup always", ""},
	    {"anne webdev sp\\151ce always", ""},
	    {"anne webdev mic always", NEEDS_SPICE},
	    {"anne webdev usb always", NEEDS_SPICE},
	    {"anne webdev smartcard always", NEEDS_SPICE},
	    {"anne webdev clipboard always", NEEDS_SPICE},
	    {"anne webdev share always", NEEDS_SPICE},
	    {"anne webdev takeover,serial always", NEEDS_SPICE},
	    {"anne webdev spice:view,mic always", NEEDS_SPICE},
	    {"anne webdev spice:view,takeover always", NEEDS_SPICE},
	    {"anne webdev spice,, always",
		"may: a right is empty: write them as a,b,c\n"
		"vm_mappings:2: may: a right is empty: write them as a,b,c"},
	    {"anne webdev ,ssh always", "may: a right is empty: write them as a,b,c"},
	    {"anne webdev spice,spice always", "spice: is there twice"},
	    {"anne webdev ssh,web,ssh always", "ssh: is there twice"},
	    {"anne webdev spice:ful always", "spice:ful: is not a right"},
	    {"anne webdev spice: always", "spice:: is not a right"},
	    {"anne webdev SPICE always", "SPICE: is not a right"},
	    {"anne webdev spicy always",
		"may: 'spicy' is not a right: VM 'webdev' has no service.spicy"},
	    {"anne webdev * always", "*: is not a right"},
	    {"anne webdev full always",
		"may: 'full' is not a right: VM 'webdev' has no service.full"},
	    {"anne bare web always", "may: 'web' is not a right: VM 'bare' has no service.web"},
	    {"anne * ftp always", "may: 'ftp' is not a right: no VM has a service.ftp"},
	    {"anne webdev shell always", "shell: is only for the VM 'host'"},
	    {"anne * shell always", "shell: is only for the VM 'host'"},
	    {"anne webdev run:backup always", "run:backup: is only for the VM 'host'"},
	    {"anne * run:backup always", "run:backup: is only for the VM 'host'"},
	    {"anne webdev run always", "run: is not a right"},
	    {"fred host run always", "run: is not a right"},
	    {"fred host run: always", "run:: '' is not the name of a run.NAME"},
	    {"fred host run:x/y always", "run:x/y: 'x/y' is not the name of a run.NAME"},
	    {"fred host run:other always",
		"may: run:other is not declared: there is no run.other in [host]"},
	    {"fred host spice always", "spice: " HOST_HAS},
	    {"fred host sftp always", "sftp: " HOST_HAS},
	    {"fred host ssh always", "ssh: " HOST_HAS},
	    {"fred host shell,shell always", "shell: is there twice"},
	    {"anne books vnc always", "warning: vnc: VM 'books' has none in vms.conf:9"},
	    {"anne books serial always", "warning: serial: VM 'books' has none in vms.conf:9"},
	    {"anne bare sftp:ro always",
		"warning: sftp: VM 'bare' has no folder in vms.conf:12"},
	    {"anne bare spice:view always",
		"warning: spice: VM 'bare' has none in vms.conf:12"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints_of_line(cases[i][0], cases[i][1]);
}

static void
all_at_once(void **state)
{
	(void)state;
	complaints("* Web spicy: never\n"             /* 1: the rights wait for the VM */
		   "anne webdev ssh always\n"         /* 2 */
		   "anne  webdev\tssh always # two\n" /* 3 */
		   "bob nowhere ssh always\n"         /* 4 */
		   "bob webdev usb,x: 25:00-26:00\n"  /* 5 */
		   "bob\n",                           /* 6 */
	    "vm_mappings:1: who: '*' is neither a user nor a @group\n"
	    "vm_mappings:1: VM: 'Web' is not the name of a VM\n"
	    "vm_mappings:1: when: 'never' is not a day: write Mon Tue Wed Thu Fri Sat Sun\n"
	    "vm_mappings:5: x:: is not a right\n"
	    "vm_mappings:5: when: '25:00-26:00' is not a range of times: write HH:MM-HH:MM\n"
	    "vm_mappings:6: has no VM: a line is WHO VM MAY WHEN\n"
	    "vm_mappings:4: VM: there is no VM 'nowhere'\n"
	    "vm_mappings:3: warning: the same line as vm_mappings:2");
}

/* A file cut in the middle of a word would grant more than it said. */
static void
cut_short(void **state)
{
	(void)state;
	complaints("anne webdev spice:view always",
	    "vm_mappings:1: the last line has no newline: the file may have been cut short");
	complaints("anne webdev ssh always\nanne webdev spice",
	    "vm_mappings:2: the last line has no newline: the file may have been cut short\n"
	    "vm_mappings:2: has no time, as always: a line is WHO VM MAY WHEN");
	complaints("# only this",
	    "vm_mappings:1: the last line has no newline: the file may have "
	    "been cut short");
	complaints("", "");
	complaints("\n", "");
}

static void
odd_bytes(void **state)
{
	static const char with_nul[] = "anne webdev ssh always\0\nbob webdev ssh always\n";
	struct report report = {0};

	(void)state;
	complaints("\xef\xbb\xbf"
		   "anne webdev ssh always\n",
	    "vm_mappings:1: begins with a byte-order mark: use plain UTF-8");
	complaints("\xff\xfe"
		   "anne webdev ssh always\n",
	    "vm_mappings:1: begins with a byte-order mark: use plain UTF-8");
	complaints("anne webdev ssh always\r\n",
	    "vm_mappings:1: the line ends in CR LF: use plain newlines\n"
	    "vm_mappings:1: when: 'always\\x0d' is not a day: write Mon Tue Wed Thu Fri Sat "
	    "Sun");
	complaints("anne\x07 webdev ssh always\n",
	    "vm_mappings:1: the line holds a control character");
	assert_false(source_check("f", with_nul, sizeof(with_nul) - 1, false, &report));
	assert_string_equal(report.text, "f:1: the line holds a NUL byte");
	report_free(&report);
}

/* Lines of any length stay one line: the tail of a long one is no new entry. */
static void
long_lines(void **state)
{
	(void)state;
	for (size_t pad = 1000; pad < 70000; pad += pad < 1050 ? 1 : 16383) {
		char *text = malloc(pad + 64);
		struct report report;
		struct policy *policy;

		memset(text, ' ', pad);
		strncpy(text, "anne webdev ssh always #", 25);
		text[24] = 'x';
		strncpy(text + pad, "root webdev ssh always\n", 40);
		policy = build(text, &report);
		assert_null(report.text);
		assert_int_equal(policy_grant_count(policy), 1);
		assert_int_equal(policy_who_count(policy), 1);
		assert_string_equal(policy_who(policy, 0), "anne");
		policy_free(policy);
		free(text);
	}
}

static void
too_many_groups(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct report report;
	struct policy *policy;

	(void)state;
	for (int i = 0; i < 513; i++)
		fprintf(f, "@g%d webdev ssh always\nuser%d webdev ssh always\n", i, i);
	fclose(f);
	policy = build(text, &report);
	assert_string_equal(report.text,
	    "vm_mappings:1023: who: one group too many: at most 511\n"
	    "vm_mappings:1025: who: one group too many: at most 511");
	assert_int_equal(policy_group_count(policy), 511);
	assert_string_equal(policy_group(policy, 510), "g510");
	assert_int_equal(policy_who_count(policy), 511 + 513);
	policy_free(policy);
	report_free(&report);
	free(text);
}

static void
the_words(void **state)
{
	(void)state;
	assert_int_equal(rights_needed("ssh"), 0);
	assert_int_equal(rights_given(""), 0);
	assert_int_equal(rights_word("nothing"), 0);
	assert_int_equal(rights_needed("spice:full"), RIGHT_SPICE | RIGHTS_SPICE_EXTRA);
	assert_int_equal(rights_given("vnc"), RIGHT_VNC | RIGHT_VNC_VIEW);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example),
	    cmocka_unit_test(words),
	    cmocka_unit_test(who_and_vm),
	    cmocka_unit_test(may),
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(cut_short),
	    cmocka_unit_test(odd_bytes),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(too_many_groups),
	    cmocka_unit_test(the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
