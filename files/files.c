/* The outer step, in its order: namespaces, a root of its own, capabilities, Landlock,
 * system calls. What fails, fails the whole; only where this kernel gives no namespaces,
 * Landlock alone must do. */
#include "files/files.h"

#include "files/calls.h"
#include "files/inner.h"
#include "files/landlock.h"
#include "files/program.h"
#include "files/tree.h"
#include "files/userns.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS_MAX 512

/* A confinement as it is made. */
struct making {
	const struct files_place *place;
	const char **what;
	const char *program;
	unsigned int abi;
	enum files_level level;
	int outer, inner; /* rulesets, -1 without Landlock */
	int start;        /* where the inner step begins */
};

/* What the program is executed with: of the one confinement that a process has. */
static struct program prepared;

static bool
has_namespace(const struct making *making)
{
	return making->level == FILES_NAMESPACE;
}

/* Not the one folder itself, but a root with them in it. */
static bool
has_room(const struct files_place *place)
{
	return place->count > 1 || place->has_names;
}

/* How many of the folders may be written to. */
static size_t
count_writable(const struct files_place *place, enum files_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < place->count && level > FILES_LANDLOCK_WEAK; i++)
		n += place->folders[i].is_writable;
	return n;
}

/* Nothing is inherited but what is handed over, and that has fixed numbers: the null device
 * keeps them free till then. */
static int
clear_descriptors(void)
{
	if (syscall(SYS_close_range, INNER_PLACE, ~0U, 0) < 0)
		return -errno;
	for (int fd = INNER_PLACE; fd <= INNER_NULL; fd++)
		if (open("/dev/null", O_RDWR) != fd)
			return -EBADF;
	return 0;
}

static int
hand_over(struct making *making)
{
	if (dup2(making->start, INNER_PLACE) < 0 ||
	    (making->inner >= 0 && dup2(making->inner, INNER_RULES) < 0))
		return -errno;
	if (syscall(SYS_close_range, INNER_NULL + 1, ~0U, 0) < 0)
		return -errno;
	return 0;
}

static int
find_level(struct making *making)
{
	int err = userns_enter(making->place->uid, making->place->gid);
	bool is_denied = err == -EPERM || err == -ENOSPC || err == -EINVAL || err == -ENOSYS ||
			 err == -EACCES;

	*making->what = "user namespace";
	if (err < 0 && !is_denied)
		return err;
	if (err == 0) {
		*making->what = "mounts";
		err = tree_begin();
		if (err < 0 && err != -EPERM && err != -EACCES)
			return err;
	}
	if (err == 0)
		making->level = FILES_NAMESPACE;
	else if (making->abi >= LANDLOCK_ABI_WRITES)
		making->level = FILES_LANDLOCK;
	else if (making->abi > 0)
		making->level = FILES_LANDLOCK_WEAK;
	*making->what = "namespaces and Landlock";
	if (making->level == FILES_NOTHING ||
	    (making->level == FILES_LANDLOCK_WEAK && !making->place->may_only_read))
		return -ENOTSUP;
	return 0;
}

static int
make_rulesets(struct making *making)
{
	*making->what = "Landlock";
	if (making->abi == 0)
		return 0;
	making->outer = landlock_ruleset(making->abi);
	making->inner = landlock_ruleset(making->abi);
	if (making->outer < 0)
		return making->outer;
	return making->inner < 0 ? making->inner : 0;
}

/* Takes fd, and hands it on if it is an error. */
static int
allow_outside(struct making *making, int fd, enum landlock_reach reach)
{
	int err = fd < 0 ? fd : 0;

	if (err == 0 && making->outer >= 0)
		err = landlock_add(making->outer, fd, reach, making->abi);
	io_close(&fd);
	return err;
}

