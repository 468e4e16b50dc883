/* Reading a descriptor piece by piece. */
#include "verify/intake.h"

#include "lib/io.h"
#include "lib/secret.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (256 * 1024)
#define SPACE (INTAKE_MAX + 1)

void
intake_init(struct intake *intake)
{
	*intake = (struct intake){.fd = -1};
}

int
intake_open(struct intake *intake, int fd)
{
	struct stat st;
	void *space;

	*intake = (struct intake){.fd = fd, .deadline_ms = io_now_ms() + INTAKE_TIMEOUT_MS};
	if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))) {
		intake_close(intake);
		return -EINVAL;
	}
	/* All at once: growing would leave copies of the secrets behind. Pages
	 * that nothing is read into cost nothing. */
	space = mmap(NULL, SPACE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (space == MAP_FAILED) {
		intake_close(intake);
		return -ENOMEM;
	}
	(void)madvise(space, SPACE, MADV_DONTDUMP);
	intake->text = space;
	return 0;
}

int
intake_read(struct intake *intake)
{
	size_t room = SPACE - intake->len;
	ssize_t n;

	if (io_now_ms() >= intake->deadline_ms)
		return -ETIMEDOUT;
	n = read(intake->fd, intake->text + intake->len, room < PIECE ? room : PIECE);
	if (n == 0)
		return 0;
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	intake->len += (size_t)n;
	return intake->len > INTAKE_MAX ? -EFBIG : -EAGAIN;
}

void
intake_close(struct intake *intake)
{
	if (intake->text != NULL) {
		secret_wipe(intake->text, intake->len);
		munmap(intake->text, SPACE);
	}
	io_close(&intake->fd);
	intake_init(intake);
}
