/* Which services ask for an OTP, and which may. */
#include "cli/pam_services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct report report;
static char sudo[] = "sudo", login[] = "login";
static char *listed[] = {sudo, login};

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_pam.XXXXXX");
	report = (struct report){0};
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	static const char *const names[] = {
	    "sudo", "login", "su", "sshd", "common-auth", ".su"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	report_free(&report);
	return rmdir(folder);
}

static void
put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* services = the first n of listed. */
static void
look(size_t n, size_t errors, size_t warnings)
{
	const struct settings settings = {.services = listed, .service_count = n};

	assert_int_equal(pam_services_check(folder, &settings, &report), 0);
	if (report.errors != errors || report.warnings != warnings)
		print_error("%s\n", report.text != NULL ? report.text : "(nothing)");
	assert_int_equal(report.errors, errors);
	assert_int_equal(report.warnings, warnings);
}

static void
says(const char *words)
{
	assert_non_null(report.text);
	if (strstr(report.text, words) == NULL)
		print_error("no '%s' in: %s\n", words, report.text);
	assert_non_null(strstr(report.text, words));
}

#define OURS "auth required pam_sallyport.so group=vmusers\n"

static void
both_agree(void **state)
{
	(void)state;
	put("sudo", OURS);
	put("login", "@include common-auth\n");
	put("common-auth", OURS);
	put("su", "auth required pam_unix.so\n# " OURS);
	put("sshd", OURS);
	put(".su", OURS);
	look(2, 0, 0);
}

static void
a_line_in_a_service_that_is_not_listed(void **state)
{
	(void)state;
	put("sudo", OURS);
	put("su", "auth required pam_unix.so\naccount required pam_sallyport.so\n");
	look(1, 1, 0);
	says("/su:2: account: pam_sallyport.so stands here, but su is not among services");
}

static void
also_by_what_it_includes(void **state)
{
	(void)state;
	put("sudo", OURS);
	put("su", "@include common-auth\n");
	put("common-auth", "\n" OURS);
	look(1, 1, 0);
	says("/common-auth:2: auth: pam_sallyport.so stands here, but su is not among");
}

static void
a_listed_service_that_does_not_ask(void **state)
{
	(void)state;
	put("sudo", "auth required pam_unix.so\naccount required pam_sallyport.so\n");
	look(2, 0, 2);
	says("/sudo: warning: auth: pam_sallyport.so is missing, but sudo is among services");
	says("/login: warning: is not there, but login is among services");
}

static void
a_listed_service_that_cannot_be_read(void **state)
{
	(void)state;
	put("sudo", OURS "@include nowhere\n");
	look(1, 1, 0);
	says("/sudo: ");
}

static void
no_folder(void **state)
{
	(void)state;
	assert_int_equal(rmdir(folder), 0);
	look(1, 0, 1);
	assert_int_equal(mkdir(folder, 0700), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(both_agree),
	    TEST(a_line_in_a_service_that_is_not_listed),
	    TEST(also_by_what_it_includes),
	    TEST(a_listed_service_that_does_not_ask),
	    TEST(a_listed_service_that_cannot_be_read),
	    TEST(no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