static int
open_path(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int
show(struct making *making, const char *path, enum landlock_reach reach)
{
	*making->what = path;
	return allow_outside(
	    making, has_namespace(making) ? tree_show(path) : open_path(path), reach);
}

static bool
lies_in(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static bool
is_in_library(const char *path)
{
	for (const char *const *folder = program_libraries; *folder != NULL; folder++)
		if (lies_in(path, *folder))
			return true;
	return false;
}

/* What is not there is left out. */
static int
show_if_there(struct making *making, const char *path)
{
	int err = show(making, path, LANDLOCK_LIBRARY);

	return err == -ENOENT ? 0 : err;
}

/* These alone may be executed. What is not shown yet lies in a library's folder. */
static int
allow_to_execute(struct making *making, const char *path)
{
	*making->what = path;
	return allow_outside(making, open_path(path), LANDLOCK_PROGRAM);
}

/* What must be there for the program to start. */
static int
show_program(struct making *making)
{
	int err = show_if_there(making, program_cache);

	for (const char *const *folder = program_libraries; *folder != NULL && err == 0;
	     folder++)
		err = show_if_there(making, *folder);
	if (err == 0)
		err = show(making, INNER_OBJECT, LANDLOCK_LIBRARY);
	if (err == 0)
		err = allow_to_execute(making, program_loader);
	if (err == 0 && !is_in_library(making->program))
		return show(making, making->program, LANDLOCK_PROGRAM);
	return err < 0 ? err : allow_to_execute(making, making->program);
}

/* Whoever may write next to a folder could put a link in its place. */
static int
open_folder(const char *path)
{
	const struct open_how how = {
	    .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
	long fd = path[0] != '/' ? (errno = EINVAL, -1)
				 : syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int
allow_folder(struct making *making, int fd, bool is_writable)
{
	enum landlock_reach reach = is_writable ? LANDLOCK_WRITABLE : LANDLOCK_READABLE;
	int err;

	if (making->abi == 0)
		return 0;
	err = landlock_add(making->outer, fd, reach, making->abi);
	return err < 0 ? err : landlock_add(making->inner, fd, reach, making->abi);
}

static int
show_folder(struct making *making, const struct files_folder *folder)
{
	bool is_writable = folder->is_writable && making->level != FILES_LANDLOCK_WEAK;
	int fd = open_folder(folder->path), shown = -1, err = fd < 0 ? fd : 0;

	*making->what = folder->path;
	if (err == 0 && has_namespace(making)) {
		shown = tree_show_folder(
		    fd, has_room(making->place) ? folder->name : NULL, is_writable);
		err = shown < 0 ? shown : 0;
	}
	if (err == 0)
		err = allow_folder(making, fd, is_writable);
	if (err == 0 && !has_namespace(making) && making->start < 0) {
		making->start = fd;
		fd = -1;
	}
	io_close(&shown);
	io_close(&fd);
	return err;
}

static int
show_folders(struct making *making)
{
	int err = 0;

	for (size_t i = 0; i < making->place->count && err == 0; i++)
		err = show_folder(making, &making->place->folders[i]);
	return err;
}

/* The room itself can be listed where it is not one of the folders. */
static int
enter_tree(struct making *making)
{
	int err = 0;

	*making->what = "root directory";
	if (!has_namespace(making))
		return 0;
	making->start = tree_enter();
	if (making->start < 0)
		return making->start;
	if (has_room(making->place))
		err = allow_folder(making, making->start, false);
	*making->what = "capabilities";
	return err < 0 ? err : userns_keep_chroot();
}

static struct calls_ask
calls_of(const struct making *making)
{
	static const enum calls_program programs[] = {[FILES_SFTP_SERVER] = CALLS_SFTP,
	    [FILES_SCP] = CALLS_SCP,
	    [FILES_RSYNC] = CALLS_RSYNC};

	size_t writable = count_writable(making->place, making->level);

	return (struct calls_ask){
	    .program = programs[making->place->program],
	    .stage = CALLS_LOADING,
	    .are_paths_real = !has_namespace(making),
	    .is_reading = writable == 0,
	    .keeps_metadata = !has_namespace(making) && writable < making->place->count,
	    .pid = getpid(),
	};
}

static int
prepare(struct making *making)
{
	const struct files_place *place = making->place;
	struct inner inner = {.calls = calls_of(making),
	    .has_rules = making->inner >= 0,
	    .uid = place->uid,
	    .gid = place->gid};

	*making->what = "names";
	prepared.path = making->program;
	if (strlen(place->user) >= sizeof(inner.user))
		return -ENAMETOOLONG;
	memcpy(inner.user, place->user, strlen(place->user) + 1);
	if (place->group != NULL && strlen(place->group) < sizeof(inner.group))
		memcpy(inner.group, place->group, strlen(place->group) + 1);
	return program_prepare(&prepared, &inner) ? 0 : -EINVAL;
}

static int
lock(struct making *making)
{
	const struct calls_ask ask = calls_of(making);
	int err = 0;

	*making->what = "Landlock";
	if (making->outer >= 0)
		err = landlock_enter(making->outer);
	*making->what = "descriptors";
	if (err == 0)
		err = hand_over(making);
	*making->what = "system call filter";
	return err < 0 ? err : calls_confine(&ask);
}

/* Names come from the policy; none may lead elsewhere all the same. */
static int
check_place(const struct making *making)
{
	const struct files_place *place = making->place;

	*making->what = "folders";
	if (place->count == 0 || place->count > FILES_FOLDERS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < place->count; i++) {
		const char *name = place->folders[i].name;
		if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
			return -EINVAL;
	}
	*making->what = "program";
	return making->program == NULL ? -ENOENT : 0;
}

int
files_confine(const struct files_place *place, enum files_level *level, const char **what)
{
	struct making making = {.place = place,
	    .what = what,
	    .program = program_find(place->program),
	    .abi = landlock_abi(),
	    .outer = -1,
	    .inner = -1,
	    .start = -1};
	static int (*const steps[])(struct making *) = {
	    find_level, make_rulesets, show_program, show_folders, enter_tree, prepare, lock};
	int err = check_place(&making);

	*level = FILES_NOTHING;
	if (err == 0)
		err = clear_descriptors();
	if (err == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		err = -errno;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && err == 0; i++)
		err = steps[i](&making);
	if (err == 0)
		*level = making.level;
	return err;
}

int
files_execute(const struct files_place *place, enum files_level level, char *const *words)
{
	static char read_only[] = "-R";
	char *all[WORDS_MAX + 2];
	size_t n = 0;

	if (level == FILES_NOTHING || prepared.path == NULL)
		return -EPERM;
	for (; words[n] != NULL; n++) {
		if (n == WORDS_MAX)
			return -E2BIG;
		all[n] = words[n];
	}
	if (place->program == FILES_SFTP_SERVER && count_writable(place, level) == 0)
		all[n++] = read_only;
	all[n] = NULL;
	execve(prepared.path, all, prepared.environment);
	return -errno;
}

enum files_level
files_probe(unsigned int *abi, const char **what)
{
	static const struct files_folder folder = {
	    .name = "probe", .path = LIBEXECDIR, .is_writable = true};
	const struct files_place place = {.folders = &folder,
	    .count = 1,
	    .user = "probe",
	    .uid = getuid(),
	    .gid = getgid(),
	    .may_only_read = true};
	enum files_level level;

	*abi = landlock_abi();
	if (files_confine(&place, &level, what) < 0)
		return FILES_NOTHING;
	*what = "";
	return level;
}
