/* Requests to verify and its answers, as messages. "False" everywhere: the program
 * has gone. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_MESSAGE_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_MESSAGE_H

#include "tests/support/verify_peer.h"

#include <sys/wait.h>

/* Closes our end and tells how it ended: its status, or 256 + signal. */
static inline int
peer_finish(struct peer *p)
{
	int status;

	io_close(&p->fd);
	if (waitpid(p->pid, &status, 0) != p->pid)
		peer_die("it cannot be waited for");
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static inline bool
peer_send(struct peer *p, const struct wire_out *out, const int *fd)
{
	int64_t deadline_ms = io_now_ms() + PEER_ANSWER_MS;
	int err;

	if (out->failed)
		peer_die("the message is too long");
	while ((err = io_send(p->fd, out->buf, out->len, fd, fd != NULL)) == -EAGAIN)
		if (io_wait(p->fd, POLLOUT, deadline_ms) < 0)
			peer_die("it does not read");
	return err == 0;
}

/* The next message of this type. */
static inline bool
peer_get(struct peer *p, uint8_t type, uint32_t *id, struct wire_in *in)
{
	int64_t deadline_ms = io_now_ms() + PEER_ANSWER_MS;
	struct proto_header header;
	ssize_t n;

	/* ECONNRESET comes once, in front of what was sent before the end. */
	while ((n = io_receive(p->fd, p->buf, sizeof(p->buf), NULL)) == -EAGAIN ||
	    n == -ECONNRESET)
		if (io_wait(p->fd, POLLIN, deadline_ms) < 0)
			peer_die("no answer");
	if (n <= 0)
		return false;
	wire_in_init(in, p->buf, (size_t)n);
	if (proto_get_header(in, &header) < 0 || header.type != type)
		peer_die("a wrong answer");
	*id = header.id;
	return true;
}

#endif
