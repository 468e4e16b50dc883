/* Lines and Includes (sshd_config(5)). */
#include "cli/sshd_files.h"

#include "lib/array.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define DEPTH_MAX 16
#define FILES_MAX 256
#define FILE_MAX  (4u << 20)

static int
read_file(struct sshd_files *files, const char *path, int depth);

static int
add_setting(struct sshd_files *files, const struct sshd_setting *setting)
{
	struct sshd_setting *grown =
	    array_grow(files->settings, files->setting_count, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	files->settings = grown;
	files->settings[files->setting_count++] = *setting;
	return 0;
}

/* A pattern without a folder is meant in /etc/ssh. */
static void
absolute(char *path, size_t cap, const char *pattern, size_t len)
{
	snprintf(path, cap, "%s%.*s", *pattern == '/' ? "" : "/etc/ssh/", (int)len, pattern);
}

static int
include(struct sshd_files *files, const char *patterns, int depth)
{
	char pattern[4096];
	glob_t found;
	int err = 0;

	for (; err == 0 && *patterns != '\0'; patterns += strspn(patterns, " \t\"")) {
		size_t len = strcspn(patterns, " \t\"");
		absolute(pattern, sizeof(pattern), patterns, len);
		patterns += len;
		if (len == 0 || glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; err == 0 && i < found.gl_pathc; i++)
			err = read_file(files, found.gl_pathv[i], depth + 1);
		globfree(&found);
	}
	return err;
}

/* One line, without its newline: text is cut up. */
static int
read_line(struct sshd_files *files, char *text, const char *path, size_t number, int depth)
{
	struct sshd_setting setting = {.path = path, .line = number};
	size_t len;
	int err;

	text += strspn(text, " \t\r\f");
	len = strcspn(text, " \t=");
	if (len == 0 || *text == '#' || text[len] == '\0')
		return 0;
	text[len] = '\0';
	setting.keyword = strdup(text);
	text += len + 1;
	text += strspn(text, " \t=");
	if (*text == '"')
		text++;
	for (len = strlen(text); len > 0 && strchr(" \t\r\f\"", text[len - 1]) != NULL; len--)
		text[len - 1] = '\0';
	setting.value = strdup(text);
	err = setting.keyword == NULL || setting.value == NULL ? -ENOMEM : 0;
	if (err == 0)
		err = add_setting(files, &setting);
	if (err < 0) {
		free(setting.keyword);
		free(setting.value);
		return err;
	}
	return strcasecmp(setting.keyword, "include") == 0 ? include(files, text, depth) : 0;
}

/* 0 and the file's text; or 0 and NULL when it cannot be read. */
static int
load(const char *path, char **text, long long *mtime_ns)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), err = 0;
	struct stat st;
	size_t len;

	*text = NULL;
	*mtime_ns = -1;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
		err = io_read_all(fd, FILE_MAX, text, &len);
	}
	io_close(&fd);
	return err == -ENOMEM ? err : 0;
}

static int
read_file(struct sshd_files *files, const char *path, int depth)
{
	struct sshd_file *file;
	char *text, *rest, *line, *own;
	size_t number = 0;
	int err;

	if (depth > DEPTH_MAX || files->file_count >= FILES_MAX)
		return 0;
	file = array_grow(files->files, files->file_count, sizeof(*file));
	own = strdup(path);
	if (file != NULL)
		files->files = file;
	if (file == NULL || own == NULL) {
		free(own);
		return -ENOMEM;
	}
	file = &files->files[files->file_count++];
	file->path = own;
	err = load(path, &text, &file->mtime_ns);
	for (rest = text; err == 0 && (line = strsep(&rest, "\n")) != NULL;)
		err = read_line(files, line, own, ++number, depth);
	free(text);
	return err;
}

int
sshd_files_read(const char *path, struct sshd_files *files)
{
	*files = (struct sshd_files){0};
	return read_file(files, path, 0);
}

void
sshd_files_free(struct sshd_files *files)
{
	for (size_t i = 0; i < files->file_count; i++)
		free(files->files[i].path);
	for (size_t i = 0; i < files->setting_count; i++) {
		free(files->settings[i].keyword);
		free(files->settings[i].value);
	}
	free(files->files);
	free(files->settings);
	*files = (struct sshd_files){0};
}

static bool
is_value(const char *have, const char *wanted)
{
	size_t n = strlen(wanted), len;

	if (strcasecmp(have, wanted) == 0)
		return true;
	for (; *have != '\0'; have += len) {
		have += strspn(have, " \t,");
		len = strcspn(have, " \t,");
		if (len == n && strncasecmp(have, wanted, n) == 0)
			return true;
	}
	return false;
}

const struct sshd_setting *
sshd_files_find(const struct sshd_files *files, const char *keyword, const char *value)
{
	for (size_t i = 0; i < files->setting_count; i++) {
		const struct sshd_setting *s = &files->settings[i];
		if (strcasecmp(s->keyword, keyword) == 0 &&
		    (value == NULL || is_value(s->value, value)))
			return s;
	}
	return NULL;
}

int
sshd_files_include(const struct sshd_files *files, const char *path)
{
	char pattern[4096];

	for (size_t i = 0; i < files->setting_count; i++) {
		const struct sshd_setting *s = &files->settings[i];
		if (strcasecmp(s->keyword, "include") != 0)
			continue;
		absolute(pattern, sizeof(pattern), s->value, strcspn(s->value, " \t"));
		if (fnmatch(pattern, path, FNM_PATHNAME) == 0)
			return 1;
	}
	return 0;
}
