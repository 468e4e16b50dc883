/* yubikey_mappings: a line more in it, and the quirks of real files. */
#include "cli/mappings.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/mappings-XXXXXX", conf[64], path[64];
static struct cli cli = {.conf_path = conf};

static int
set_up(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/mappings-XXXXXX", sizeof(dir));
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(conf, sizeof(conf), "%s/sallyport.conf", dir);
	snprintf(path, sizeof(path), "%s/yubikey_mappings", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* nothing else may be left in it */
}

static void
put(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static const char *
get(void)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

static void
a_line_is_added(void **state)
{
	struct keys keys;
	struct stat st;

	(void)state;
	assert_int_equal(mappings_add(&cli, "anne", "vvccccccccbd"), 0); /* no file yet */
	assert_string_equal(get(), "anne:vvccccccccbd\n");
	put("# whose\r\nanne:vvcccc\r\n\n", 23);
	assert_int_equal(chown(path, 0, 4), 0);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(mappings_add(&cli, "anne", "vvccccccccbd"), 0);
	assert_string_equal(get(), "# whose\r\nanne:vvcccc\r\n\nanne:vvccccccccbd\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_gid, 4);
	assert_int_equal(mappings_load(&cli, &keys), 0);
	assert_string_equal(mappings_owner(&keys, "vvccccccccbd")->name, "anne");
	assert_null(mappings_owner(&keys, "vvcc"));
	keys_free(&keys);
}

static void
what_would_be_wrong_changes_nothing(void **state)
{
	static const struct {
		const char *text, *user;
	} table[] = {
	    {"anne:vvcc\nmaggie:cccccc", "anne"}, /* cut */
	    {"maggie:vvccccccccbd\n", "anne"},    /* hers */
	    {"anne\n", "anne"},                   /* broken before */
	    {"anne:vvcc\n", "anne:cccc"},
	    {"anne:vvcc\n", "a\nroot"},
	    {"anne:vvcc\n", "#anne"},
	    {"anne:vvcc\n", " anne"},
	    {"anne:vvcc\n", "*"},
	    {"anne:vvcc\n", "@all"},
	    {"anne:vvcc\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		put(table[i].text, strlen(table[i].text));
		assert_int_not_equal(mappings_add(&cli, table[i].user, "vvccccccccbd"), 0);
		assert_string_equal(get(), table[i].text);
	}
	put("anne:vvcc\n", 10);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_not_equal(mappings_add(&cli, "anne", "vvccccccccbd"), 0);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_not_equal(mappings_add(&cli, "anne", "vvccccccccbd"), 0);
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_not_equal(mappings_add(&cli, "anne", "vvccccccccbd"), 0);
}

/* Files as pam_yubico reads them, each with the trap in it: read right, or refused. */
static void
files_of_pam_yubico(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_good;
	} table[] = {
	    {"\0anne:vvccccccccbd\n", 19, false}, /* a NUL hides the line there */
	    {"anne:vvcc\0ccccccbd\n", 19, false},
	    {"anne:vvccccccccbd\r\n", 19, true},
	    {"\xef\xbb\xbf"
	     "anne:vvccccccccbd\n",
		21, false},
	    {"\tanne : vvccccccccbd\n", 21, true},
	    {"anne:vvccccccccbd", 17, false}, /* no newline at the end */
	    {":anne:vvccccccccbd\n", 19, false},
	    {"anne::vvccccccccbd\n", 19, false},
	    {"anne\n", 5, false},
	    {"*:vvccccccccbd\n", 15, false},
	    {"anne:vvccccccccbd # hers\n", 25, false},
	    {"anne:VVCCCCCCCCBD\n", 18, true},
	    {"anne:vvccccccccbd\nmaggie:vvccccccccbd\n", 38, false},
	    {"maggie:vvcc\nanne:vvcb\nanne:vvccccccccbd\n", 40, true},
	};
	struct keys keys;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct keys_user *owner;
		int status;
		put(table[i].text, table[i].len);
		status = mappings_load(&cli, &keys);
		owner = status == 0 ? mappings_owner(&keys, "vvccccccccbd") : NULL;
		if ((owner != NULL) != table[i].is_good)
			fail_msg("%zu", i);
		if (owner != NULL)
			assert_string_equal(owner->name, "anne");
		keys_free(&keys);
	}
}

/* There the 1024th byte of a line begins a new entry, and so another's. */
static void
long_lines_stay_one(void **state)
{
	char *text = malloc(3000);
	struct keys keys;

	(void)state;
	assert_non_null(text);
	for (size_t len = 1022; len <= 1026; len++) {
		memset(text, '\0', 3000);
		memset(text, '#', len);
		snprintf(text + len, 100, "root:vvccccccccbd\n");
		put(text, strlen(text));
		assert_int_equal(mappings_load(&cli, &keys), 0);
		assert_null(mappings_owner(&keys, "vvccccccccbd"));
		keys_free(&keys);
	}
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_line_is_added),
	    TEST(what_would_be_wrong_changes_nothing),
	    TEST(files_of_pam_yubico),
	    TEST(long_lines_stay_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
