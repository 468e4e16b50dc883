/* What a long work shows on a terminal. */
#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char shown[4096];

/* count steps of ten bytes, as if the work had begun long ago; what is shown. */
static void
work(bool is_terminal, uint64_t total, unsigned int count, bool is_late)
{
	struct progress progress;
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);
	size_t len;

	assert_non_null(file);
	fflush(stderr);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	progress_begin(&progress, "records", total);
	assert_false(progress.is_terminal);
	progress.is_terminal = is_terminal;
	if (is_late)
		progress.next_ms = 0;
	for (unsigned int i = 0; i < count; i++)
		progress_step(&progress, 10);
	progress_end(&progress);
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	close(before);
	rewind(file);
	len = fread(shown, 1, sizeof(shown) - 1, file);
	shown[len] = '\0';
	fclose(file);
}

static void
shows_how_far_it_is(void **state)
{
	(void)state;
	work(true, 20480, 1024, true);
	assert_string_equal(shown, "\r\033[K1024 records, 50 %\r\033[K");
	work(true, 0, 1024, true);
	assert_string_equal(shown, "\r\033[K1024 records\r\033[K");
	work(true, 1000, 1024, true); /* the file has grown */
	assert_string_equal(shown, "\r\033[K1024 records, 100 %\r\033[K");
}

static void
shows_nothing(void **state)
{
	(void)state;
	work(false, 20480, 5000, true);
	assert_string_equal(shown, "");
	work(true, 20480, 1024, false); /* within the first second */
	assert_string_equal(shown, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shows_how_far_it_is),
	    cmocka_unit_test(shows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
