/* Reads the folder, and sorts by number. */
#include "cli/audit_files.h"

#include "lib/array.h"
#include "lib/audit_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
add(struct audit_files *files, const char *folder, const char *name)
{
	char **more = array_grow(files->paths, files->count, sizeof(*more));
	char *path = NULL;

	if (more == NULL)
		return -ENOMEM;
	files->paths = more;
	if (folder == NULL)
		path = strdup(name);
	else if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	if (path == NULL)
		return -ENOMEM;
	files->paths[files->count++] = path;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const char *left = strrchr(*(char *const *)a, '/') + 1;
	const char *right = strrchr(*(char *const *)b, '/') + 1;
	struct audit_name l = {0}, r = {0};

	(void)audit_name_parse(left, &l);
	(void)audit_name_parse(right, &r);
	return l.seq != r.seq ? (l.seq < r.seq ? -1 : 1) : strcmp(left, right);
}

/* While a new file is begun, the old one has two names for a moment. */
static int
is_second_name(const struct audit_files *files, const struct stat *now)
{
	struct stat st;

	return files->count > 0 && stat(files->paths[files->count - 1], &st) == 0 &&
	       st.st_ino == now->st_ino && st.st_dev == now->st_dev;
}

/* The file of that name, if it is there. */
static int
add_known(struct audit_files *files, const char *folder, const char *name, int may_be_empty)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((st.st_size == 0 && !may_be_empty) || is_second_name(files, &st))
		return 0;
	return add(files, folder, name);
}

int
audit_files_find(const char *folder, struct audit_files *files)
{
	const struct dirent *entry;
	struct audit_name name;
	DIR *dir = opendir(folder);
	int err = 0;

	*files = (struct audit_files){0};
	if (dir == NULL)
		return -errno;
	while (err == 0 && (entry = readdir(dir)) != NULL)
		if (audit_name_parse(entry->d_name, &name))
			err = add(files, folder, entry->d_name);
	closedir(dir);
	if (err == 0 && files->count > 1)
		qsort(files->paths, files->count, sizeof(*files->paths), compare);
	if (err == 0)
		err = add_known(files, folder, AUDIT_NAME_NOW, 1);
	if (err == 0)
		err = add_known(files, folder, AUDIT_NAME_NEXT, 0);
	return err == 0 && files->count == 0 ? -ENOENT : err;
}

int
audit_files_take(const char *const *words, size_t count, struct audit_files *files)
{
	int err = 0;

	*files = (struct audit_files){0};
	for (size_t i = 0; err == 0 && i < count; i++)
		err = add(files, NULL, words[i]);
	return err;
}

uint64_t
audit_files_bytes(const struct audit_files *files)
{
	uint64_t sum = 0;
	struct stat st;

	for (size_t i = 0; i < files->count; i++) {
		const char *dot = strrchr(files->paths[i], '.');
		if (dot != NULL && (strcmp(dot, ".gz") == 0 || strcmp(dot, ".xz") == 0 ||
				       strcmp(dot, ".zst") == 0))
			return 0;
		if (stat(files->paths[i], &st) < 0 || !S_ISREG(st.st_mode))
			return 0;
		sum += (uint64_t)st.st_size;
	}
	return sum;
}

void
audit_files_free(struct audit_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct audit_files){0};
}
