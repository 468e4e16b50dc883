/* Preloaded into programs under test: notes what they do to files and folders in the
 * shared log named by CUT_LOG (tests/support/cut_log.h). Does it all nevertheless. */
#include "tests/support/cut_log.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Before the program confines itself: all is looked up, the log is mapped. */
static struct cut_log *cut;
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_linkat)(int, const char *, int, const char *, int);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_unlink)(const char *);
static int (*real_eventfd)(unsigned int, int);
static int words = -1; /* an eventfd: who writes there may be allowed nothing else */

static void *
next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

#define NEXT(name) *(void **)(uintptr_t)&real_##name = next(#name)

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("CUT_LOG");
	int fd;

	if (real_openat != NULL)
		return;
	NEXT(write);
	NEXT(pwrite);
	NEXT(fsync);
	NEXT(fdatasync);
	NEXT(ftruncate);
	NEXT(openat);
	NEXT(linkat);
	NEXT(renameat);
	NEXT(unlinkat);
	NEXT(unlink);
	NEXT(eventfd);
	fd = path == NULL ? -1 : real_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	cut = mmap(NULL, CUT_LOG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cut == MAP_FAILED)
		cut = NULL;
	close(fd);
}

static void
copy_name(char to[CUT_NAME], const char *path)
{
	const char *base = path == NULL                 ? ""
			   : strrchr(path, '/') != NULL ? strrchr(path, '/') + 1
							: path;
	size_t len = strnlen(base, CUT_NAME - 1);

	memcpy(to, base, len);
	to[len] = '\0';
}

static void
note(struct cut_record *record, const void *data)
{
	uint64_t need = sizeof(*record) + (record->len + UINT64_C(7)) / 8 * 8, at;
	struct cut_record *to;
	uint32_t type = record->type;

	if (cut == NULL)
		return;
	at = atomic_fetch_add(&cut->used, need);
	if (at + need > CUT_LOG_SIZE - sizeof(*cut))
		abort();
	to = (struct cut_record *)(void *)(cut->bytes + at);
	record->type = CUT_NONE;
	*to = *record;
	memcpy(to + 1, data, record->len);
	to->type = type;
}

/* Called by the driver (dlsym): it was told that this is done. */
void
cut_ack(const char *line);
void
cut_ack(const char *line)
{
	struct cut_record record = {.type = CUT_ACK, .len = (uint32_t)strlen(line)};

	note(&record, line);
}

static uint64_t
ino_of(int fd, mode_t type, off_t *size)
{
	struct stat st;

	if (cut == NULL || fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != type)
		return 0;
	if (size != NULL)
		*size = st.st_size;
	return st.st_ino;
}

/* The folder of path as seen from dir. */
static uint64_t
dir_of(int dir, const char *path)
{
	char copy[PATH_MAX];
	struct stat st;

	if (cut == NULL || strlen(path) >= sizeof(copy))
		return 0;
	memcpy(copy, path, strlen(path) + 1);
	return fstatat(dir, strchr(path, '/') == NULL ? "." : dirname(copy), &st, 0) < 0
		   ? 0
		   : st.st_ino;
}

static void
note_write(uint64_t ino, off_t at, const void *buf, ssize_t n)
{
	struct cut_record record = {
	    .type = CUT_WRITE, .ino = ino, .at = (uint64_t)at, .len = (uint32_t)n};

	if (ino != 0 && n > 0)
		note(&record, buf);
}

int
eventfd(unsigned int count, int flags)
{
	begin();
	words = real_eventfd(count, flags);
	return words;
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	off_t size = 0;
	uint64_t ino =
	    fd == words ? 0 : ino_of(fd, S_IFREG, &size); /* all that matter append */
	ssize_t n = real_write(fd, buf, len);

	note_write(ino, size, buf, n);
	return n;
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	ssize_t n = real_pwrite(fd, buf, len, at);

	note_write(ino_of(fd, S_IFREG, NULL), at, buf, n);
	return n;
}

ssize_t
pwrite64(int fd, const void *buf, size_t len, off64_t at) __attribute__((alias("pwrite")));

static void
note_sync(int fd)
{
	struct cut_record file = {.type = CUT_SYNC, .ino = ino_of(fd, S_IFREG, NULL)};
	struct cut_record dir = {.type = CUT_DIRSYNC, .dir = ino_of(fd, S_IFDIR, NULL)};

	if (file.ino != 0)
		note(&file, NULL);
	if (dir.dir != 0)
		note(&dir, NULL);
}

int
fsync(int fd)
{
	int err = real_fsync(fd);

	if (err == 0)
		note_sync(fd);
	return err;
}

int
fdatasync(int fd)
{
	int err = real_fdatasync(fd);

	if (err == 0)
		note_sync(fd);
	return err;
}

int
ftruncate(int fd, off_t size)
{
	int err = real_ftruncate(fd, size);
	struct cut_record record = {
	    .type = CUT_SIZE, .ino = ino_of(fd, S_IFREG, NULL), .at = (uint64_t)size};

	if (err == 0 && record.ino != 0)
		note(&record, NULL);
	return err;
}

int
ftruncate64(int fd, off64_t size) __attribute__((alias("ftruncate")));

static void
note_name(enum cut_type type, uint64_t dir, uint64_t ino, const char *from, const char *name)
{
	struct cut_record record = {.type = type, .dir = dir, .ino = ino};

	copy_name(record.from, from);
	copy_name(record.name, name);
	if (dir != 0)
		note(&record, NULL);
}

static int
open_noted(int dir, const char *path, int flags, mode_t mode)
{
	struct stat st;
	bool is_new = cut != NULL && (flags & O_CREAT) != 0 &&
		      fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0;
	int fd;

	if (real_openat == NULL) /* another library's constructor came before ours */
		begin();
	fd = real_openat(dir, path, flags, mode);

	if (fd >= 0 && is_new)
		note_name(CUT_CREATE, dir_of(dir, path), ino_of(fd, S_IFREG, NULL), NULL, path);
	return fd;
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(args, int) : 0;
	va_end(args);
	return open_noted(dir, path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? (mode_t)va_arg(args, int) : 0;
	va_end(args);
	return open_noted(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...) __attribute__((alias("open")));
int
openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));

int
linkat(int dir, const char *from, int to, const char *name, int flags)
{
	int err = real_linkat(dir, from, to, name, flags);

	if (err == 0)
		note_name(CUT_LINK, dir_of(dir, from), 0, from, name);
	return err;
}

int
renameat(int dir, const char *from, int to, const char *name)
{
	int err = real_renameat(dir, from, to, name);

	if (err == 0)
		note_name(CUT_RENAME, dir_of(dir, from), 0, from, name);
	return err;
}

int
unlinkat(int dir, const char *name, int flags)
{
	int err = real_unlinkat(dir, name, flags);

	if (err == 0)
		note_name(CUT_UNLINK, dir_of(dir, name), 0, NULL, name);
	return err;
}

int
unlink(const char *path)
{
	int err = real_unlink(path);

	if (err == 0)
		note_name(CUT_UNLINK, dir_of(AT_FDCWD, path), 0, NULL, path);
	return err;
}
