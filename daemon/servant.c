/* Questions and answers over one SOCK_SEQPACKET pair. Starting and ending the
 * process is servant_process.c's. */
#include "daemon/servant.h"

#include "daemon/servant_process.h"
#include "daemon/stranger.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define RESTART_FIRST_MS 20
#define RESTART_MAX_MS   2000
#define RESTART_GOOD_MS  250 /* at most, for one that could be used before it died */
#define READY_MS         10000
#define STEADY_MS        2000 /* who lived that long is restarted at once */
#define QUEUE_MAX        4096 /* messages that wait for room in the socket */

struct question {
	TAILQ_ENTRY(question) link;
	uint32_t id;
	int64_t deadline_ms;
	uint8_t
	    answered_by; /* an answer of that type to a later one; PROTO_NONE: its own alone */
	servant_answer_fn *fn;
	void *arg;
};

struct waiting {
	TAILQ_ENTRY(waiting) link;
	size_t len, nfds;
	int fds[IO_FDS_MAX]; /* duplicates, ours */
	uint8_t bytes[];
};

TAILQ_HEAD(questions, question);

struct servant {
	struct loop *loop;
	struct servant_spec spec;
	struct servant_process process;
	struct loop_watch *readable, *writable, *timer;
	bool is_ready;
	uint32_t next_id;
	unsigned int starts;
	int64_t started_ms;
	uint32_t restart_ms;        /* the next pause before a start */
	struct questions questions; /* by time asked */
	TAILQ_HEAD(, waiting) queue;
	size_t queued;
	int fds[IO_FDS_MAX]; /* of the message that is being taken */
	struct wire_out out;
	uint8_t buf[IO_MESSAGE_MAX];
};

static void
on_readable(void *arg, int fd, unsigned int events);
static void
on_timer(void *arg, int fd, unsigned int events);

static void
arm_timer(struct servant *s)
{
	int64_t next = INT64_MAX, now = io_now_ms();
	const struct question *q;

	if (s->process.socket < 0)
		next = now + s->restart_ms;
	else if (!s->is_ready)
		next = s->started_ms + READY_MS;
	TAILQ_FOREACH(q, &s->questions, link)
		if (q->deadline_ms < next)
			next = q->deadline_ms;
	if (next == INT64_MAX)
		loop_timer_clear(s->timer);
	else
		(void)loop_timer_set(s->timer, next <= now ? 0 : (uint32_t)(next - now));
}

static void
waiting_free(struct waiting *w)
{
	for (size_t i = 0; i < w->nfds; i++)
		io_close(&w->fds[i]);
	secret_wipe(w->bytes, w->len); /* it may be an OTP */
	free(w);
}

/* What was not sent is ours alone by now. */
static void
drop_queue(struct servant *s)
{
	struct waiting *w;

	while ((w = TAILQ_FIRST(&s->queue)) != NULL) {
		TAILQ_REMOVE(&s->queue, w, link);
		for (size_t i = 0; i < w->nfds; i++)
			stranger_close(&w->fds[i]);
		waiting_free(w);
	}
	s->queued = 0;
}

static void
answer_all(struct servant *s, int error)
{
	struct question *q;

	while ((q = TAILQ_FIRST(&s->questions)) != NULL) {
		TAILQ_REMOVE(&s->questions, q, link);
		q->fn(q->arg, error, 0, NULL);
		free(q);
	}
}

/* Whatever it was, the process is ended, and a new one comes. */
static void
down(struct servant *s, int error, const char *why)
{
	int64_t lived_ms = io_now_ms() - s->started_ms;
	uint32_t most_ms = s->is_ready ? RESTART_GOOD_MS : RESTART_MAX_MS;

	log_error("%s (pid %d) is down: %s", s->spec.name, (int)s->process.pid, why);
	loop_watch_free(s->readable);
	loop_watch_free(s->writable);
	s->readable = s->writable = NULL;
	servant_process_end(&s->process);
	s->is_ready = false;
	drop_queue(s);
	s->restart_ms = lived_ms >= STEADY_MS         ? RESTART_FIRST_MS
			: s->restart_ms * 2 > most_ms ? most_ms
						      : s->restart_ms * 2;
	answer_all(s, error);
	if (s->spec.on_down != NULL)
		s->spec.on_down(s->spec.arg);
	arm_timer(s);
}

