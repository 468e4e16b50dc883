/* What the manager handed back, and what it is told to keep or close. It is told
 * from a queue, because its socket may be full; BARRIER=1 shows when it has done
 * all of it. */
#include "daemon/fdstore.h"

#include "daemon/finder.h"
#include "daemon/notify.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/num.h"
#include "policy/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define HANDED_FIRST 3 /* SD_LISTEN_FDS_START */
#define HANDED_MAX   (2 * FDSTORE_MAX)
#define NAME_MAX_LEN 255
#define AGAIN_MS     20

struct handed {
	LIST_ENTRY(handed) link;
	struct finder_link by_name;
	int fd;
	char name[NAME_MAX_LEN + 1];
};

/* One datagram to the manager. */
struct errand {
	STAILQ_ENTRY(errand) link;
	int fd; /* ours, -1: none */
	char text[NAME_MAX_LEN + 64];
};

struct fdstore {
	struct loop *loop;
	LIST_HEAD(, handed) handed;
	struct finder by_name; /* of these */
	size_t handed_count;
	STAILQ_HEAD(, errand) errands;
	struct loop_watch *timer; /* runs while errands wait for room */
	int barrier;              /* closed at the other end when all is done; -1: none */
	struct loop_watch *barrier_watch;
};

static void
run_errands(struct fdstore *store);

static void
barrier_end(struct fdstore *store)
{
	loop_watch_free(store->barrier_watch);
	store->barrier_watch = NULL;
	io_close(&store->barrier);
}

static void
on_barrier(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	barrier_end(arg);
}

/* The manager closes its end of a pipe when it comes to this message. */
static void
barrier_begin(struct fdstore *store)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	if (notify_send("BARRIER=1", ends[1]) == 0) {
		store->barrier = ends[0];
		store->barrier_watch =
		    loop_watch_fd(store->loop, ends[0], LOOP_READ, on_barrier, store);
	} else {
		close(ends[0]);
	}
	close(ends[1]);
	if (store->barrier_watch == NULL)
		io_close(&store->barrier);
}

static void
errand_drop(struct fdstore *store)
{
	struct errand *errand = STAILQ_FIRST(&store->errands);

	STAILQ_REMOVE_HEAD(&store->errands, link);
	io_close(&errand->fd);
	free(errand);
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	run_errands(arg);
}

static void
run_errands(struct fdstore *store)
{
	const struct errand *errand;

	barrier_end(store);
	while ((errand = STAILQ_FIRST(&store->errands)) != NULL) {
		int err = notify_send(errand->text, errand->fd);
		if (err == -EAGAIN) {
			(void)loop_timer_set(store->timer, AGAIN_MS);
			return;
		}
		if (err < 0)
			log_error("the service manager cannot be told: %s", strerror(-err));
		errand_drop(store);
	}
	barrier_begin(store);
}

static int
add_errand(struct fdstore *store, const char *format, const char *name, int fd)
{
	struct errand *errand;

	if (!notify_is_wanted())
		return -ENOTCONN;
	errand = calloc(1, sizeof(*errand));
	if (errand == NULL)
		return -ENOMEM;
	snprintf(errand->text, sizeof(errand->text), format, name);
	errand->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	if (fd >= 0 && errand->fd < 0) {
		int err = -errno;
		free(errand);
		return err;
	}
	STAILQ_INSERT_TAIL(&store->errands, errand, link);
	(void)loop_timer_set(store->timer, 0);
	return 0;
}

int
fdstore_keep(struct fdstore *store, const char *name, int fd)
{
	/* It has no business in the store but to be there: FDPOLL=0, never taken out
	 * by the manager because of what its state is. */
	return add_errand(store, "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name, fd);
}

void
fdstore_forget(struct fdstore *store, const char *name)
{
	(void)add_errand(store, "FDSTOREREMOVE=1\nFDNAME=%s", name, -1);
}

bool
fdstore_is_settled(const struct fdstore *store)
{
	return STAILQ_EMPTY(&store->errands) && store->barrier < 0;
}

static void
hand(struct fdstore *store, int fd, const char *name, size_t name_len)
{
	struct handed *handed;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return; /* not open */
	handed = calloc(1, sizeof(*handed));
	if (handed == NULL || name_len > NAME_MAX_LEN) {
		free(handed);
		close(fd);
		return;
	}
	handed->fd = fd;
	if (name_len > 0)
		memcpy(handed->name, name, name_len);
	LIST_INSERT_HEAD(&store->handed, handed, link);
	finder_add(&store->by_name, &handed->by_name, hash_str(handed->name), handed);
	store->handed_count++;
}

/* A number in the environment, 0 when it is not one. */
static uint64_t
number_of(const char *name, uint64_t max)
{
	const char *text = getenv(name);
	uint64_t n = 0;

	if (text == NULL || num_parse(text, 1, max, &n) < 0)
		return 0;
	return n;
}

static void
take_over(struct fdstore *store)
{
	const char *names = getenv("LISTEN_FDNAMES");
	uint64_t n = number_of("LISTEN_FDS", HANDED_MAX);

	/* Meant for another process: then the numbers are those of other files. */
	if (number_of("LISTEN_PID", INT32_MAX) != (uint64_t)getpid())
		n = 0;
	for (uint64_t i = 0; i < n; i++) {
		size_t len = names != NULL ? strcspn(names, ":") : 0;

		hand(store, HANDED_FIRST + (int)i, names, len);
		names = names != NULL && names[len] == ':' ? names + len + 1 : NULL;
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}

struct fdstore *
fdstore_new(struct loop *loop)
{
	struct fdstore *store = calloc(1, sizeof(*store));

	if (store == NULL)
		return NULL;
	store->loop = loop;
	store->barrier = -1;
	LIST_INIT(&store->handed);
	finder_init(&store->by_name);
	STAILQ_INIT(&store->errands);
	store->timer = loop_timer(loop, on_timer, store);
	if (store->timer == NULL) {
		free(store);
		return NULL;
	}
	take_over(store);
	return store;
}

static void
handed_free(struct fdstore *store, struct handed *handed)
{
	LIST_REMOVE(handed, link);
	finder_remove(&store->by_name, &handed->by_name);
	store->handed_count--;
	io_close(&handed->fd);
	free(handed);
}

void
fdstore_free(struct fdstore *store)
{
	if (store == NULL)
		return;
	while (!LIST_EMPTY(&store->handed))
		handed_free(store, LIST_FIRST(&store->handed));
	finder_free(&store->by_name);
	while (!STAILQ_EMPTY(&store->errands))
		errand_drop(store);
	barrier_end(store);
	loop_watch_free(store->timer);
	free(store);
}

size_t
fdstore_handed(const struct fdstore *store)
{
	return store->handed_count;
}

int
fdstore_take(struct fdstore *store, const char *name)
{
	struct handed *handed = finder_first(&store->by_name, hash_str(name));
	int fd;

	while (handed != NULL && strcmp(handed->name, name) != 0)
		handed = finder_next(&handed->by_name);
	if (handed == NULL)
		return -ENOENT;
	fd = handed->fd;
	handed->fd = -1;
	handed_free(store, handed);
	return fd;
}

void
fdstore_drop_rest(struct fdstore *store)
{
	struct handed *handed;

	while ((handed = LIST_FIRST(&store->handed)) != NULL) {
		log_warn("a descriptor was handed over that is not wanted: closed");
		fdstore_forget(store, handed->name);
		handed_free(store, handed);
	}
}
