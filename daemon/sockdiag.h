/* Whose a TCP socket on this machine is, asked from the kernel by exact address
 * (NETLINK_SOCK_DIAG, inet_diag(7)): 1 µs, independent of how many there are. */
#ifndef SALLYPORT_DAEMON_SOCKDIAG_H
#define SALLYPORT_DAEMON_SOCKDIAG_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct sockdiag_owner {
	uid_t uid;
	uint32_t inode;  /* never 0: an orphaned socket reports uid 0 and inode 0 */
	uint64_t cookie; /* of this very socket, never reused until reboot */
};

/* A netlink socket (O_CLOEXEC, the caller's) or -errno. */
int sockdiag_open(void);

/* The other end of the accepted loopback connection fd. 0, -ENOENT when there is
 * none or it is orphaned, -errno. Does not block. */
int sockdiag_peer(int netlink, int fd, struct sockdiag_owner *owner);

/* Who listens at address. 0, -ENOENT, -errno. */
int sockdiag_listener(int netlink, const struct sockaddr_storage *address,
    struct sockdiag_owner *owner);

#endif