static void
start(struct servant *s)
{
	int err = servant_process_start(&s->process, s->spec.argv, s->spec.passes_fds);

	s->started_ms = io_now_ms();
	s->starts++;
	if (err == 0)
		s->readable =
		    loop_watch_fd(s->loop, s->process.socket, LOOP_READ, on_readable, s);
	if (err < 0 || s->readable == NULL)
		down(s, -ECONNRESET, err < 0 ? strerror(-err) : "no memory");
	else
		arm_timer(s);
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct servant *s = arg;
	int64_t now = io_now_ms();
	const struct question *q;

	(void)fd;
	(void)events;
	if (s->process.socket < 0) {
		start(s);
		return;
	}
	if (!s->is_ready && now >= s->started_ms + READY_MS) {
		down(s, -ETIMEDOUT, "it did not become ready");
		return;
	}
	TAILQ_FOREACH(q, &s->questions, link) {
		if (q->deadline_ms <= now) {
			down(s, -ETIMEDOUT, "it did not answer in time");
			return;
		}
	}
	arm_timer(s);
}

/* Takes out what this answers: those before it that a later one's answer does for, and its
 * own question. False when there is none. */
static bool
take_answered(struct servant *s, const struct proto_header *header, struct questions *answered)
{
	struct question *own, *q, *next;

	TAILQ_FOREACH(own, &s->questions, link)
		if (own->id == header->id)
			break;
	if (own == NULL)
		return false;
	for (q = TAILQ_FIRST(&s->questions); q != own; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q->answered_by != header->type || own->answered_by != PROTO_NONE)
			continue;
		TAILQ_REMOVE(&s->questions, q, link);
		TAILQ_INSERT_TAIL(answered, q, link);
	}
	TAILQ_REMOVE(&s->questions, own, link);
	TAILQ_INSERT_TAIL(answered, own, link);
	return true;
}

static void
answer_one(struct servant *s, const struct proto_header *header, struct wire_in *in)
{
	struct questions answered = TAILQ_HEAD_INITIALIZER(answered);
	struct question *q;

	if (!take_answered(s, header, &answered)) {
		log_error("%s answered what was not asked (id %u)", s->spec.name, header->id);
		return;
	}
	while ((q = TAILQ_FIRST(&answered)) != NULL) {
		TAILQ_REMOVE(&answered, q, link);
		if (q->id == header->id)
			q->fn(q->arg, 0, header->type, in);
		else
			q->fn(q->arg, 0, PROTO_NONE, NULL);
		free(q);
	}
	arm_timer(s);
}

static void
take_message(struct servant *s, const uint8_t *buf, size_t len)
{
	struct proto_header header;
	struct wire_in in;

	wire_in_init(&in, buf, len);
	if (proto_get_header(&in, &header) < 0 ||
	    (header.type == PROTO_READY && header.id == 0) == s->is_ready) {
		/* That, or READY is not the first or not the only one. */
		down(s, -ECONNRESET, "it sent a malformed message");
	} else if (header.type == PROTO_READY && header.id == 0) {
		s->is_ready = true;
		log_debug("%s (pid %d) is ready", s->spec.name, (int)s->process.pid);
		if (s->spec.on_ready != NULL)
			s->spec.on_ready(s->spec.arg, &in);
		arm_timer(s);
	} else if (header.id == 0) {
		if (s->spec.on_notice != NULL)
			s->spec.on_notice(s->spec.arg, header.type, &in);
	} else {
		answer_one(s, &header, &in);
	}
}

static void
drop_fds(struct servant *s)
{
	for (size_t i = 0; i < IO_FDS_MAX; i++)
		stranger_close(&s->fds[i]);
}

/* A helper that was taken over could make us wait by what we let go of. */
static bool
passes_what_is_not_due(const struct servant *s)
{
	if (s->spec.passes_fds)
		return stranger_passes_too_many(s->process.socket);
	return !s->process.is_barred && stranger_passes(s->process.socket);
}

int
servant_take_fd(struct servant *s)
{
	int fd = s->fds[0];

	s->fds[0] = -1;
	return fd;
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct servant *s = arg;

	(void)events;
	for (int i = 0; i < 64 && s->process.socket == fd; i++) {
		ssize_t n;

		if (passes_what_is_not_due(s)) {
			down(s, -ECONNRESET, "it passed a descriptor that nobody takes");
			return;
		}
		n = io_receive(fd, buf, sizeof(buf), s->spec.passes_fds ? s->fds : NULL);
		if (n == -EAGAIN)
			return;
		if (n <= 0) {
			down(s, -ECONNRESET, n == 0 ? "it ended" : strerror((int)-n));
			return;
		}
		take_message(s, buf, (size_t)n);
		drop_fds(s);
		secret_wipe(buf, (size_t)n); /* an OTP for api, recovery codes for an admin */
	}
}

