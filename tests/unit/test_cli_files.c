/* The files that `print` writes and `check` reads: PAM and sshd. */
#include "cli/line_diff.h"
#include "cli/pam_file.h"
#include "cli/sshd_config.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char gated[] = "vmusers";
static const struct settings settings = {.gated = gated, .prompt_timeout_s = 90};
static const struct settings root_too = {.gated = gated, .gate_root = true};

#define AUTH                                                                                   \
	"auth       [success=done ignore=ignore default=die] pam_sallyport.so group=vmusers\n"
#define ACCOUNT "account    required     pam_sallyport.so group=vmusers\n"
#define SESSION "session    required     pam_sallyport.so group=vmusers\n"

static char *
printed(const char *text, const struct settings *with)
{
	char *out = NULL;
	size_t len;
	FILE *file = open_memstream(&out, &len);

	assert_non_null(file);
	pam_file_print(file, text, with);
	assert_int_equal(fclose(file), 0);
	return out;
}

static void
expect_pam(const char *text, const char *wanted)
{
	char *once = printed(text, &settings), *twice = printed(once, &settings);

	assert_string_equal(once, wanted);
	assert_string_equal(twice, wanted);
	free(once);
	free(twice);
}

static void
pam_by_includes(void **state)
{
	(void)state;
	expect_pam("# c\n@include common-auth\naccount required pam_nologin.so\n@include "
		   "common-account\n"
		   "session required pam_selinux.so\n@include common-session\n"
		   "session required pam_env.so user_readenv=1 envfile=/x # y\n@include "
		   "common-password\n",
	    "# c\n" AUTH "@include common-auth\naccount required pam_nologin.so\n" ACCOUNT
	    "@include common-account\nsession required pam_selinux.so\n" SESSION
	    "@include common-session\nsession required pam_env.so envfile=/x # y\n"
	    "@include common-password\n");
}

static void
pam_without_includes(void **state)
{
	(void)state;
	expect_pam("auth substack password-auth\naccount required a.so\npassword include p\n"
		   "session required pam_selinux.so close\n-session optional b.so",
	    AUTH "auth substack password-auth\n" ACCOUNT
		 "account required a.so\npassword include p\n"
		 "session required pam_selinux.so close\n-session optional b.so\n" SESSION);
	expect_pam("", AUTH ACCOUNT SESSION);
}

static void
pam_replaces_ours(void **state)
{
	char *text;

	(void)state;
	expect_pam(
	    "auth required /lib/security/pam_sallyport.so group=old\n@include common-auth\n"
	    "account required pam_sallyport.so\naccount required a.so\n@include "
	    "common-session\n",
	    AUTH "@include common-auth\n" ACCOUNT "account required a.so\n" SESSION
		 "@include common-session\n");
	text = printed("", &root_too);
	assert_non_null(strstr(text, "group=vmusers gate_root\n"));
	free(text);
}

static void
count(const char *text, const struct settings *with, size_t errors, size_t warnings)
{
	struct report report = {0};

	pam_file_check(text, with, &report);
	assert_int_equal(report.errors, errors);
	assert_int_equal(report.warnings, warnings);
	report_free(&report);
}

static void
pam_check(void **state)
{
	char *text = printed(pam_file_stock, &root_too);

	(void)state;
	count(AUTH ACCOUNT SESSION, &settings, 0, 0);
	count(text, &root_too, 0, 0);
	count(text, &settings, 3, 0);
	count(AUTH ACCOUNT SESSION, &root_too, 3, 0);
	count(pam_file_stock, &settings, 0, 3);
	count(AUTH ACCOUNT "# " SESSION, &settings, 0, 1);
	count(AUTH ACCOUNT "session required pam_sallyport.so group=vmuser\n", &settings, 1, 0);
	count(AUTH ACCOUNT "session required pam_sallyport.so group=\n", &settings, 2, 0);
	count(AUTH ACCOUNT "session required pam_sallyport.so\n", &settings, 1, 0);
	count(AUTH ACCOUNT "session required pam_sallyport.so [group=vmusers] socket=/x # y\n",
	    &settings, 0, 0);
	count(AUTH ACCOUNT "session required pam_sallyport.so group=vmusers debug\n", &settings,
	    1, 0);
	count(AUTH ACCOUNT "session required not_pam_sallyport.so group=vmusers\n", &settings,
	    0, 1);
	count("auth [success=done", &settings, 0, 3);
	free(text);
}

