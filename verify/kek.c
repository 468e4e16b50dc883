/* The key file. */
#include "verify/kek.h"

#include "lib/io.h"
#include "lib/log.h"
#include "verify/crypt.h"
#include "verify/storedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static int
write_random(int fd)
{
	struct secret s;
	int err = secret_new(&s, CRYPT_KEK);

	if (err < 0)
		return err;
	if (getrandom(s.bytes, s.len, 0) != (ssize_t)s.len)
		err = -EIO;
	else if (write(fd, s.bytes, s.len) != (ssize_t)s.len || fsync(fd) < 0)
		err = errno != 0 ? -errno : -EIO;
	secret_free(&s);
	return err;
}

/* Whole or not at all: written under another name, then linked, which fails
 * when somebody else was faster. */
static int
make(const char *path)
{
	char fresh[4096];
	int err, fd;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	(void)unlink(fresh); /* of a start that was cut short */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	errno = 0;
	err = write_random(fd);
	if (err == 0 && link(fresh, path) < 0 && errno != EEXIST)
		err = -errno;
	io_close(&fd);
	(void)unlink(fresh);
	return err == 0 ? storedir_sync_name(path) : err;
}

static int
load(const char *path, int fd, struct secret *kek)
{
	unsigned char more;
	int err = secret_new(kek, CRYPT_KEK);

	if (err < 0) {
		log_error("no memory for the key of %s", path);
		return err;
	}
	if (read(fd, kek->bytes, kek->len) == (ssize_t)kek->len && read(fd, &more, 1) == 0)
		return 0;
	log_error("%s is not a key file of %d bytes", path, CRYPT_KEK);
	secret_free(kek);
	return -EUCLEAN;
}

int
kek_obtain(const char *path, bool has_store, struct secret *kek)
{
	const char *why = NULL;
	int err, fd = io_open_trusted(path, IO_TRUST_SECRET, &why);

	if (fd == -ENOENT && has_store) {
		log_error("there is a store, but its key file %s is missing: put it back from "
			  "a backup (without it the stored keys can't be read)",
		    path);
		return fd;
	}
	if (fd == -ENOENT) {
		err = make(path);
		if (err < 0) {
			log_error("cannot make the key file %s: %s", path, strerror(-err));
			return err;
		}
		log_info("made the key file %s", path);
		fd = io_open_trusted(path, IO_TRUST_SECRET, &why);
	}
	if (fd < 0) {
		log_error("key file %s: %s", path, why != NULL ? why : strerror(-fd));
		return fd;
	}
	err = load(path, fd, kek);
	io_close(&fd);
	return err;
}
