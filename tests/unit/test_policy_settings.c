/* sallyport.conf: every key, its default, its bounds, and every complaint. */
#include "policy/settings_key.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

/* What is said about a text; the caller frees the settings. */
static struct settings
parse(const char *text, struct report *report)
{
	struct settings settings;

	*report = (struct report){0};
	assert_int_equal(
	    settings_parse("sallyport.conf", text, strlen(text), report, &settings), 0);
	return settings;
}

static void
complaints(const char *text, const char *expected)
{
	struct report report;
	struct settings settings = parse(text, &report);

	assert_string_equal(report.text != NULL ? report.text : "", expected);
	settings_free(&settings);
	report_free(&report);
}

/* The complaints about one line below a good "gated" line. */
static void
complaints_of_line(const char *line, const char *expected)
{
	char text[8192], full[8400] = "";

	snprintf(text, sizeof(text), "[sallyport]\ngated = @vmusers\n%s\n", line);
	if (*expected != '\0')
		snprintf(full, sizeof(full), "sallyport.conf:3: %s", expected);
	complaints(text, full);
}

static void
defaults(void **state)
{
	struct report report;
	struct settings s = parse("[sallyport]\ngated = @vmusers\n", &report);
	char text[512];

	(void)state;
	assert_int_equal(report.errors, 0);
	assert_string_equal(s.gated, "vmusers");
	assert_false(s.gate_root);
	assert_int_equal(s.otp, SETTINGS_OTP_PAM);
	assert_int_equal(s.sshd_count, 3);
	assert_string_equal(s.sshd[2], "/usr/libexec/sshd-session");
	assert_int_equal(s.backend_user_count, 0);
	assert_string_equal(s.store_key, "/etc/sallyport/store.key");
	assert_int_equal(s.prompt_timeout_s, 90);
	assert_int_equal(s.verify_timeout_ms, 5000);
	assert_int_equal(s.names_timeout_ms, 2000);
	assert_int_equal(s.record_timeout_ms, 5000);
	assert_int_equal(s.connect_timeout_ms, 3000);
	assert_int_equal(s.nss_recheck_s, 60);
	assert_int_equal(s.max_channels, 256);
	assert_int_equal(s.max_prompts, 16);
	assert_int_equal(s.channel_idle_s, 0);
	for (size_t i = 0; i < settings_key_count(); i++) {
		const struct settings_key *key = settings_key(i);
		settings_value(&s, i, text, sizeof(text));
		assert_string_equal(text, key->fallback != NULL ? key->fallback : "@vmusers");
		assert_true(strlen(key->meaning) > 10);
	}
	assert_null(settings_key(settings_key_count()));
	settings_value(&s, settings_key_count(), text, sizeof(text));
	assert_string_equal(text, "");
	settings_free(&s);
	settings_free(&s);
}

static void
every_key(void **state)
{
	static const char text[] = "# whole\n[sallyport]\n"
				   "gated\t=\t@kvm-users   # the group\n"
				   "gate_root = yes\n  otp=shell\n"
				   "sshd = /opt/sshd/sbin/sshd\n"
				   "backend_uid = libvirt-qemu 64055  root\n"
				   "store_key = /root/key\nprompt_timeout = 2m\n"
				   "verify_timeout = 1500ms\nnames_timeout = 1s\n"
				   "record_timeout = 100ms\nconnect_timeout = 1m\n"
				   "nss_recheck = 1d\nmax_channels = 1\n"
				   "max_prompts = 1024\n; also a comment\nchannel_idle = 8h\n";
	struct report report;
	struct settings s = parse(text, &report);

	(void)state;
	assert_null(report.text);
	assert_string_equal(s.gated, "kvm-users");
	assert_true(s.gate_root);
	assert_int_equal(s.otp, SETTINGS_OTP_SHELL);
	assert_int_equal(s.sshd_count, 1);
	assert_int_equal(s.backend_user_count, 3);
	assert_string_equal(s.backend_users[1], "64055");
	assert_int_equal(s.prompt_timeout_s, 120);
	assert_int_equal(s.verify_timeout_ms, 1500);
	assert_int_equal(s.connect_timeout_ms, 60000);
	assert_int_equal(s.nss_recheck_s, 86400);
	assert_int_equal(s.max_channels, 1);
	assert_int_equal(s.channel_idle_s, 28800);
	settings_free(&s);
}

