/* Jobs wait for a child; a domain has one call at a time, and after one that hung none
 * for a while, so that it can hold one child, and nobody else's console. */
#include "virt/libvirt_serve.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "virt/answer.h"
#include "virt/child.h"
#include "virt/states.h"
#include "virt/watch_list.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define OPENERS_MAX     8
#define CONSOLES_MAX    64
#define CHILDREN_MAX    (OPENERS_MAX + CONSOLES_MAX)
#define JOBS_MAX        256
#define IDLE_MS         60000 /* an opener without work is ended */
#define COOL_MS         5000  /* no call for a domain, after one that hung */
#define WATCH_MIN_MS    500   /* between two watchers */
#define WATCH_MAX_MS    15000
#define MESSAGES_A_TURN 64

struct job {
	TAILQ_ENTRY(job) link;
	uint32_t id;
	struct child_order order;
	int64_t deadline_ms;
	bool is_running;
};

struct slot {
	struct child child; /* fd -1: free */
	struct job *job;    /* NULL: idle, or a console that is open */
	int64_t idle_since_ms;
};

struct cool {
	TAILQ_ENTRY(cool) link;
	char name[PROTO_NAME_MAX + 1];
	int64_t until_ms;
};

static TAILQ_HEAD(, job) jobs = TAILQ_HEAD_INITIALIZER(jobs);
static TAILQ_HEAD(, cool) cools = TAILQ_HEAD_INITIALIZER(cools);
static size_t job_count;
static struct slot slots[CHILDREN_MAX];
static struct child watcher = {.pidfd = -1, .fd = -1};
static int64_t watch_ms; /* when the next watcher is started */
static int64_t watch_pause_ms = WATCH_MIN_MS;

/* --- jobs ------------------------------------------------------------------- */

static int
finish(struct job *job, enum proto_virt status, int fd)
{
	int err = answer_opened(job->id, status, fd);

	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (slots[i].job == job)
			slots[i].job = NULL;
	TAILQ_REMOVE(&jobs, job, link);
	job_count--;
	free(job);
	return err;
}

static bool
is_cooling(const char *name)
{
	const struct cool *cool;

	TAILQ_FOREACH(cool, &cools, link)
		if (strcmp(cool->name, name) == 0)
			return true;
	return false;
}

static void
cool_down(const char *name)
{
	struct cool *cool = is_cooling(name) ? NULL : calloc(1, sizeof(*cool));

	if (cool == NULL)
		return;
	memcpy(cool->name, name, strlen(name) + 1);
	cool->until_ms = io_now_ms() + COOL_MS;
	TAILQ_INSERT_TAIL(&cools, cool, link);
}

static void
warm_up(int64_t now_ms)
{
	struct cool *cool;

	while ((cool = TAILQ_FIRST(&cools)) != NULL && cool->until_ms <= now_ms) {
		TAILQ_REMOVE(&cools, cool, link);
		free(cool);
	}
}

static bool
is_busy(const char *name)
{
	const struct job *job;

	TAILQ_FOREACH(job, &jobs, link)
		if (job->is_running && strcmp(job->order.name, name) == 0)
			return true;
	return false;
}

/* --- children ----------------------------------------------------------------- */

/* A place for a child of that kind: an idle opener's, or a free one within the kind's
 * bound. NULL: all are taken. */
static struct slot *
find_slot(enum child_kind kind)
{
	size_t count = 0, max = kind == CHILD_OPENER ? OPENERS_MAX : CONSOLES_MAX;
	struct slot *empty = NULL;

	for (size_t i = 0; i < CHILDREN_MAX; i++) {
		struct slot *slot = &slots[i];
		if (slot->child.fd < 0) {
			empty = slot;
		} else if (slot->child.kind == kind) {
			if (kind == CHILD_OPENER && slot->job == NULL)
				return slot;
			count++;
		}
	}
	return count < max ? empty : NULL;
}

static int
run_job(struct job *job, struct slot *slot, enum child_kind kind)
{
	if (slot->child.fd < 0 && child_start(&slot->child, kind) < 0)
		return finish(job, PROTO_VIRT_FAILED, -1);
	if (child_order(&slot->child, job->id, &job->order) < 0) {
		child_end(&slot->child);
		return finish(job, PROTO_VIRT_FAILED, -1);
	}
	slot->job = job;
	job->is_running = true;
	return 0;
}

