/* sshd_config and the files that it includes, as lines: to say where a setting
 * stands. What is in force, sshd -T says. */
#ifndef SALLYPORT_CLI_SSHD_FILES_H
#define SALLYPORT_CLI_SSHD_FILES_H

#include <stddef.h>

struct sshd_file {
	char *path;
	long long mtime_ns; /* -1: cannot be read */
};

struct sshd_setting {
	const char *path; /* a file's */
	size_t line;
	char *keyword; /* as written */
	char *value;   /* the rest, without quotes at both ends */
};

struct sshd_files {
	struct sshd_file *files; /* in the order read; the first is path itself */
	size_t file_count;
	struct sshd_setting *settings;
	size_t setting_count;
};

/* Reads path and, up to 16 levels deep, what its Include lines match. 0, -ENOMEM. */
int sshd_files_read(const char *path, struct sshd_files *files);
void sshd_files_free(struct sshd_files *files);

/* The first line of keyword whose value, or one word of it, is value (in any case;
 * NULL: any value); NULL when there is none. */
const struct sshd_setting *sshd_files_find(const struct sshd_files *files,
    const char *keyword, const char *value);

/* Does an Include reach a file of this path, were it there? */
int sshd_files_include(const struct sshd_files *files, const char *path);

#endif
