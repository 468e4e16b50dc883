/* File transfer inside walls: one program (sftp-server, scp, rsync) is executed so that it
 * sees the folders that it was given and nothing else, by what the kernel lets an
 * ordinary user do. Runs as the user; reads no byte of his. */
#ifndef SALLYPORT_FILES_FILES_H
#define SALLYPORT_FILES_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FILES_FOLDERS_MAX 1024

/* A folder that is shown as name, and where it lies: an absolute path in which no
 * component is a symbolic link. */
struct files_folder {
	const char *name, *path;
	bool is_writable;
};

enum files_program { FILES_SFTP_SERVER, FILES_SCP, FILES_RSYNC };

/* What holds. */
enum files_level {
	FILES_NOTHING = 0,
	FILES_LANDLOCK_WEAK, /* Landlock below ABI 3, no namespaces: for reading only */
	FILES_LANDLOCK,      /* Landlock of ABI 3 or later, no namespaces */
	FILES_NAMESPACE,     /* own user, mount, network, IPC and UTS namespaces */
};

struct files_place {
	const struct files_folder *folders;
	size_t count; /* 1: it is the root itself; more: a root with one folder each. With
		       * FILES_LANDLOCK paths stay real, and the first is where it starts. */
	bool has_names; /* a root with a folder each, even if it is only one */
	enum files_program program;
	const char *user, *group; /* names for listings; group NULL: its number */
	uid_t uid;
	gid_t gid;
	bool may_only_read; /* FILES_LANDLOCK_WEAK will do: then no folder is writable */
};

/* Confines this process, which has one thread, for the program that it executes next. All
 * descriptors from 3 on are closed. 0 and *level (not FILES_NOTHING); else -errno, and
 * *what (static, or of place) names what failed: then nothing may be executed.
 * -ELOOP: a symbolic link in a folder's path; -ENOTSUP: this kernel has too little. */
int files_confine(
    const struct files_place *place, enum files_level *level, const char **what);

/* Executes the program with words (words[0] its name, NULL at the end), in an environment
 * of its own. Only after files_confine. Returns only when that failed: -errno. */
int files_execute(
    const struct files_place *place, enum files_level level, char *const *words);

/* The level that files_confine comes to here, Landlock's ABI (0: none), and what failed (""
 * or static). Confines this process to an end: for one that has nothing else to do. */
enum files_level files_probe(unsigned int *landlock_abi, const char **what);

#endif
