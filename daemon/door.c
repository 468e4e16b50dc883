/* Accepting callers and reading their questions. */
#include "daemon/door.h"

#include "daemon/identify.h"
#include "daemon/listener.h"
#include "daemon/request.h"
#include "daemon/shell_requests.h"
#include "daemon/stranger.h"
#include "daemon/untaken.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAM_PATH    "/run/sallyport/pam.sock"
#define ADMIN_PATH  "/run/sallyport/admin.sock"
#define SHELL_PATH  "/run/sallyport/shell.sock"
#define CALLERS_MAX 2048               /* of root's doors, and as many again at shell.sock */
#define UNSENT_MAX  (16 * 1024 * 1024) /* bytes of one caller */
#define UNSENT_USER (1024 * 1024)      /* the same, of one who is not root */
#define QUIET_MS    10000              /* for the first question, and between two */
#define ADMIN_MS    120000

/* A message that waits for the caller to read those before it. */
struct unsent {
	STAILQ_ENTRY(unsent) link;
	size_t len;
	uint8_t bytes[];
};

struct guest {
	struct caller caller; /* first: what the handlers see */
	LIST_ENTRY(guest) link;
	struct doors *doors;
	int fd;
	struct loop_watch *watch, *timer, *writable;
	STAILQ_HEAD(, unsent) queue;
	size_t queued;    /* bytes */
	uint32_t wait_ms; /* for the next question, once what is held is told */
	bool is_held;     /* what is queued waits for the timer */
	void (*go_on)(struct caller *caller); /* has more to say; NULL: nothing */
	TAILQ_ENTRY(guest) turn;              /* in doors.turns while is_next */
	bool is_next;
	uint64_t round; /* of turns, in which it has its own */
	bool has_asked;
	bool was_passed; /* a descriptor, which may still wait there */
};

struct doors {
	struct gateway *gw;
	int fds[DOORS];
	struct loop_watch *watches[DOORS];
	LIST_HEAD(, guest) guests;
	size_t count, shell_count;
	struct untaken *untaken;
	TAILQ_HEAD(, guest) turns; /* who has more to say, and whose door is clear */
	struct loop_watch *turn;   /* a turn of the loop for the first of them */
	struct wire_out out;
	uint8_t buf[IO_MESSAGE_MAX];
	uint64_t round; /* of the last turn: in each, every user who waits has one at most */
};

static struct guest *
guest_of(struct caller *caller)
{
	return (struct guest *)caller;
}

static size_t *
count_of(struct doors *doors, enum door door)
{
	return door == DOOR_SHELL ? &doors->shell_count : &doors->count;
}

static void
drop_first(struct guest *g)
{
	struct unsent *u = STAILQ_FIRST(&g->queue);

	STAILQ_REMOVE_HEAD(&g->queue, link);
	g->queued -= u->len;
	secret_wipe(u->bytes, u->len); /* recovery codes, perhaps */
	free(u);
}

void
door_hold(struct caller *caller, struct caller **pointer)
{
	caller->held = pointer;
}

void
door_close(struct caller *caller)
{
	struct guest *g = guest_of(caller);

	if (caller->held != NULL)
		*caller->held = NULL;
	request_gone(caller);
	LIST_REMOVE(g, link);
	if (g->is_next)
		TAILQ_REMOVE(&g->doors->turns, g, turn);
	*count_of(g->doors, caller->door) -= 1;
	while (!STAILQ_EMPTY(&g->queue))
		drop_first(g);
	loop_watch_free(g->watch);
	loop_watch_free(g->timer);
	loop_watch_free(g->writable);
	io_close(&caller->fd_passed);
	io_close(&caller->pidfd);
	if (!g->was_passed || !untaken_keep(g->doors->untaken, caller->uid, &g->fd))
		stranger_close(&g->fd);
	free(g);
}

struct wire_out *
door_begin(struct caller *caller, uint8_t type)
{
	struct doors *doors = guest_of(caller)->doors;

	wire_out_init(&doors->out, doors->buf, sizeof(doors->buf));
	proto_put_header(&doors->out, type, caller->request);
	return &doors->out;
}

/* Behind those of the same user who wait, in a later round, and before who comes later yet:
 * so that many of one user keep nobody waiting for more than a turn of theirs. */
