/* The programs that serve transfers: where they are, what they need to run, and the
 * environment that they get. */
#ifndef SALLYPORT_FILES_PROGRAM_H
#define SALLYPORT_FILES_PROGRAM_H

#include "files/files.h"
#include "files/inner.h"

#define PROGRAM_ENVIRONMENT_MAX 8

struct program {
	const char *path;
	char inner[sizeof(INNER_VARIABLE "=") + INNER_TEXT_MAX];
	char zone[64];
	char *environment[PROGRAM_ENVIRONMENT_MAX];
};

/* Folders with libraries, those that may be symbolic links first; NULL at the end. */
extern const char *const program_libraries[];
/* What may be executed besides the program: this machine's ld.so. */
extern const char *const program_loader;
/* The loader's list of libraries. */
extern const char *const program_cache;

/* Where it is; NULL: not here. */
const char *program_find(enum files_program program);
/* Fills all of *program but path; false when inner cannot be packed. */
bool program_prepare(struct program *program, const struct inner *inner);
/* The last line of a file of tzfile(5), which says what TZ shall be, behind "TZ=";
 * "TZ=UTC0" when it is none. zone[cap]. */
void program_zone(const char *bytes, size_t len, char *zone, size_t cap);

#endif
