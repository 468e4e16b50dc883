/* The client's end of the daemon's sockets: one request, one answer. Used by the
 * PAM module, the shell and the CLI; libc only, prints nothing, keeps no state. */
#ifndef SALLYPORT_LIB_CLIENT_H
#define SALLYPORT_LIB_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Connects to the SOCK_SEQPACKET socket at path and makes sure that root
 * listens there. Deadlines are times of io_now_ms(). The descriptor (O_CLOEXEC,
 * the caller's); -ECONNREFUSED, -ENOENT, -ETIMEDOUT, -EPERM when the listener
 * is not root's, -errno. */
int client_connect(const char *path, int64_t deadline_ms);

/* Sends one message, with the descriptor fd_to_pass unless that is -1. 0, -errno. */
int client_send(int fd, const void *buf, size_t len, int fd_to_pass, int64_t deadline_ms);

/* Waits for one message: its length, -ECONNRESET when the daemon closed,
 * -ETIMEDOUT, -EMSGSIZE, -errno. */
ssize_t client_receive(int fd, void *buf, size_t cap, int64_t deadline_ms);

#endif
