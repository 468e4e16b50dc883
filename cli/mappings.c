/* The file, read and replaced. */
#include "cli/mappings.h"

#include "lib/io.h"
#include "policy/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME     "yubikey_mappings"
#define TEMP     "." NAME ".new"
#define FILE_MAX ((size_t)256 << 20)

static int
find_path(const struct cli *cli, char path[PATH_MAX])
{
	const char *slash = strrchr(cli->conf_path, '/');
	int dir = slash != NULL ? (int)(slash - cli->conf_path) + 1 : 0;

	if (snprintf(path, PATH_MAX, "%.*s" NAME, dir, cli->conf_path) >= PATH_MAX)
		return cli_fail(CLI_USAGE, "the path of " NAME " is too long");
	return 0;
}

/* 0 and *text (NULL: there is no file), with mode and owner; else an exit status. */
static int
read_text(const char *path, char **text, size_t *len, struct stat *st)
{
	const char *why = NULL;
	int err, fd = io_open_trusted(path, IO_TRUST_PUBLIC, &why);

	*text = NULL;
	*len = 0;
	*st = (struct stat){.st_mode = 0644};
	if (fd == -ENOENT)
		return 0;
	err = fd < 0 ? fd : 0;
	if (err == 0 && fstat(fd, st) < 0)
		err = -errno;
	if (err == 0)
		err = io_read_all(fd, FILE_MAX, text, len);
	io_close(&fd);
	if (err < 0)
		return cli_fail(CLI_CONFIG, "%s: %s", path, why != NULL ? why : strerror(-err));
	return 0;
}

/* Takes text. 0 and *keys, else an exit status. */
static int
parse_take(const char *path, char *text, size_t len, struct keys *keys)
{
	struct report report = {0};
	int status = 0;

	(void)source_check(path, text, len, true, &report);
	if (keys_parse_take(keys, path, text, len, &report) < 0)
		status = cli_fail(CLI_SOFTWARE, "out of memory");
	else if (report.errors > 0) {
		fprintf(stderr, "%s\n", report.text);
		status = CLI_CONFIG;
	}
	report_free(&report);
	if (status != 0)
		keys_free(keys);
	return status;
}

int
mappings_load(const struct cli *cli, struct keys *keys)
{
	char path[PATH_MAX], *text;
	struct stat st;
	size_t len;
	int status = find_path(cli, path);

	*keys = (struct keys){0};
	if (status == 0)
		status = read_text(path, &text, &len, &st);
	if (status != 0 || text == NULL)
		return status;
	return parse_take(path, text, len, keys);
}

const struct keys_user *
mappings_owner(const struct keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->user_count; i++)
		for (uint32_t j = 0; j < keys->users[i].count; j++)
			if (strcmp(keys->users[i].ids[j], id) == 0)
				return &keys->users[i];
	return NULL;
}

/* What the new file would say: is it in order, and does it say what is meant? */
static int
check(const char *path, const char *text, size_t len, const char *user, const char *id)
{
	char *copy = malloc(len + 1);
	const struct keys_user *owner;
	struct keys keys = {0};
	int status;

	if (copy == NULL)
		return cli_fail(CLI_SOFTWARE, "out of memory");
	memcpy(copy, text, len);
	copy[len] = '\0';
	status = parse_take(path, copy, len, &keys);
	if (status != 0)
		return status;
	owner = mappings_owner(&keys, id);
	if (owner == NULL || strcmp(owner->name, user) != 0)
		status = cli_fail(CLI_USAGE, "%s: is not a user's name for %s", user, path);
	keys_free(&keys);
	return status;
}

/* In the folder dir: under another name first, on disk, then in place. 0, -errno. */
static int
replace(int dir, const char *text, size_t len, const struct stat *st)
{
	int err = 0, fd;

	(void)unlinkat(dir, TEMP, 0); /* left by one that was killed: we have the lock */
	fd = openat(dir, TEMP, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = io_write_all(fd, text, len);
	if (err == 0 &&
	    (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
		fsync(fd) < 0 || renameat(dir, TEMP, dir, NAME) < 0 || fsync(dir) < 0))
		err = -errno;
	if (err < 0)
		(void)unlinkat(dir, TEMP, 0);
	io_close(&fd);
	return err;
}

static int
add_locked(const char *path, int dir, const char *user, const char *id)
{
	char *old = NULL, *text = NULL;
	struct stat st;
	size_t len = 0, size;
	int err, status = read_text(path, &old, &len, &st);

	if (status != 0)
		return status;
	size = len + strlen(user) + strlen(id) + 3;
	text = malloc(size);
	if (text == NULL) {
		status = cli_fail(CLI_SOFTWARE, "out of memory");
		goto out;
	}
	if (len > 0)
		memcpy(text, old, len);
	snprintf(text + len, size - len, "%s:%s\n", user, id);
	status = check(path, text, size - 1, user, id);
	if (status != 0)
		goto out;
	err = replace(dir, text, size - 1, &st);
	if (err < 0)
		status = cli_fail(CLI_SOFTWARE, "%s: %s", path, strerror(-err));
out:
	free(old);
	free(text);
	return status;
}

int
mappings_add(const struct cli *cli, const char *user, const char *id)
{
	char path[PATH_MAX], folder[PATH_MAX];
	int dir, status = find_path(cli, path);
	size_t n;

	if (status != 0)
		return status;
	n = strlen(path) - strlen(NAME);
	snprintf(folder, sizeof(folder), "%.*s", (int)n, n > 0 ? path : "./");
	dir = open(n > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cli_fail(CLI_CONFIG, "%s: %s", folder, strerror(errno));
	/* Two at once would each lose the other's line. */
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		status = cli_fail(CLI_UNAVAILABLE, "%s: another one edits it: try again", path);
	else
		status = add_locked(path, dir, user, id);
	io_close(&dir);
	return status;
}