static int
run_jobs(void)
{
	struct job *job, *next;
	int err = 0;

	for (job = TAILQ_FIRST(&jobs); job != NULL && err == 0; job = next) {
		bool is_serial = job->order.what == PROTO_CONSOLE_SERIAL;
		enum child_kind kind = is_serial ? CHILD_CONSOLE : CHILD_OPENER;
		struct slot *slot;

		next = TAILQ_NEXT(job, link);
		if (job->is_running || is_busy(job->order.name))
			continue;
		slot = find_slot(kind);
		if (slot != NULL)
			err = run_job(job, slot, kind);
		else if (is_serial) /* consoles stay for hours */
			err = finish(job, PROTO_VIRT_BUSY, -1);
	}
	return err;
}

static struct slot *
slot_of(const struct job *job)
{
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (slots[i].job == job)
			return &slots[i];
	return NULL;
}

/* Whoever has waited long enough is told, and the child that hangs is ended. */
static int
end_late(int64_t now_ms)
{
	struct job *job, *next;
	int err = 0;

	for (job = TAILQ_FIRST(&jobs); job != NULL && err == 0; job = next) {
		struct slot *slot;
		next = TAILQ_NEXT(job, link);
		if (job->deadline_ms > now_ms)
			continue;
		slot = slot_of(job);
		if (slot != NULL) {
			log_warn("a call of libvirt hangs, and is ended");
			child_end(&slot->child);
			cool_down(job->order.name);
		}
		err = finish(job, PROTO_VIRT_LATE, -1);
	}
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (slots[i].child.fd >= 0 && slots[i].child.kind == CHILD_OPENER &&
		    slots[i].job == NULL && now_ms - slots[i].idle_since_ms >= IDLE_MS)
			child_end(&slots[i].child);
	return err;
}

/* One message of a child. It is our own program, but it has read what libvirt said. */
static int
take_answer(struct slot *slot)
{
	uint8_t buf[512], status = PROTO_VIRT_FAILED;
	int fds[IO_FDS_MAX], err = 0;
	struct proto_header header = {.type = PROTO_NONE};
	struct job *job = slot->job;
	struct wire_in in;
	ssize_t n = io_receive(slot->child.fd, buf, sizeof(buf), fds);

	if (n == -EAGAIN)
		return 0;
	wire_in_init(&in, buf, n > 0 ? (size_t)n : 0);
	if (n > 0 && proto_get_header(&in, &header) == 0)
		status = wire_get_u8(&in);
	if (n <= 0 || wire_end(&in) < 0 || header.type != PROTO_VIRT_OPENED || job == NULL ||
	    header.id != job->id || (status == PROTO_VIRT_OK) != (fds[0] >= 0)) {
		child_end(&slot->child); /* a console that ended, at best */
		if (job != NULL)
			err = finish(job, PROTO_VIRT_FAILED, -1);
	} else {
		slot->idle_since_ms = io_now_ms();
		err = finish(job, (enum proto_virt)status, fds[0]);
	}
	if (n > 0) {
		io_close(&fds[0]);
		io_close(&fds[1]);
	}
	return err;
}

/* --- states ------------------------------------------------------------------- */

static void
end_watcher(void)
{
	int64_t now_ms = io_now_ms();

	child_end(&watcher);
	states_forget();
	watch_ms = now_ms + watch_pause_ms;
	watch_pause_ms *= 2;
	if (watch_pause_ms > WATCH_MAX_MS)
		watch_pause_ms = WATCH_MAX_MS;
}

static void
start_watcher(int64_t now_ms)
{
	if (watcher.fd >= 0 || now_ms < watch_ms || states_count() == 0)
		return;
	if (child_start(&watcher, CHILD_WATCHER) < 0)
		end_watcher();
}

static void
take_state(void)
{
	char name[PROTO_NAME_MAX + 1];
	uint8_t buf[PROTO_NAME_MAX + 64], state;
	struct proto_header header;
	struct wire_in in;

	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		ssize_t n = io_receive(watcher.fd, buf, sizeof(buf), NULL);
		if (n == -EAGAIN)
			return;
		wire_in_init(&in, buf, n > 0 ? (size_t)n : 0);
		header.type = PROTO_NONE;
		if (n > 0)
			(void)proto_get_header(&in, &header);
		wire_get_str(&in, name, sizeof(name));
		state = wire_get_u8(&in);
		if (wire_end(&in) < 0 || header.type != PROTO_VIRT_CHANGED) {
			end_watcher(); /* it has ended, mostly */
			return;
		}
		states_set(name, (enum proto_vm_state)state);
		watch_pause_ms = WATCH_MIN_MS;
	}
}

