/* Which old file of the audit log may go: by the days in the names, which the recorder
 * says, and not before its age by the file system. */
#include "daemon/logfolder.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY_S 86400
#define TODAY 20000

static char path[64];
static int folder;

static int
set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_logfolder.XXXXXX");
	if (mkdtemp(path) == NULL)
		return -1;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(folder);

	(void)state;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(folder, entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	return rmdir(path);
}

static void
put(int64_t day, uint64_t seq, int64_t written)
{
	const struct audit_name name = {.day = day, .seq = seq};
	const struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT}, {.tv_sec = written * DAY_S + 3600}};
	char text[AUDIT_NAME_MAX];
	int fd;

	audit_name_format(&name, text);
	fd = openat(folder, text, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static int64_t
until(void)
{
	char name[AUDIT_NAME_MAX];
	int64_t day, end;

	assert_int_equal(logfolder_oldest(folder, TODAY, name, &day, &end), 0);
	return end;
}

static void
a_file_lasts_until_the_next_begins(void **state)
{
	(void)state;
	put(TODAY - 40, 1, TODAY - 40);
	assert_int_equal(until(), TODAY);
	put(TODAY - 30, 100, TODAY - 20);
	assert_int_equal(until(), TODAY - 30);
}

/* A recorder in wrong hands names a file of its own as if it were old, so that the one
 * before it looks expired. */
static void
a_false_day_makes_no_file_older(void **state)
{
	(void)state;
	put(TODAY - 2, 1, TODAY - 1);
	put(0, 2, TODAY);
	assert_int_equal(until(), TODAY - 1);
}

/* The child that removes it keeps nothing else open. */
static void
a_file_is_removed(void **state)
{
	char name[AUDIT_NAME_MAX];
	int64_t day, end;

	(void)state;
	put(TODAY - 40, 1, TODAY - 40);
	assert_int_equal(logfolder_oldest(folder, TODAY, name, &day, &end), 0);
	logfolder_remove(folder, name);
	assert_true(wait(NULL) > 0);
	assert_int_equal(faccessat(folder, name, F_OK, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_file_lasts_until_the_next_begins),
	    TEST(a_false_day_makes_no_file_older),
	    TEST(a_file_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
