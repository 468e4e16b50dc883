/* A file that somebody writes while it is read is neither its old nor its new self:
 * io_read_all is wrapped, so that the change comes exactly then. */
#include "lib/io.h"
#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka needs the above. */
#include <cmocka.h>

static char path[] = "/tmp/test_policy_source.XXXXXX";
static const char *added;    /* written behind what is read */
static const char *replaced; /* written over it */

int
__real_io_read_all(int fd, size_t max, char **text, size_t *len);
int
__wrap_io_read_all(int fd, size_t max, char **text, size_t *len);

static void
put(const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

int
__wrap_io_read_all(int fd, size_t max, char **text, size_t *len)
{
	int err = __real_io_read_all(fd, max, text, len);

	usleep(20000); /* the kernel's clock for files is a coarse one */
	if (added != NULL)
		put(added, O_APPEND);
	if (replaced != NULL)
		put(replaced, 0);
	return err;
}

static int
read_it(struct report *report, char **text)
{
	const struct source source = {.path = path, .file = "keys", .max = 4096};
	long long mtime_ns;
	size_t len;

	put("anne:cccc\n", O_TRUNC);
	usleep(20000);
	return source_read(&source, report, text, &len, &mtime_ns);
}

static void
what_stands_still_is_read(void **state)
{
	struct report report = {0};
	char *text;

	(void)state;
	added = replaced = NULL;
	assert_int_equal(read_it(&report, &text), 0);
	assert_string_equal(text, "anne:cccc\n");
	assert_int_equal(report.errors, 0);
	free(text);
	report_free(&report);
}

static void
what_changes_is_not(void **state)
{
	static const char *const changes[][2] = {
	    {"maggie:cccd\n", NULL}, /* grown */
	    {NULL, "anna"},          /* other bytes, as many */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct report report = {0};
		char *text;

		added = changes[i][0];
		replaced = changes[i][1];
		assert_int_equal(read_it(&report, &text), -EINVAL);
		assert_null(text);
		assert_non_null(strstr(report.text, "changed while it was read"));
		report_free(&report);
	}
}

static int
make_file(void **state)
{
	(void)state;
	return close(mkstemp(path)) == 0 && chmod(path, 0644) == 0 ? 0 : -1;
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_stands_still_is_read),
	    cmocka_unit_test(what_changes_is_not),
	};

	if (geteuid() != 0)
		return 77; /* the file must be root's */
	return cmocka_run_group_tests(tests, make_file, remove_file);
}
