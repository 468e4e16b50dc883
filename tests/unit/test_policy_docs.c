/* The example files load, and the example of sallyport.conf and its manual page say
 * of every setting what the table says. Runs in the root of the repository. */
#include "policy/settings_key.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	if (f == NULL || text == NULL)
		fail_msg("%s cannot be read", path);
	assert_in_range(fread(text, 1, 65535, f), 1, 65534);
	fclose(f);
	return text;
}

/* The lines of text that begin so. */
static size_t
count_lines(const char *text, const char *beginning)
{
	size_t n = strncmp(text, beginning, strlen(beginning)) == 0, len = strlen(beginning);

	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		n += strncmp(at + 1, beginning, len) == 0;
	return n;
}

static void
example_of_settings(void **state)
{
	char *text = read_text("conf/sallyport.conf.example"), line[512];

	(void)state;
	for (size_t i = 0; i < settings_key_count(); i++) {
		const struct settings_key *key = settings_key(i);
		if (key->fallback == NULL)
			snprintf(line, sizeof(line), "%s = ", key->name);
		else
			snprintf(line, sizeof(line), "# %s =%s%s\n", key->name,
			    *key->fallback != '\0' ? " " : "", key->fallback);
		if (count_lines(text, line) != 1)
			fail_msg("conf/sallyport.conf.example: no line '%s'", line);
	}
	free(text);
}

/* With every default written out, the settings are the same. */
static void
defaults_written_out(void **state)
{
	char *text = read_text("conf/sallyport.conf.example"), *at, bare[512], written[512];
	struct report report = {0};
	struct settings a, b;

	(void)state;
	assert_int_equal(settings_parse("example", text, strlen(text), &report, &a), 0);
	for (size_t i = 0; i < settings_key_count(); i++) {
		snprintf(written, sizeof(written), "\n# %s =%s%s\n", settings_key(i)->name,
		    settings_key(i)->fallback != NULL && *settings_key(i)->fallback != '\0'
			? " "
			: "",
		    settings_key(i)->fallback != NULL ? settings_key(i)->fallback : "");
		at = strstr(text, written);
		if (at != NULL)
			memcpy(at + 1, "  ", 2);
	}
	assert_int_equal(settings_parse("example", text, strlen(text), &report, &b), 0);
	assert_null(report.text);
	for (size_t i = 0; i < settings_key_count(); i++) {
		settings_value(&a, i, bare, sizeof(bare));
		settings_value(&b, i, written, sizeof(written));
		assert_string_equal(bare, written);
	}
	settings_free(&a);
	settings_free(&b);
	free(text);
}

static void
page_of_settings(void **state)
{
	char *text = read_text("man/sallyport.conf.5"), item[128];
	size_t items = count_lines(text, ".It Cm ");

	(void)state;
	for (size_t i = 0; i < settings_key_count(); i++) {
		snprintf(item, sizeof(item), ".It Cm %s No = ", settings_key(i)->name);
		if (count_lines(text, item) != 1)
			fail_msg("man/sallyport.conf.5: no item for %s", settings_key(i)->name);
	}
	/* Nothing is described that is not there. */
	assert_int_equal(items, settings_key_count());
	free(text);
}

/* The defaults that are times and numbers stand in the page in the same words. */
static void
defaults_in_page(void **state)
{
	char *text = read_text("man/sallyport.conf.5"), item[128], wanted[128], *at, *end;

	(void)state;
	for (size_t i = 0; i < settings_key_count(); i++) {
		const char *fallback = settings_key(i)->fallback;
		if (fallback == NULL || *fallback < '0' || *fallback > '9')
			continue;
		snprintf(item, sizeof(item), ".It Cm %s No = ", settings_key(i)->name);
		snprintf(wanted, sizeof(wanted), "Default: %s.\n", fallback);
		at = strstr(text, item);
		assert_non_null(at);
		end = strstr(at + 1, "\n.It ");
		at = strstr(at, wanted);
		if (at == NULL || (end != NULL && at > end))
			fail_msg("man/sallyport.conf.5: %s does not say its default %s",
			    settings_key(i)->name, fallback);
	}
	free(text);
}

/* All four examples together are a configuration without a complaint. */
static void
examples_load(void **state)
{
	char *settings = read_text("conf/sallyport.conf.example"),
	     *vms = read_text("conf/vms.conf.example"),
	     *grants = read_text("conf/vm_mappings.example"),
	     *keys = read_text("conf/yubikey_mappings.example");
	const struct policy_texts texts = {settings, vms, grants, keys};
	struct report report;
	struct policy *policy = policy_build(&texts, &report);

	(void)state;
	if (report.text != NULL)
		fail_msg("%s", report.text);
	assert_int_equal(policy_vm_count(policy), 3);
	assert_int_equal(policy_grant_count(policy), 7);
	policy_free(policy);
	free(settings);
	free(vms);
	free(grants);
	free(keys);
}

/* Every fixed right that the code knows stands in the manual of vm_mappings. */
static void
page_of_rights(void **state)
{
	static const char *const words[] = {"spice", "spice:view", "spice:full", "mic", "usb",
	    "smartcard", "clipboard", "share", "takeover", "serial", "vnc", "vnc:view", "sftp",
	    "sftp:ro", "shell"};
	char *text = read_text("man/vm_mappings.5");

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]) == NULL)
			fail_msg("man/vm_mappings.5: %s is missing", words[i]);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(example_of_settings),
	    cmocka_unit_test(defaults_written_out),
	    cmocka_unit_test(page_of_settings),
	    cmocka_unit_test(defaults_in_page),
	    cmocka_unit_test(examples_load),
	    cmocka_unit_test(page_of_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