static void
bad_values(void **state)
{
	static const char *const cases[][2] = {
	    {"colour = red", "colour: unknown key"},
	    {"Otp = pam", "Otp: unknown key"},
	    {"GATED = @others", "GATED: unknown key"},
	    {"gated = @others", "gated: is given twice in this section"},
	    {"otp", "otp: is no \"key = value\" line"},
	    {"otp shell", "otp: is no \"key = value\" line"},
	    {"= shell", "has no key before '='"},
	    {"ot!p = pam", "the key is not of letters, digits, '.', '_', '-'"},
	    {"otp = both", "otp: 'both' is neither pam nor shell"},
	    {"otp =", "otp: '' is neither pam nor shell"},
	    {"otp = PAM", "otp: 'PAM' is neither pam nor shell"},
	    {"gate_root = true", "gate_root: 'true' is neither no nor yes"},
	    {"gate_root = 1", "gate_root: '1' is neither no nor yes"},
	    {"sshd =", "sshd: is empty"},
	    {"sshd = sshd",
		"sshd: 'sshd' is not an absolute path\nsallyport.conf:3: sshd: is empty"},
	    {"sshd = /usr/sbin/../x /a", "sshd: '/usr/sbin/../x' is not an absolute path"},
	    {"sshd = /a /a", "sshd: '/a' is there twice"},
	    {"sshd = /1 /2 /3 /4 /5 /6 /7 /8 /9 /10 /11 /12 /13 /14 /15 /16 /17",
		"sshd: has more than 16 words"},
	    {"backend_uid = 4294967295", "backend_uid: '4294967295' is not a uid"},
	    {"backend_uid = 99999999999999999999",
		"backend_uid: '99999999999999999999' is not a uid"},
	    {"backend_uid = @kvm", "backend_uid: '@kvm' is not a user's name or uid"},
	    {"backend_uid = a,b", "backend_uid: 'a,b' is not a user's name or uid"},
	    {"backend_uid = -1", "backend_uid: '-1' is not a user's name or uid"},
	    {"backend_uid =", ""},
	    {"store_key = store.key", "store_key: 'store.key' is not an absolute path"},
	    {"store_key =", "store_key: '' is not an absolute path"},
	    {"prompt_timeout = 90",
		"prompt_timeout: '90' is not a time: write a number and ms, s, m, h or d"},
	    {"prompt_timeout = 90 s",
		"prompt_timeout: '90 s' is not a time: write a number and ms, s, m, h or d"},
	    {"prompt_timeout = -5s",
		"prompt_timeout: '-5s' is not a time: write a number and ms, s, m, h or d"},
	    {"prompt_timeout = 1.5m",
		"prompt_timeout: '1.5m' is not a time: write a number and ms, s, m, h or d"},
	    {"prompt_timeout = 5500ms",
		"prompt_timeout: 5500ms is not a whole number of seconds"},
	    {"prompt_timeout = 4s", "prompt_timeout: 4s is not between 5s and 600s"},
	    {"prompt_timeout = 601s", "prompt_timeout: 601s is not between 5s and 600s"},
	    {"prompt_timeout = 999999999999999d",
		"prompt_timeout: 999999999999999d is not between 5s and 600s"},
	    {"verify_timeout = 99ms", "verify_timeout: 99ms is not between 100ms and 60s"},
	    {"max_channels = 0", "max_channels: 0 is not between 1 and 65536"},
	    {"max_channels = 65537", "max_channels: 65537 is not between 1 and 65536"},
	    {"max_channels = 10s", "max_channels: '10s' is not a number"},
	    {"max_channels = 0x10", "max_channels: '0x10' is not a number"},
	    {"max_channels = +1", "max_channels: '+1' is not a number"},
	    {"channel_idle = never",
		"channel_idle: 'never' is not a time: write a number and ms, s, m, h or d"},
	    {"channel_idle = 31d", ""},
	    {"channel_idle = 32d", "channel_idle: 32d is not between 0s and 2678400s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		complaints_of_line(cases[i][0], cases[i][1]);
}

static void
bad_gated(void **state)
{
	static const char *const bad[] = {"vmusers", "@", "@a b", "@a,b", "", "@@a", "@a:b"};
	char text[128], expected[160];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "[sallyport]\ngated = %s\n", bad[i]);
		snprintf(expected, sizeof(expected),
		    "sallyport.conf:2: gated: '%s' is not a group: write @group", bad[i]);
		complaints(text, expected);
	}
	complaints("", "sallyport.conf: gated: is required: there is no default");
	complaints("[sallyport]\n", "sallyport.conf: gated: is required: there is no default");
	complaints("[sallyport]\n#gated = @vmusers\n",
	    "sallyport.conf: gated: is required: there is no default");
}