/* --- the supervisor -------------------------------------------------------------- */

static int
take_open(uint32_t id, struct wire_in *in)
{
	struct job *job;
	struct child_order order;

	if (child_read_order(in, &order) < 0)
		return -EBADMSG;
	if (!states_has(order.name))
		return answer_opened(id, PROTO_VIRT_FAILED, -1);
	if (is_cooling(order.name))
		return answer_opened(id, PROTO_VIRT_LATE, -1);
	job = job_count < JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;
	if (job == NULL)
		return answer_opened(id, PROTO_VIRT_BUSY, -1);
	*job =
	    (struct job){.id = id, .order = order, .deadline_ms = io_now_ms() + order.time_ms};
	TAILQ_INSERT_TAIL(&jobs, job, link);
	job_count++;
	return 0;
}

/* The watcher tells all states when it begins: so a new one, for a new list. */
static int
take_watch(struct wire_in *in)
{
	struct watch_list list;
	int err = watch_list_read(in, &list);

	if (err == 0)
		err = states_want(&list);
	if (err == 0 && list.is_last) {
		watch_pause_ms = WATCH_MIN_MS;
		end_watcher();
		watch_ms = 0;
	}
	watch_list_free(&list);
	return err;
}

/* 0; 1: the supervisor is gone; -errno. */
static int
take_messages(void)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct proto_header header;
	struct wire_in in;
	int err = 0;

	for (int i = 0; i < MESSAGES_A_TURN && err == 0; i++) {
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), NULL);
		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n < 0)
			return n == -EAGAIN ? 0 : (int)n;
		wire_in_init(&in, buf, (size_t)n);
		err = proto_get_header(&in, &header);
		if (err == 0 && header.type == PROTO_VIRT_OPEN)
			err = take_open(header.id, &in);
		else if (err == 0)
			err = header.type == PROTO_VIRT_WATCH ? take_watch(&in) : -EBADMSG;
	}
	return err;
}

/* --- the loop --------------------------------------------------------------------- */

static int
wait_ms(int64_t now_ms)
{
	int64_t due_ms = states_due_ms();
	const struct job *job;

	TAILQ_FOREACH(job, &jobs, link)
		if (job->deadline_ms < due_ms)
			due_ms = job->deadline_ms;
	if (watcher.fd < 0 && states_count() > 0 && watch_ms < due_ms)
		due_ms = watch_ms;
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		if (slots[i].child.fd >= 0 && slots[i].child.kind == CHILD_OPENER &&
		    slots[i].job == NULL && slots[i].idle_since_ms + IDLE_MS < due_ms)
			due_ms = slots[i].idle_since_ms + IDLE_MS;
	if (!TAILQ_EMPTY(&cools) && TAILQ_FIRST(&cools)->until_ms < due_ms)
		due_ms = TAILQ_FIRST(&cools)->until_ms;
	return io_timeout_ms(due_ms, now_ms);
}

static int
turn(void)
{
	struct pollfd polls[CHILDREN_MAX + 2];
	int64_t now_ms;
	int err = 0;

	polls[CHILDREN_MAX] = (struct pollfd){.fd = watcher.fd, .events = POLLIN};
	polls[CHILDREN_MAX + 1] = (struct pollfd){.fd = HELPER_FD, .events = POLLIN};
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		polls[i] = (struct pollfd){.fd = slots[i].child.fd, .events = POLLIN};
	if (poll(polls, CHILDREN_MAX + 2, wait_ms(io_now_ms())) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; i < CHILDREN_MAX && err == 0; i++)
		if (polls[i].revents != 0)
			err = take_answer(&slots[i]);
	if (polls[CHILDREN_MAX].revents != 0)
		take_state();
	if (err == 0 && polls[CHILDREN_MAX + 1].revents != 0)
		err = take_messages();
	now_ms = io_now_ms();
	warm_up(now_ms);
	if (err == 0)
		err = end_late(now_ms);
	if (err == 0)
		err = run_jobs();
	start_watcher(now_ms);
	return err == 0 ? states_tell(now_ms) : err;
}

int
libvirt_serve_run(void)
{
	int err;

	signal(SIGCHLD, SIG_IGN); /* the kernel reaps them */
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		slots[i].child = (struct child){.pidfd = -1, .fd = -1};
	err = helper_ready();
	while (err == 0)
		err = turn();
	for (size_t i = 0; i < CHILDREN_MAX; i++)
		child_end(&slots[i].child);
	child_end(&watcher);
	return err;
}
