/* The command line and the table of verbs. */
#include "cli/options.h"
#include "cli/verb.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ARGS_MAX 12

static const char *words[ARGS_MAX];

static int
take(struct cli *cli, const char *const *args)
{
	static char copies[ARGS_MAX][64];
	char *argv[ARGS_MAX + 1] = {NULL};
	int argc = 0;

	for (; args[argc] != NULL && argc < ARGS_MAX; argc++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", args[argc]);
		argv[argc] = copies[argc];
	}
	*cli = (struct cli){.conf_path = "default"};
	return options_take(cli, argc, argv, words);
}
#define TAKE(cli, ...) take((cli), (const char *const[]){"sallyport", __VA_ARGS__, NULL})

static void
anywhere(void **state)
{
	struct cli cli;

	(void)state;
	assert_int_equal(
	    TAKE(&cli, "--json", "explain", "anne", "--at", "Wed 10:00", "vm", "--config=/x"),
	    0);
	assert_int_equal(cli.word_count, 3);
	assert_string_equal(cli.words[2], "vm");
	assert_string_equal(cli.at, "Wed 10:00");
	assert_string_equal(cli.conf_path, "/x");
	assert_true(cli_has(&cli, CLI_JSON));
	assert_false(cli_has(&cli, CLI_FORCE));
	assert_int_equal(options_foreign(&cli, CLI_AT), 0);
	assert_int_equal(options_foreign(&cli, 0), CLI_AT);
	assert_int_equal(TAKE(&cli, "key", "import", "-", "--", "--json"), 0);
	assert_int_equal(cli.word_count, 4);
	assert_string_equal(cli.words[2], "-");
	assert_string_equal(cli.words[3], "--json");
}

static void
wrong(void **state)
{
	struct cli cli;

	(void)state;
	assert_int_equal(TAKE(&cli, "--jso"), CLI_USAGE);
	assert_int_equal(TAKE(&cli, "--json=yes"), CLI_USAGE);
	assert_int_equal(TAKE(&cli, "explain", "--at"), CLI_USAGE);
	assert_int_equal(TAKE(&cli, "--config", "a", "--config", "b"), CLI_USAGE);
	assert_int_equal(TAKE(&cli, "-x"), CLI_USAGE);
}

static void
verbs(void **state)
{
	static const char *const key_add[] = {"key", "import", "cc"},
				 *const lists[] = {"list", "vms"}, *const key[] = {"key"},
				 *const begin[] = {"stat"}, *const more[] = {"statuses"};
	size_t used;

	(void)state;
	assert_string_equal(verb_find(key_add, 3, &used)->name, "key import");
	assert_int_equal(used, 2);
	assert_string_equal(verb_find(lists, 2, &used)->name, "list");
	assert_int_equal(used, 1);
	assert_null(verb_find(key, 1, &used));
	assert_null(verb_find(begin, 1, &used));
	assert_null(verb_find(more, 1, &used));
	assert_null(verb_find(NULL, 0, &used));
}

/* Each verb can be run, helps, and names its options in its synopsis. */
static void
table(void **state)
{
	(void)state;
	for (const struct verb *v = verb_table; v->name != NULL; v++) {
		assert_non_null(v->run);
		assert_true(v->summary[0] != '\0');
		assert_true(v->details[strlen(v->details) - 1] == '\n');
		assert_true(v->least <= v->most);
		for (unsigned int bit = CLI_HELP << 1; bit <= CLI_STDIN; bit <<= 1)
			assert_int_equal((v->options & bit) != 0,
			    strstr(v->synopsis, options_form((enum cli_option)bit)) != NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anywhere),
	    cmocka_unit_test(wrong),
	    cmocka_unit_test(verbs),
	    cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
