/* Finds and reads the files of a policy. */
#include "policy/array.h"
#include "policy/model.h"
#include "policy/source.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MIB            ((size_t)1 << 20)
#define SETTINGS_BYTES (1 * MIB)
#define VMS_BYTES      (16 * MIB)
#define GRANTS_BYTES   (64 * MIB)
#define KEYS_BYTES     (256 * MIB)

struct load {
	struct policy *policy;
	struct report *report;
	char folder[PATH_MAX]; /* where sallyport.conf lies, with its final '/' or "" */
};

/* Reads the file called name in the folder. What is wrong is in the report: 0 even
 * then; -ENOMEM. */
static int
read_file(const struct load *load, enum model_kind kind, const char *name, size_t max)
{
	char path[PATH_MAX], *text = NULL;
	struct source source = {
	    .path = path, .file = name, .max = max, .crlf_ok = kind == MODEL_KEYS};
	long long mtime_ns = 0;
	size_t len = 0;
	int err;

	if (snprintf(path, sizeof(path), "%s%s", load->folder, name) >= (int)sizeof(path)) {
		report_error(load->report, name, 0, NULL, "its path is too long");
		return 0;
	}
	err = source_read(&source, load->report, &text, &len, &mtime_ns);
	if (err < 0)
		return err == -ENOMEM ? err : 0;
	err = model_take(load->policy, kind, name, text, len, load->report);
	return err == 0 ? model_note_file(load->policy, path, mtime_ns) : err;
}

/* --- folders of files ---------------------------------------------------------- */

struct folder {
	const char *name;
	const char *suffix; /* of the files to read */
	enum model_kind kind;
	size_t max; /* bytes of a file */
};

struct names {
	char **names;
	size_t count;
};

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_wanted(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return name[0] != '.' && name[len - 1] != '~' && len > n &&
	       strcmp(name + len - n, suffix) == 0;
}

/* The wanted names in dir, sorted. 0, -ENOMEM, -errno. */
static int
list(DIR *dir, const char *suffix, struct names *names)
{
	struct dirent *entry;
	char **grown;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			break;
		if (!is_wanted(entry->d_name, suffix))
			continue;
		grown = array_grow(names->names, names->count, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		names->names = grown;
		grown[names->count] = strdup(entry->d_name);
		if (grown[names->count] == NULL)
			return -ENOMEM;
		names->count++;
	}
	if (errno != 0)
		return -errno;
	if (names->count > 1)
		qsort(names->names, names->count, sizeof(*names->names), by_bytes);
	return 0;
}

static int
read_listed(const struct load *load, const struct folder *folder, const struct names *names)
{
	char name[PATH_MAX];
	int err = 0;

	for (size_t i = 0; i < names->count && err == 0; i++) {
		snprintf(name, sizeof(name), "%s/%s", folder->name, names->names[i]);
		err = read_file(load, folder->kind, name, folder->max);
	}
	return err;
}

/* Notes the folder itself, so that a file which comes or goes is seen. */
static int
note_folder(const struct load *load, DIR *dir, const char *path)
{
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	return model_note_file(
	    load->policy, path, (long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
}

/* Reads the files in an open folder. */
static int
read_dir(const struct load *load, const struct folder *folder, DIR *dir, const char *path)
{
	struct names names = {0};
	int err = note_folder(load, dir, path);

	if (err == 0)
		err = list(dir, folder->suffix, &names);
	if (err == 0)
		err = read_listed(load, folder, &names);
	for (size_t i = 0; i < names.count; i++)
		free(names.names[i]);
	free(names.names);
	return err;
}

/* Reads the files in a folder, which need not exist. */
static int
read_folder(const struct load *load, const struct folder *folder)
{
	char path[PATH_MAX];
	DIR *dir;
	int err;

	if (snprintf(path, sizeof(path), "%s%s", load->folder, folder->name) >=
	    (int)sizeof(path)) {
		report_error(load->report, folder->name, 0, NULL, "its path is too long");
		return 0;
	}
	dir = opendir(path);
	if (dir == NULL && errno == ENOENT)
		return 0;
	err = dir != NULL ? read_dir(load, folder, dir, path) : -errno;
	if (dir != NULL)
		closedir(dir);
	if (err != 0 && err != -ENOMEM)
		report_error(load->report, folder->name, 0, NULL, "%s cannot be read: %s", path,
		    strerror(-err));
	return err == -ENOMEM ? err : 0;
}

/* --- the whole --------------------------------------------------------------- */

static const struct folder vms_folder = {"vms.conf.d", ".conf", MODEL_VMS, VMS_BYTES};
static const struct folder grants_folder = {"vm_mappings.d", "", MODEL_GRANTS, GRANTS_BYTES};

static int
read_all(struct load *load, const char *conf_name)
{
	int err = read_file(load, MODEL_SETTINGS, conf_name, SETTINGS_BYTES);

	if (err == 0)
		err = read_file(load, MODEL_VMS, "vms.conf", VMS_BYTES);
	if (err == 0)
		err = read_folder(load, &vms_folder);
	if (err == 0)
		err = read_file(load, MODEL_GRANTS, "vm_mappings", GRANTS_BYTES);
	if (err == 0)
		err = read_folder(load, &grants_folder);
	if (err == 0)
		err = read_file(load, MODEL_KEYS, "yubikey_mappings", KEYS_BYTES);
	if (err == 0)
		err = model_check(load->policy, load->report);
	return err;
}

int
policy_load(const char *conf_path, struct report *report, struct policy **policy)
{
	struct load load = {.report = report, .policy = model_new()};
	const char *slash = strrchr(conf_path, '/');
	size_t errors = report->errors,
	       len = slash != NULL ? (size_t)(slash - conf_path) + 1 : 0;
	int err = -ENOMEM;

	if (load.policy == NULL)
		goto out;
	if (len >= sizeof(load.folder)) {
		report_error(report, conf_path, 0, NULL, "its path is too long");
		err = -EINVAL;
		goto out;
	}
	memcpy(load.folder, conf_path, len);
	load.folder[len] = '\0';
	err = read_all(&load, conf_path + len);
	if (err == 0 && report->errors > errors)
		err = -EINVAL;
	if (err == 0) {
		*policy = load.policy;
		load.policy = NULL;
	}
out:
	policy_free(load.policy);
	return err;
}