static void
diff(void **state)
{
	char *out = NULL;
	size_t len;
	FILE *file = open_memstream(&out, &len);

	(void)state;
	assert_non_null(file);
	assert_int_equal(line_diff(file, "a\nb\nc\nd\n", "a\nc\nx\nd\ne", "# "), 0);
	assert_int_equal(line_diff(file, "same\n", "same", "# "), 0);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(out, "# @@ line 2\n# -b\n# @@ line 4\n# +x\n# @@ line 5\n# +e\n");
	free(out);
}

static char *
sshd(struct permit *list, size_t n, const struct settings *with)
{
	const struct permits permits = {.list = list, .count = n};
	char *out = NULL;
	size_t len;
	FILE *file = open_memstream(&out, &len);

	assert_non_null(file);
	sshd_config_print(file, with, &permits);
	assert_int_equal(fclose(file), 0);
	return out;
}

static void
sshd_blocks(void **state)
{
	char none[] = "", one[] = "webdev:5900", two[] = "wiki:80", zed[] = "zed",
	     anne[] = "anne", bob[] = "CORP\\bob", star[] = "*", max[] = "max";
	struct permit list[] = {
	    {zed, none, 0}, {anne, one, 1}, {max, one, 1}, {star, two, 1}, {bob, two, 1}};
	char *text = sshd(list, 5, &settings);

	(void)state;
	assert_non_null(strstr(text, "\nLoginGraceTime 120\n"));
	assert_non_null(
	    strstr(text, "\n\nMatch Group vmusers User anne,max\n\tPermitOpen webdev:5900\n"
			 "\nMatch Group vmusers User \"CORP\\bob\"\n\tPermitOpen wiki:80\n"
			 "\nMatch Group vmusers\n\tAuthenticationMethods "
			 "publickey,keyboard-interactive:pam\n"));
	assert_null(strstr(text, "zed"));
	assert_null(strstr(text, "User *"));
	assert_null(strstr(text, ",*"));
	assert_non_null(strstr(text, "\n\tPermitOpen none\n"));
	free(text);
	text = sshd(&list[3], 1, &settings);
	assert_null(strstr(text, " User "));
	free(text);
}

static void
sshd_settings(void **state)
{
	struct settings other = {
	    .gated = gated, .otp = SETTINGS_OTP_SHELL, .prompt_timeout_s = 300};
	char *text = sshd(NULL, 0, &other);

	(void)state;
	assert_non_null(strstr(text, "\nLoginGraceTime 330\n"));
	assert_non_null(strstr(text, "\n\tAuthenticationMethods publickey\n"));
	assert_null(strstr(text, "keyboard"));
	free(text);
}

static void
sshd_names(void **state)
{
	static const char *const bad[] = {
	    "", "a*", "a?", "!a", "a,b", "a\"b", "a\nb", "a\tb", "'a", "a\\", "a\\\\b"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(sshd_config_takes_name(bad[i]));
	assert_true(sshd_config_takes_name("anne"));
	assert_true(sshd_config_takes_name("domain users"));
	assert_true(sshd_config_takes_name("CORP\\anne#1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pam_by_includes),
	    cmocka_unit_test(pam_without_includes),
	    cmocka_unit_test(pam_replaces_ours),
	    cmocka_unit_test(pam_check),
	    cmocka_unit_test(diff),
	    cmocka_unit_test(sshd_blocks),
	    cmocka_unit_test(sshd_settings),
	    cmocka_unit_test(sshd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
