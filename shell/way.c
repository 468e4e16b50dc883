/* read and write, or splice where there is a pipe: half the calls, and no copy. */
#include "shell/way.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MUCH (WAY_BYTES / 2)

static bool
is_a(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

void
way_open(struct way *way, int from, int to, int escape)
{
	way->from = from;
	way->to = to;
	way->escape = escape;
	way->is_wide = way->wants_room = way->is_eof = way->is_over = way->is_lost =
	    way->is_left = false;
	way->idle = 0;
	way->at = way->len = 0;
	/* To or from anything but a socket a splice may block. */
	way->is_spliced = escape < 0 && ((is_a(from, S_IFIFO) && is_a(to, S_IFSOCK)) ||
					    (is_a(from, S_IFSOCK) && is_a(to, S_IFIFO)));
}

bool
way_wants_input(const struct way *way)
{
	return !way->is_over && !way->wants_room && way->len == 0;
}

bool
way_wants_room(const struct way *way)
{
	return !way->is_over && (way->wants_room || way->len > 0);
}

static bool
is_transient(int error)
{
	return error == EAGAIN || error == EINTR || error == ENOBUFS;
}

static void
lose(struct way *way)
{
	way->is_lost = way->is_over = true;
	way->wants_room = false;
	way->len = 0;
}

static void
see_end(struct way *way)
{
	way->is_eof = true;
	way->is_over = way->len == 0;
}

static ssize_t
read_some(struct way *way)
{
	ssize_t n = recv(way->from, way->buf, sizeof(way->buf), MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? read(way->from, way->buf, sizeof(way->buf)) : n;
}

static ssize_t
write_some(const struct way *way)
{
	const uint8_t *bytes = way->buf + way->at;
	ssize_t n = send(way->to, bytes, way->len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(way->to, bytes, way->len) : n;
}

static void
put(struct way *way)
{
	ssize_t n = write_some(way);

	if (n < 0) {
		if (!is_transient(errno))
			lose(way);
		return;
	}
	way->at += (size_t)n;
	way->len -= (size_t)n;
	if (way->len == 0 && way->is_eof)
		way->is_over = true;
}

static void
cut_at_escape(struct way *way)
{
	const uint8_t *found = way->escape < 0 ? NULL : memchr(way->buf, way->escape, way->len);

	if (found == NULL)
		return;
	way->len = (size_t)(found - way->buf);
	way->is_left = way->is_eof = true;
	way->is_over = way->len == 0;
}

static void
take(struct way *way)
{
	ssize_t n = read_some(way);

	if (n < 0 && is_transient(errno))
		return;
	if (n <= 0) { /* EIO: the terminal is gone */
		see_end(way);
		return;
	}
	way->at = 0;
	way->len = (size_t)n;
	cut_at_escape(way);
	if (way->len > 0)
		put(way);
}

/* Nothing moved: the other side was not ready either. What says twice that it is ready
 * and moves nothing is copied from then on. */
static void
see_nothing(struct way *way)
{
	way->wants_room = !way->wants_room;
	if (++way->idle < 3)
		return;
	way->is_spliced = way->wants_room = false;
}

/* Half of what a pipe holds came at once. It is to hold more, or else the process at its
 * other end and this one wake each other for each piece. Where the user's pipes have used
 * up what they may, it stays as it is. */
static void
widen(struct way *way)
{
	const int ends[2] = {way->from, way->to};

	way->is_wide = true;
	for (size_t i = 0; i < 2; i++) {
		int size = fcntl(ends[i], F_GETPIPE_SZ); /* -1: a socket */

		if (size > 0 && size < WAY_BITE)
			(void)fcntl(ends[i], F_SETPIPE_SZ, WAY_BITE);
	}
}

static void
splice_some(struct way *way)
{
	ssize_t n =
	    splice(way->from, NULL, way->to, NULL, WAY_BITE, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n >= MUCH && !way->is_wide)
		widen(way);
	if (n > 0) {
		way->wants_room = false;
		way->idle = 0;
	} else if (n < 0 && errno == EAGAIN) {
		see_nothing(way);
	} else if (n < 0 && (errno == EINVAL || errno == ENOSYS)) {
		way->is_spliced = way->wants_room = false;
	} else if (n < 0 && errno == EPIPE) {
		lose(way);
	} else if (n == 0 || !is_transient(errno)) {
		see_end(way);
	}
}

void
way_move(struct way *way)
{
	if (way->is_over)
		return;
	if (way->is_spliced)
		splice_some(way);
	else if (way->len > 0)
		put(way);
	else
		take(way);
}