/* A text that is wrong in many ways: all are said in one run, each with its line. */
static void
all_at_once(void **state)
{
	(void)state;
	complaints("otp = pam\n"        /* 1 */
		   "[sallyport]\n"      /* 2 */
		   "gated = @vmusers\n" /* 3 */
		   "otp = neither\n"    /* 4 */
		   "what is this\n"     /* 5 */
		   "max_prompts = 0\n"  /* 6 */
		   "otp = pam\n"        /* 7 */
		   "colour = red\n"     /* 8 */
		   "[extra]\n"          /* 9 */
		   "x = 1\n"            /* 10 */
		   "[sallyport]\n"      /* 11 */
		   "[broken\n"          /* 12 */
		   "[]\n"               /* 13 */
		   "[a!b]\n"            /* 14 */
		   "[trailing] x\n",    /* 15 */
	    "sallyport.conf:1: stands before the first [section]\n"
	    "sallyport.conf:5: what: is no \"key = value\" line\n"
	    "sallyport.conf:7: otp: is given twice in this section\n"
	    "sallyport.conf:11: section [sallyport] is there twice, first in line 2\n"
	    "sallyport.conf:12: the section's line does not end in ']'\n"
	    "sallyport.conf:13: the section has no name\n"
	    "sallyport.conf:14: the section's name is not of letters, digits, '.', '_', '-'\n"
	    "sallyport.conf:15: the section's line does not end in ']'\n"
	    "sallyport.conf:9: unknown section [extra]: there are only [sallyport] and [user "
	    "NAME]\n"
	    "sallyport.conf:8: colour: unknown key\n"
	    "sallyport.conf:4: otp: 'neither' is neither pam nor shell\n"
	    "sallyport.conf:6: max_prompts: 0 is not between 1 and 1024");
}

/* Bytes at which the INI library stumbles, and foreign bytes in messages. */
static void
odd_bytes(void **state)
{
	static char line[8000];

	(void)state;
	complaints_of_line("otp = caf\xe9", "the line is not plain UTF-8");
	complaints_of_line("otp = \xff\xfe", "the line is not plain UTF-8");
	complaints_of_line("otp = \xc3\xa9", "otp: '\\xc3\\xa9' is neither pam nor shell");
	complaints_of_line("otp = \x1b[2J", "the line is not plain UTF-8");
	complaints_of_line("otp = a\tb", "otp: 'a b' is neither pam nor shell");
	complaints_of_line("otp = 'pam'", "otp: ''pam'' is neither pam nor shell");
	complaints_of_line(
	    "/* otp = pam */", "the key is not of letters, digits, '.', '_', '-'");
	memset(line, 'a', sizeof(line) - 1);
	complaints_of_line(line, "the line is too long");
	memcpy(line, "otp = ", 6);
	complaints_of_line(line, "the line is too long");
}

static void
no_continuation_lines(void **state)
{
	(void)state;
	complaints("[sallyport]\ngated = @vmusers\notp = pam\n  shell\n",
	    "sallyport.conf:4: shell: is no \"key = value\" line");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(every_key),
	    cmocka_unit_test(bad_values),
	    cmocka_unit_test(bad_gated),
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(odd_bytes),
	    cmocka_unit_test(no_continuation_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
