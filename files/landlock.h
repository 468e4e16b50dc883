/* Landlock (landlock(7)): which files this process and what it executes may reach, from
 * now on and for good. Numbers of our own, because the build's headers may be older
 * than the kernel. */
#ifndef SALLYPORT_FILES_LANDLOCK_H
#define SALLYPORT_FILES_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define LANDLOCK_ABI_KNOWN  7
#define LANDLOCK_ABI_WRITES 3 /* the first that knows of truncating */

enum landlock_reach {
	LANDLOCK_NOTHING = 0,
	LANDLOCK_LIBRARY,  /* read what is in it, not list it */
	LANDLOCK_PROGRAM,  /* and execute it */
	LANDLOCK_READABLE, /* list it and read what is in it */
	LANDLOCK_WRITABLE, /* and change it: files, folders, symbolic and hard links */
};

/* The kernel's, 0: no Landlock. */
unsigned int landlock_abi(void);
/* Of a rule for a folder, or (is_file) a file. Pure. */
uint64_t landlock_rights(enum landlock_reach reach, bool is_file, unsigned int abi);
/* A ruleset that denies everything this abi knows: the descriptor (close-on-exec), or
 * -errno. */
int landlock_ruleset(unsigned int abi);
/* Adds what fd (it may be O_PATH) refers to. 0 or -errno. */
int landlock_add(int ruleset, int fd, enum landlock_reach reach, unsigned int abi);
/* Needs no_new_privs. 0 or -errno. */
int landlock_enter(int ruleset);

#endif