static void
take_turn(struct guest *g)
{
	struct doors *doors = g->doors;
	struct guest *other;

	g->is_next = true;
	g->round = doors->round + 1;
	TAILQ_FOREACH(other, &doors->turns, turn)
		if (other->caller.uid == g->caller.uid && other->round >= g->round)
			g->round = other->round + 1;
	TAILQ_FOREACH(other, &doors->turns, turn)
		if (other->round > g->round)
			break;
	if (other != NULL)
		TAILQ_INSERT_BEFORE(other, g, turn);
	else
		TAILQ_INSERT_TAIL(&doors->turns, g, turn);
	(void)loop_timer_set(doors->turn, 0);
}

static void
on_turn(void *arg, int fd, unsigned int events)
{
	struct doors *doors = arg;
	struct guest *g = TAILQ_FIRST(&doors->turns);
	void (*fn)(struct caller * caller);

	(void)fd;
	(void)events;
	if (g == NULL)
		return;
	TAILQ_REMOVE(&doors->turns, g, turn);
	g->is_next = false;
	doors->round = g->round;
	fn = g->go_on;
	g->go_on = NULL;
	fn(&g->caller); /* it may be gone now */
	if (!TAILQ_EMPTY(&doors->turns))
		(void)loop_timer_set(doors->turn, 0);
}

static void
on_writable(void *arg, int fd, unsigned int events)
{
	struct guest *g = arg;
	const struct unsent *u;
	int err;

	(void)events;
	while ((u = STAILQ_FIRST(&g->queue)) != NULL) {
		err = io_send(fd, u->bytes, u->len, NULL, 0);
		if (err == -EAGAIN)
			return;
		if (err < 0) {
			door_close(&g->caller);
			return;
		}
		drop_first(g);
	}
	loop_watch_free(g->writable);
	g->writable = NULL;
	if (g->go_on != NULL)
		take_turn(g);
}

bool
door_is_clear(const struct caller *caller)
{
	return STAILQ_EMPTY(&((const struct guest *)caller)->queue);
}

void
door_go_on(struct caller *caller, void (*fn)(struct caller *caller))
{
	struct guest *g = guest_of(caller);

	g->go_on = fn;
	if (!g->is_next && door_is_clear(caller))
		take_turn(g);
}

/* Puts a copy at the end of the queue, within bounds. */
static int
keep(struct guest *g, const struct wire_out *out)
{
	struct unsent *u;
	size_t max = g->caller.door == DOOR_SHELL ? UNSENT_USER : UNSENT_MAX;

	if (g->queued + out->len > max || (u = malloc(sizeof(*u) + out->len)) == NULL)
		return -ENOMEM;
	u->len = out->len;
	memcpy(u->bytes, out->buf, out->len);
	STAILQ_INSERT_TAIL(&g->queue, u, link);
	g->queued += u->len;
	return 0;
}

/* A list is longer than a socket's room: the rest waits here. */
static int
enqueue(struct guest *g, const struct wire_out *out)
{
	int err = keep(g, out);

	if (err < 0)
		return err;
	if (g->writable == NULL)
		g->writable =
		    loop_watch_fd(g->doors->gw->loop, g->fd, LOOP_WRITE, on_writable, g);
	return g->writable != NULL ? 0 : -ENOMEM;
}

int
door_send(struct caller *caller, bool is_last)
{
	struct guest *g = guest_of(caller);
	struct wire_out *out = &g->doors->out;
	int err = out->failed ? -EMSGSIZE : -EAGAIN;

	if (err == -EAGAIN && STAILQ_EMPTY(&g->queue))
		err = io_send(g->fd, out->buf, out->len, NULL, 0);
	if (err == -EAGAIN)
		err = enqueue(g, out);
	if (err < 0) {
		door_close(caller);
		return -EPIPE;
	}
	if (is_last) {
		caller->request_type = 0;
		(void)loop_timer_set(g->timer, QUIET_MS);
	}
	return 0;
}

int
door_send_fd(struct caller *caller, int fd)
{
	struct guest *g = guest_of(caller);
	const struct wire_out *out = &g->doors->out;

	if (out->failed || !STAILQ_EMPTY(&g->queue) ||
	    io_send(g->fd, out->buf, out->len, &fd, 1) < 0) {
		door_close(caller);
		return -EPIPE;
	}
	g->was_passed = true;
	caller->request_type = 0;
	(void)loop_timer_set(g->timer, QUIET_MS);
	return 0;
}

