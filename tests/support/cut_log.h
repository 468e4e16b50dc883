/* What a program did to its files, for tests of power cuts: written by
 * preload/cut_shim.c into memory that is shared, read by cut_replay.c. */
#ifndef SALLYPORT_TESTS_SUPPORT_CUT_LOG_H
#define SALLYPORT_TESTS_SUPPORT_CUT_LOG_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CUT_LOG_SIZE ((size_t)256 << 20)
#define CUT_NAME     64

enum cut_type {
	CUT_NONE = 0,
	CUT_WRITE,  /* ino, at, data */
	CUT_SIZE,   /* ino, at: the file's new size */
	CUT_SYNC,   /* ino: a file's flush has ended */
	CUT_CREATE, /* dir, name, ino */
	CUT_LINK,   /* dir, from, name */
	CUT_RENAME, /* dir, from, name */
	CUT_UNLINK, /* dir, name */
	CUT_DIRSYNC, /* dir */
	CUT_ACK,    /* data: a line of the driver's, what it was told is done */
};

struct cut_record {
	uint32_t type; /* enum cut_type; set last */
	uint32_t len;  /* of the data behind it, which is padded to 8 */
	uint64_t dir, ino, at;
	char from[CUT_NAME], name[CUT_NAME];
};

struct cut_log {
	_Atomic uint64_t used; /* bytes behind this header */
	char bytes[];
};

#endif
