/* The other end of the program verify: started on a socket pair, as the
 * supervisor does it. What goes wrong ends the test. */
#ifndef SALLYPORT_TESTS_SUPPORT_VERIFY_PEER_H
#define SALLYPORT_TESTS_SUPPORT_VERIFY_PEER_H

#include "lib/io.h"
#include "lib/proto.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define PEER_ANSWER_MS 180000 /* it hangs, whatever the machine */

struct peer {
	int fd; /* our end */
	pid_t pid;
	uint32_t id; /* of the last request */
	uint64_t audit_seq, store_seq;
	uint8_t buf[IO_MESSAGE_MAX];
};

static inline void __attribute__((noreturn))
peer_die(const char *what)
{
	fprintf(stderr, "verify's peer: %s\n", what);
	exit(1);
}

static inline void
peer_start(struct peer *p, char **argv)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		peer_die("no socket pair");
	p->pid = fork();
	if (p->pid == 0) {
		if (pair[1] == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(pair[1], 3) < 0)
			_exit(126);
		execv(argv[0], argv);
		_exit(127);
	}
	if (p->pid < 0)
		peer_die("no process");
	close(pair[1]);
	p->fd = pair[0];
}

#endif