static void
on_writable(void *arg, int fd, unsigned int events)
{
	struct servant *s = arg;
	struct waiting *w;

	(void)events;
	while ((w = TAILQ_FIRST(&s->queue)) != NULL) {
		int err = io_send(fd, w->bytes, w->len, w->fds, w->nfds);
		if (err == -EAGAIN)
			return;
		if (err < 0) {
			down(s, -ECONNRESET, strerror(-err));
			return;
		}
		TAILQ_REMOVE(&s->queue, w, link);
		waiting_free(w);
		s->queued--;
	}
	loop_watch_free(s->writable);
	s->writable = NULL;
}

static int
enqueue(struct servant *s, const int *fds, size_t nfds)
{
	struct waiting *w;

	if (s->queued >= QUEUE_MAX || (w = calloc(1, sizeof(*w) + s->out.len)) == NULL)
		return -ENOMEM;
	w->len = s->out.len;
	memcpy(w->bytes, s->out.buf, s->out.len);
	for (; w->nfds < nfds; w->nfds++) {
		w->fds[w->nfds] = fcntl(fds[w->nfds], F_DUPFD_CLOEXEC, 3);
		if (w->fds[w->nfds] < 0) {
			waiting_free(w);
			return -EMFILE;
		}
	}
	if (s->writable == NULL)
		s->writable =
		    loop_watch_fd(s->loop, s->process.socket, LOOP_WRITE, on_writable, s);
	TAILQ_INSERT_TAIL(&s->queue, w, link);
	s->queued++;
	return 0;
}

int
servant_tell(struct servant *s, const int *fds, size_t nfds)
{
	int err;

	if (!servant_is_up(s))
		return -EAGAIN;
	if (s->out.failed || nfds > IO_FDS_MAX)
		return -EMSGSIZE;
	if (!TAILQ_EMPTY(&s->queue))
		return enqueue(s, fds, nfds);
	err = io_send(s->process.socket, s->out.buf, s->out.len, fds, nfds);
	return err == -EAGAIN ? enqueue(s, fds, nfds) : err;
}

static int
ask(struct servant *s, const int *fds, size_t nfds, const struct question *question)
{
	struct question *q = malloc(sizeof(*q));
	int err;

	if (q == NULL)
		return -ENOMEM;
	err = servant_tell(s, fds, nfds);
	if (err < 0) {
		free(q);
		return err;
	}
	*q = *question;
	q->id = s->next_id;
	TAILQ_INSERT_TAIL(&s->questions, q, link);
	arm_timer(s);
	return 0;
}

int
servant_ask(struct servant *s, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg)
{
	const struct question q = {
	    .deadline_ms = io_now_ms() + timeout_ms, .fn = fn, .arg = arg};

	return ask(s, fds, nfds, &q);
}

int
servant_ask_before(struct servant *s, uint8_t type, servant_answer_fn *fn, void *arg)
{
	const struct question q = {
	    .deadline_ms = INT64_MAX, .answered_by = type, .fn = fn, .arg = arg};

	return ask(s, NULL, 0, &q);
}

struct wire_out *
servant_begin(struct servant *s, uint8_t type)
{
	if (++s->next_id == 0)
		s->next_id = 1;
	wire_out_init(&s->out, s->buf, sizeof(s->buf));
	proto_put_header(&s->out, type, s->next_id);
	return &s->out;
}

struct servant *
servant_new(struct loop *loop, const struct servant_spec *spec)
{
	struct servant *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->spec = *spec;
	s->restart_ms = RESTART_FIRST_MS;
	for (size_t i = 0; i < IO_FDS_MAX; i++)
		s->fds[i] = -1;
	s->process = (struct servant_process){.pid = -1, .pidfd = -1, .socket = -1};
	TAILQ_INIT(&s->questions);
	TAILQ_INIT(&s->queue);
	s->timer = loop_timer(loop, on_timer, s);
	if (s->timer == NULL) {
		free(s);
		return NULL;
	}
	start(s);
	return s;
}

void
servant_free(struct servant *s)
{
	if (s == NULL)
		return;
	answer_all(s, -ECANCELED);
	drop_queue(s);
	loop_watch_free(s->readable);
	loop_watch_free(s->writable);
	loop_watch_free(s->timer);
	servant_process_finish(&s->process, 1000);
	free(s);
}

void
servant_give_up(struct servant *s, const char *why)
{
	if (s->process.socket >= 0)
		down(s, -ETIMEDOUT, why);
}

bool
servant_is_up(const struct servant *s)
{
	return s != NULL && s->process.socket >= 0 && s->is_ready;
}

pid_t
servant_pid(const struct servant *s)
{
	return s->process.pid;
}

unsigned int
servant_starts(const struct servant *s)
{
	return s->starts;
}
