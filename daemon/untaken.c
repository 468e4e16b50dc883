/* What the other has not received is still ours to send (SIOCOUTQ); it goes with his
 * socket, too. */
#include "daemon/untaken.h"

#include "daemon/stranger.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct one {
	LIST_ENTRY(one) link;
	uid_t uid;
	int fd;
};

struct untaken {
	LIST_HEAD(, one) list;
};

struct untaken *
untaken_new(void)
{
	struct untaken *untaken = calloc(1, sizeof(*untaken));

	if (untaken != NULL)
		LIST_INIT(&untaken->list);
	return untaken;
}

static void
drop(struct one *one)
{
	LIST_REMOVE(one, link);
	stranger_close(&one->fd);
	free(one);
}

void
untaken_free(struct untaken *untaken)
{
	struct one *one;

	if (untaken == NULL)
		return;
	while ((one = LIST_FIRST(&untaken->list)) != NULL)
		drop(one);
	free(untaken);
}

static bool
waits(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

bool
untaken_keep(struct untaken *untaken, uid_t uid, int *fd)
{
	struct one *one = waits(*fd) ? calloc(1, sizeof(*one)) : NULL;

	if (one == NULL)
		return false;
	(void)shutdown(*fd, SHUT_RDWR); /* to the other it is as if it were closed */
	one->uid = uid;
	one->fd = *fd;
	*fd = -1;
	LIST_INSERT_HEAD(&untaken->list, one, link);
	return true;
}

size_t
untaken_count(struct untaken *untaken, uid_t uid)
{
	struct one *one, *next;
	size_t n = 0;

	for (one = LIST_FIRST(&untaken->list); one != NULL; one = next) {
		next = LIST_NEXT(one, link);
		if (!waits(one->fd))
			drop(one);
		else
			n += one->uid == uid;
	}
	return n;
}
