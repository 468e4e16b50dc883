/* memfd with seals. The mapping is made before the seal, and so can still wipe. */
#include "cli/sealed.h"

#include "lib/io.h"
#include "lib/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE 4096

static int
open_memory(void)
{
	int fd = memfd_create("sallyport-keys", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -errno : fd;
}

/* Maps and seals what was written into sealed->fd. */
static int
seal(struct sealed *sealed)
{
	static const int seals =
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	void *bytes;

	if (sealed->len == 0)
		return -EINVAL;
	bytes = mmap(NULL, sealed->len, PROT_READ | PROT_WRITE, MAP_SHARED, sealed->fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	sealed->bytes = bytes;
	(void)mlock(bytes, sealed->len); /* best effort, as in secret_new */
	(void)madvise(bytes, sealed->len, MADV_DONTDUMP);
	if (fcntl(sealed->fd, F_ADD_SEALS, seals) < 0 || lseek(sealed->fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}

/* What was written before a failure must not stay behind. */
static int
finish(struct sealed *sealed, int err)
{
	if (err == 0)
		err = seal(sealed);
	if (err == 0)
		return 0;
	if (sealed->bytes == NULL && sealed->len > 0) {
		void *bytes =
		    mmap(NULL, sealed->len, PROT_READ | PROT_WRITE, MAP_SHARED, sealed->fd, 0);
		sealed->bytes = bytes != MAP_FAILED ? bytes : NULL;
	}
	sealed_free(sealed);
	return err;
}

int
sealed_from(struct sealed *sealed, const void *bytes, size_t len)
{
	int fd = open_memory();

	*sealed = SEALED_NONE;
	if (fd < 0)
		return fd;
	sealed->fd = fd;
	sealed->len = len;
	return finish(sealed, io_write_all(fd, bytes, len));
}

int
sealed_copy(struct sealed *sealed, int fd)
{
	struct secret piece = {0};
	int err = secret_new(&piece, PIECE);
	ssize_t n;

	*sealed = SEALED_NONE;
	if (err < 0)
		return err;
	sealed->fd = open_memory();
	err = sealed->fd < 0 ? sealed->fd : 0;
	while (err == 0) {
		n = read(fd, piece.bytes, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		err = io_write_all(sealed->fd, piece.bytes, (size_t)n);
		sealed->len += (size_t)n;
		if (sealed->len > SEALED_MAX)
			err = -EFBIG;
	}
	secret_free(&piece);
	return finish(sealed, err);
}

void
sealed_free(struct sealed *sealed)
{
	if (sealed->bytes != NULL) {
		secret_wipe(sealed->bytes, sealed->len);
		munmap(sealed->bytes, sealed->len);
	}
	if (sealed->fd >= 0)
		close(sealed->fd);
	*sealed = SEALED_NONE;
}
