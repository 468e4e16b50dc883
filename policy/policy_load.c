/* Finds and reads the files of a policy, in slices. */
#include "policy/grants_read.h"

#include "lib/array.h"
#include "policy/loading.h"
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
#define STEP_LINES     256

/* What is read, in this order. */
static const struct stage {
	enum model_kind kind;
	const char *name;   /* NULL: sallyport.conf, or what it is called */
	const char *suffix; /* of the files of a folder; NULL: it is a file */
	size_t max;         /* bytes of a file */
} stages[] = {
    {MODEL_SETTINGS, NULL, NULL, SETTINGS_BYTES},
    {MODEL_VMS, "vms.conf", NULL, VMS_BYTES},
    {MODEL_VMS, "vms.conf.d", ".conf", VMS_BYTES},
    {MODEL_GRANTS, "vm_mappings", NULL, GRANTS_BYTES},
    {MODEL_GRANTS, "vm_mappings.d", "", GRANTS_BYTES},
    {MODEL_KEYS, "yubikey_mappings", NULL, KEYS_BYTES},
};
#define STAGES (sizeof(stages) / sizeof(stages[0]))

struct names {
	char **names;
	size_t count;
};

struct policy_loading {
	struct policy *policy;
	struct report *report;
	size_t errors;         /* in the report when it began */
	char folder[PATH_MAX]; /* where sallyport.conf lies, with its final '/' or "" */
	const char *conf_name; /* of a copy of ours: conf_path */
	char *conf_path;
	size_t stage;                /* of stages[] */
	struct names names;          /* files of this stage's folder */
	size_t next;                 /* of names */
	bool is_listed;              /* they are known */
	struct grants_reader reader; /* while a file of grants is read */
	struct grants_checker checker;
};

/* Its lines are read by the steps to come. */
static int
begin_grants(struct policy_loading *load, const char *name, char *text, size_t len)
{
	const char *kept = model_keep_name(load->policy, name);
	int err = -ENOMEM;

	if (kept != NULL)
		err = grants_read_begin(
		    &load->reader, &load->policy->grants, kept, text, len, load->report);
	free(text);
	return err;
}

/* Reads the file called name in the folder. What is wrong is in the report: 0 even
 * then; -ENOMEM. */
static int
read_file(struct policy_loading *load, enum model_kind kind, const char *name, size_t max)
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
	err = kind == MODEL_GRANTS
		  ? begin_grants(load, name, text, len)
		  : model_take(load->policy, kind, name, text, len, load->report);
	return err == 0 ? model_note_file(load->policy, path, mtime_ns) : err;
}

/* --- folders of files ---------------------------------------------------------- */

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

/* Notes the folder itself, so that a file which comes or goes is seen. */
static int
note_folder(struct policy_loading *load, DIR *dir, const char *path)
{
	struct stat st;

	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	return model_note_file(
	    load->policy, path, (long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
}

/* Finds the files in an open folder. */
static int
read_dir(struct policy_loading *load, const struct stage *stage, DIR *dir, const char *path)
{
	int err = note_folder(load, dir, path);

	return err == 0 ? list(dir, stage->suffix, &load->names) : err;
}

/* The same in a folder that need not exist. */
static int
read_folder(struct policy_loading *load, const struct stage *stage)
{
	char path[PATH_MAX];
	DIR *dir;
	int err;

	if (snprintf(path, sizeof(path), "%s%s", load->folder, stage->name) >=
	    (int)sizeof(path)) {
		report_error(load->report, stage->name, 0, NULL, "its path is too long");
		return 0;
	}
	dir = opendir(path);
	if (dir == NULL && errno == ENOENT)
		return 0;
	err = dir != NULL ? read_dir(load, stage, dir, path) : -errno;
	if (dir != NULL)
		closedir(dir);
	if (err != 0 && err != -ENOMEM)
		report_error(load->report, stage->name, 0, NULL, "%s cannot be read: %s", path,
		    strerror(-err));
	return err == -ENOMEM ? err : 0;
}

/* --- the whole --------------------------------------------------------------- */

static void
next_stage(struct policy_loading *load)
{
	for (size_t i = 0; i < load->names.count; i++)
		free(load->names.names[i]);
	free(load->names.names);
	load->names = (struct names){0};
	load->next = 0;
	load->is_listed = false;
	load->stage++;
}

/* The stage's file, its list, or the next of the list. */
static int
step_files(struct policy_loading *load, const struct stage *stage)
{
	char name[PATH_MAX];

	if (stage->suffix == NULL) {
		next_stage(load);
		return read_file(load, stage->kind,
		    stage->name != NULL ? stage->name : load->conf_name, stage->max);
	}
	if (!load->is_listed) {
		load->is_listed = true;
		return read_folder(load, stage);
	}
	if (load->next == load->names.count) {
		next_stage(load);
		return 0;
	}
	snprintf(name, sizeof(name), "%s/%s", stage->name, load->names.names[load->next++]);
	return read_file(load, stage->kind, name, stage->max);
}

/* After the files: the VMs, then the grants. 1: there is more. */
static int
step_checks(struct policy_loading *load)
{
	struct policy *policy = load->policy;
	int err;

	if (load->stage == STAGES) {
		load->stage++;
		err = model_check_vms(policy, load->report);
		/* Without the VMs every line would be wrong, and none of them at fault. */
		return err == 0 && policy->has_vms ? 1 : err;
	}
	return grants_check_some(
	    &load->checker, &policy->grants, &policy->vms, load->report, STEP_LINES);
}

int
policy_loading_step(struct policy_loading *load, struct policy **policy)
{
	int err;

	if (load->reader.text != NULL)
		err = grants_read_some(&load->reader, STEP_LINES);
	else if (load->stage < STAGES)
		err = step_files(load, &stages[load->stage]);
	else
		err = step_checks(load);
	if (err < 0)
		return err;
	if (err > 0 || load->reader.text != NULL || load->stage <= STAGES)
		return 1;
	if (load->report->errors > load->errors)
		return -EINVAL;
	*policy = load->policy;
	load->policy = NULL;
	return 0;
}

struct policy_loading *
policy_loading_new(const char *conf_path, struct report *report)
{
	struct policy_loading *load = calloc(1, sizeof(*load));
	const char *slash;

	if (load == NULL)
		return NULL;
	load->report = report;
	load->errors = report->errors;
	load->policy = model_new();
	load->conf_path = strdup(conf_path);
	if (load->policy == NULL || load->conf_path == NULL) {
		policy_loading_free(load);
		return NULL;
	}
	slash = strrchr(load->conf_path, '/');
	load->conf_name = slash != NULL ? slash + 1 : load->conf_path;
	/* One that does not fit is refused where the files are read. */
	snprintf(load->folder, sizeof(load->folder), "%.*s",
	    (int)(load->conf_name - load->conf_path), load->conf_path);
	return load;
}

void
policy_loading_free(struct policy_loading *load)
{
	if (load == NULL)
		return;
	next_stage(load);
	grants_read_end(&load->reader);
	grants_check_end(&load->checker);
	policy_free(load->policy);
	free(load->conf_path);
	free(load);
}

int
policy_load(const char *conf_path, struct report *report, struct policy **policy)
{
	struct policy_loading *load = policy_loading_new(conf_path, report);
	int err = load != NULL ? 1 : -ENOMEM;

	while (err > 0)
		err = policy_loading_step(load, policy);
	policy_loading_free(load);
	return err;
}