void
door_offer(struct caller *caller)
{
	const struct guest *g = guest_of(caller);
	const struct wire_out *out = &g->doors->out;

	if (!out->failed && STAILQ_EMPTY(&g->queue))
		(void)io_send(g->fd, out->buf, out->len, NULL, 0);
}

void
door_keep(struct caller *caller)
{
	loop_timer_clear(guest_of(caller)->timer);
}

void
door_rest(struct caller *caller)
{
	caller->request_type = 0;
	door_keep(caller);
}

void
door_wait(struct caller *caller, uint32_t timeout_ms)
{
	struct guest *g = guest_of(caller);

	if (g->is_held)
		g->wait_ms = timeout_ms; /* from when it is told */
	else
		(void)loop_timer_set(g->timer, timeout_ms);
}

int
door_send_later(struct caller *caller, uint32_t delay_ms)
{
	struct guest *g = guest_of(caller);
	struct wire_out *out = &g->doors->out;

	if (out->failed || keep(g, out) < 0 || loop_timer_set(g->timer, delay_ms) < 0) {
		door_close(caller);
		return -EPIPE;
	}
	g->is_held = true;
	g->wait_ms = QUIET_MS;
	return 0;
}

static void
send_held(struct guest *g)
{
	g->is_held = false;
	g->caller.request_type = 0;
	(void)loop_timer_set(g->timer, g->wait_ms);
	if (g->writable == NULL)
		g->writable =
		    loop_watch_fd(g->doors->gw->loop, g->fd, LOOP_WRITE, on_writable, g);
	if (g->writable == NULL)
		door_close(&g->caller);
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct caller *caller = arg;

	(void)fd;
	(void)events;
	if (guest_of(caller)->is_held)
		send_held(guest_of(caller));
	else if (caller->request_type != 0)
		request_timed_out(caller);
	else
		door_close(caller);
}

static void
on_readable(void *arg, int fd, unsigned int events)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct guest *g = arg;
	int fds[IO_FDS_MAX] = {-1, -1};
	ssize_t n;

	(void)events;
	if (g->caller.door == DOOR_SHELL && stranger_passes(fd)) {
		shell_refuse_passed(&g->caller);
		return;
	}
	/* Only an admin has a descriptor to pass. */
	n = io_receive(fd, buf, sizeof(buf), g->caller.door == DOOR_ADMIN ? fds : NULL);
	if (n == -EAGAIN)
		return;
	io_close(&fds[1]);
	if (n <= 0 || g->caller.request_type != 0) {
		/* Gone, or asks before it is answered. */
		io_close(&fds[0]);
		door_close(&g->caller);
		return;
	}
	io_close(&g->caller.fd_passed);
	g->caller.fd_passed = fds[0];
	(void)loop_timer_set(g->timer, ADMIN_MS); /* request.c knows better for PAM */
	g->has_asked = true;
	request_dispatch(&g->caller, buf, (size_t)n);
	secret_wipe(buf, (size_t)n); /* it may have been an OTP */
}

static size_t
callers_of(const struct doors *doors, uid_t uid)
{
	const struct guest *g;
	size_t n = untaken_count(doors->untaken, uid);

	LIST_FOREACH(g, &doors->guests, link)
		n += g->caller.door == DOOR_SHELL && g->caller.uid == uid;
	return n;
}

/* One user may have many uids (subuid(5)), and with them all places. What stays has
 * asked, and is below a U; so the one that has been silent for the longest gives way. */
static void
make_room(struct doors *doors)
{
	struct guest *g, *oldest = NULL;

	LIST_FOREACH(g, &doors->guests, link)
		if (g->caller.door == DOOR_SHELL && !g->has_asked)
			oldest = g;
	if (oldest != NULL)
		door_close(&oldest->caller);
}

/* Root to root's doors, everybody else to the other, where none may take another's
 * place. */
static bool
may_enter(struct doors *doors, enum door door, uid_t uid)
{
	if (door != DOOR_SHELL)
		return uid == 0 && doors->count < CALLERS_MAX;
	if (uid == 0 || callers_of(doors, uid) >= gateway_settings(doors->gw)->max_sessions)
		return false;
	if (doors->shell_count >= CALLERS_MAX)
		make_room(doors);
	return doors->shell_count < CALLERS_MAX;
}

