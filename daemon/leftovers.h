/* What a connection's U has started: its descendants, each held by pidfd, or all
 * that is in its session scope. Found while U lives: orphans are nobody's. */
#ifndef SALLYPORT_DAEMON_LEFTOVERS_H
#define SALLYPORT_DAEMON_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LEFTOVERS_MAX 256

struct leftovers {
	uid_t uid; /* whose processes; no others are touched */
	int scope; /* -1: none of its own */
	struct leftover {
		pid_t pid;
		int pidfd;
	} held[LEFTOVERS_MAX];
	size_t count;
	bool is_cut; /* there were more */
};

void leftovers_init(struct leftovers *leftovers, uid_t uid);
void leftovers_free(struct leftovers *leftovers);
/* Adds what U (alive, held by u_pidfd) has started. Bounded; some milliseconds at
 * the very most. */
void leftovers_find(struct leftovers *leftovers, pid_t u, int u_pidfd);
bool leftovers_live(const struct leftovers *leftovers);
/* As when a terminal goes away. */
void leftovers_hang_up(const struct leftovers *leftovers);
/* With whatever they start meanwhile. */
void leftovers_kill(struct leftovers *leftovers);

#endif
