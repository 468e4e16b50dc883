/* Who listens on this machine: TCP ports and named Unix sockets. */
#ifndef SALLYPORT_CLI_LISTENERS_H
#define SALLYPORT_CLI_LISTENERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct listener {
	bool is_unix;
	char *path;	      /* Unix: its name; owned */
	struct in6_addr addr; /* TCP; IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool is_any, is_loopback; /* TCP: of the address */
	uint64_t inode;
	pid_t pid;	  /* a process that holds it, 1 only if no other does; 0: none found */
	char program[64]; /* that process's executable, without folder; "" */
};

struct listeners {
	struct listener *list; /* owned */
	size_t count;
};

/* Reads /proc. 0, -ENOMEM, -errno. listeners_free in any case. */
int listeners_read(struct listeners *listeners);
void listeners_free(struct listeners *listeners);

/* Adds the listeners of a text like /proc/net/tcp (is_v6: tcp6), /proc/net/unix. Lines
 * of another form are left out. 0, -ENOMEM. */
int listeners_add_tcp(struct listeners *listeners, const char *text, bool is_v6);
int listeners_add_unix(struct listeners *listeners, const char *text);

/* "127.0.0.1:5900", "[::]:5900", or the path. Returns text. */
const char *listener_name(const struct listener *listener, char *text, size_t cap);

#endif
