/* What sallyport-shell says of the walls of file transfers, in words. */
#include "cli/walls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
expect(const char *line, enum walls walls, const char *text)
{
	char got[WALLS_TEXT_MAX];

	assert_int_equal(walls_read(line, got), walls);
	assert_string_equal(got, text);
}

static void
test_words(void **state)
{
	(void)state;
	expect("namespace 7 \n", WALLS_NAMESPACE,
	    "in namespaces of their own, and by Landlock (ABI 7)");
	expect("namespace 0 \n", WALLS_NAMESPACE, "in namespaces of their own");
	expect("landlock 3 \n", WALLS_LANDLOCK,
	    "by Landlock (ABI 3) alone: no user namespaces here");
	expect("weak 2 \n", WALLS_WEAK,
	    "WEAK: Landlock (ABI 2), no user namespaces; see files_fallback");
	expect("nothing 0 mounts\n", WALLS_NOTHING, "REFUSED, nothing holds them: mounts");
}

static void
test_anything_else_is_unknown(void **state)
{
	static const char *const lines[] = {"", "\n", "namespace", "namespace 7",
	    "namespace x \n", "namespace 100 \n", "namespaces 7 \n", " 7 \n", "strong 7 \n",
	    "a long word that is none of them 7 \n"};
	char text[WALLS_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(walls_read(lines[i], text), WALLS_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_anything_else_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