/* A new caller, but for the loop's watches; NULL when it is not let in. */
static struct guest *
receive(struct doors *doors, enum door door, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct guest *g;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    !may_enter(doors, door, peer.uid) || (g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->caller = (struct caller){.gw = doors->gw,
	    .door = door,
	    .pid = peer.pid,
	    .uid = peer.uid,
	    .pidfd = -1,
	    .fd_passed = -1};
	STAILQ_INIT(&g->queue);
	g->doors = doors;
	g->fd = fd;
	if (door == DOOR_SHELL)
		g->caller.pidfd = identify_pidfd(fd, peer.pid);
	if (door != DOOR_SHELL || g->caller.pidfd >= 0)
		return g;
	free(g);
	return NULL;
}

static bool
let_in(struct doors *doors, enum door door, int fd)
{
	struct guest *g = receive(doors, door, fd);

	if (g == NULL)
		return false;
	g->watch = loop_watch_fd(doors->gw->loop, fd, LOOP_READ, on_readable, g);
	g->timer = loop_timer(doors->gw->loop, on_timer, &g->caller);
	if (g->watch == NULL || g->timer == NULL || loop_timer_set(g->timer, QUIET_MS) < 0) {
		loop_watch_free(g->watch);
		loop_watch_free(g->timer);
		io_close(&g->caller.pidfd);
		free(g);
		return false;
	}
	LIST_INSERT_HEAD(&doors->guests, g, link);
	*count_of(doors, door) += 1;
	return true;
}

static void
on_accept(void *arg, int fd, unsigned int events)
{
	struct doors *doors = arg;
	enum door door = DOOR_PAM;
	int client;

	(void)events;
	while (doors->fds[door] != fd)
		door++;
	for (int i = 0; i < 32 && (client = listener_accept(fd)) >= 0; i++)
		if (!let_in(doors, door, client))
			stranger_close(&client);
}

/* Who is not gated has nothing to ask here; identity is proven inside. */
void
doors_give_to_group(struct doors *doors)
{
	gid_t gid = doors->gw->gated_gid;

	if (gid == (gid_t)-1)
		return;
	if (lchown(SHELL_PATH, 0, gid) < 0 || chmod(SHELL_PATH, 0660) < 0)
		log_error("%s: %s", SHELL_PATH, strerror(errno));
}

static bool
attend(struct doors *doors, enum door door)
{
	if (doors->watches[door] == NULL)
		doors->watches[door] = loop_watch_fd(
		    doors->gw->loop, doors->fds[door], LOOP_READ, on_accept, doors);
	return doors->watches[door] != NULL;
}

struct doors *
doors_new(struct gateway *gw)
{
	static const char *const paths[DOORS] = {PAM_PATH, ADMIN_PATH, SHELL_PATH};
	struct doors *doors = calloc(1, sizeof(*doors));

	if (doors == NULL)
		return NULL;
	doors->gw = gw;
	LIST_INIT(&doors->guests);
	TAILQ_INIT(&doors->turns);
	doors->turn = loop_timer(gw->loop, on_turn, doors);
	doors->untaken = untaken_new();
	for (int i = 0; i < DOORS; i++)
		doors->fds[i] = -1;
	if (doors->turn == NULL || doors->untaken == NULL) {
		doors_free(doors);
		return NULL;
	}
	for (int i = 0; i < DOORS; i++) {
		doors->fds[i] = listener_unix(paths[i], SOCK_SEQPACKET);
		if (doors->fds[i] < 0 || (i == DOOR_ADMIN && !attend(doors, DOOR_ADMIN))) {
			log_error("%s: %s", paths[i],
			    doors->fds[i] < 0 ? strerror(-doors->fds[i]) : "no memory");
			doors_free(doors);
			return NULL;
		}
	}
	return doors;
}

bool
doors_admit(struct doors *doors)
{
	return attend(doors, DOOR_PAM) && attend(doors, DOOR_SHELL);
}

void
doors_free(struct doors *doors)
{
	struct guest *g;

	if (doors == NULL)
		return;
	while ((g = LIST_FIRST(&doors->guests)) != NULL)
		door_close(&g->caller);
	untaken_free(doors->untaken);
	for (int i = 0; i < DOORS; i++) {
		loop_watch_free(doors->watches[i]);
		if (doors->fds[i] >= 0)
			listener_drain(doors->fds[i]);
		io_close(&doors->fds[i]);
	}
	loop_watch_free(doors->turn);
	free(doors);
}
