/* Each turn every path gets one read: one that sends without an end holds up nobody. */
#include "virt/qmp_serve.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "virt/answer.h"
#include "virt/qmp_path.h"
#include "virt/watch_list.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES_A_TURN 64

struct entry {
	struct qmp_path *path;
	bool is_wanted; /* in the list that is being told */
};

static struct {
	struct entry *entries;
	struct pollfd *polls; /* the supervisor's, then one for each entry */
	size_t count;
} all;

static struct qmp_path *
find(const char *name)
{
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(qmp_path_name(all.entries[i].path), name) == 0)
			return all.entries[i].path;
	return NULL;
}

static int
want(const char *name)
{
	struct entry *entries;
	struct pollfd *polls;
	struct qmp_path *path;

	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(qmp_path_name(all.entries[i].path), name) == 0) {
			all.entries[i].is_wanted = true;
			return 0;
		}
	}
	if (all.count >= WATCH_LIST_MAX)
		return -EMSGSIZE;
	entries = reallocarray(all.entries, all.count + 1, sizeof(*entries));
	if (entries != NULL)
		all.entries = entries;
	polls = reallocarray(all.polls, all.count + 2, sizeof(*polls));
	if (polls != NULL)
		all.polls = polls;
	path = entries != NULL && polls != NULL ? qmp_path_new(name) : NULL;
	if (path == NULL)
		return -ENOMEM;
	all.entries[all.count++] = (struct entry){.path = path, .is_wanted = true};
	return 0;
}

static void
drop_unwanted(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < all.count; i++) {
		if (all.entries[i].is_wanted)
			all.entries[kept++] = all.entries[i];
		else
			qmp_path_free(all.entries[i].path);
	}
	all.count = kept;
}

/* --- messages ------------------------------------------------------------- */

static int
take_watch(struct wire_in *in)
{
	struct watch_list list;
	int err = watch_list_read(in, &list);

	if (err < 0)
		return err;
	for (size_t i = 0; list.is_first && i < all.count; i++)
		all.entries[i].is_wanted = false;
	for (size_t i = 0; err == 0 && i < list.count; i++)
		err = want(list.names[i]);
	if (err == 0 && list.is_last)
		drop_unwanted();
	watch_list_free(&list);
	return err;
}

static int
take_open(uint32_t id, struct wire_in *in)
{
	enum proto_console what = (enum proto_console)wire_get_u8(in);
	char name[PROTO_NAME_MAX + 1];
	struct qmp_path *path;
	uint32_t time_ms;

	wire_get_str(in, name, sizeof(name));
	time_ms = wire_get_u32(in);
	if (wire_end(in) < 0)
		return -EBADMSG;
	path = find(name);
	if (path == NULL)
		return answer_opened(id, PROTO_VIRT_FAILED, -1);
	if (what != PROTO_CONSOLE_SPICE && what != PROTO_CONSOLE_VNC)
		return answer_opened(id, PROTO_VIRT_REFUSED, -1);
	return qmp_path_open(path, id, what, io_now_ms() + time_ms);
}

static int
take_connection(struct wire_in *in, int *fd)
{
	char name[PROTO_NAME_MAX + 1];
	struct qmp_path *path;
	bool is_there;
	int taken = *fd;

	wire_get_str(in, name, sizeof(name));
	is_there = wire_get_u8(in) != 0;
	if (wire_end(in) < 0 || is_there != (*fd >= 0))
		return -EBADMSG;
	path = find(name);
	if (path == NULL) /* not wanted any more */
		return 0;
	*fd = -1;
	return qmp_path_connected(path, taken);
}

static int
take_message(const uint8_t *buf, size_t len, int *fd)
{
	struct proto_header header;
	struct wire_in in;

	wire_in_init(&in, buf, len);
	if (proto_get_header(&in, &header) < 0)
		return -EBADMSG;
	switch (header.type) {
	case PROTO_VIRT_OPEN:
		return take_open(header.id, &in);
	case PROTO_VIRT_WATCH:
		return take_watch(&in);
	case PROTO_VIRT_QMP:
		return take_connection(&in, fd);
	default:
		return -EBADMSG;
	}
}

/* 0; 1: the supervisor is gone; -errno. */
static int
take_messages(void)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	int fds[IO_FDS_MAX], err = 0;

	for (size_t i = 0; i < MESSAGES_A_TURN && err == 0; i++) {
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), fds);
		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		err = take_message(buf, (size_t)n, &fds[0]);
		io_close(&fds[0]);
		io_close(&fds[1]);
	}
	return err;
}

/* --- the loop --------------------------------------------------------------- */

static int
wait_ms(void)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < all.count; i++) {
		int64_t due = qmp_path_due_ms(all.entries[i].path);
		if (due < due_ms)
			due_ms = due;
	}
	return io_timeout_ms(due_ms, io_now_ms());
}

/* Paths first: a message may change the list. */
static int
turn(void)
{
	size_t count = all.count;
	int err = 0;

	all.polls[0] = (struct pollfd){.fd = HELPER_FD, .events = POLLIN};
	for (size_t i = 0; i < count; i++)
		all.polls[i + 1] =
		    (struct pollfd){.fd = qmp_path_fd(all.entries[i].path), .events = POLLIN};
	if (poll(all.polls, count + 1, wait_ms()) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; i < count && err == 0; i++) {
		if (all.polls[i + 1].revents != 0)
			err = qmp_path_readable(all.entries[i].path);
		if (err == 0)
			err = qmp_path_tick(all.entries[i].path);
	}
	return err == 0 && all.polls[0].revents != 0 ? take_messages() : err;
}

int
qmp_serve_run(void)
{
	int err;

	all.polls = calloc(1, sizeof(*all.polls));
	err = all.polls != NULL ? helper_ready() : -ENOMEM;
	while (err == 0)
		err = turn();
	for (size_t i = 0; i < all.count; i++)
		qmp_path_free(all.entries[i].path);
	free(all.entries);
	free(all.polls);
	return err;
}
