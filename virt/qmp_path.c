/* The table of states, and what each line makes of them. */
#include "virt/qmp_path.h"

#include "lib/escape.h"
#include "lib/io.h"
#include "lib/log.h"
#include "virt/answer.h"
#include "virt/qmp_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define STEP_MS      3000  /* for an answer that no question waits for */
#define DIAL_MS      15000 /* for the supervisor to connect; then it is asked again */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 15000
#define STEADY_MS    10000   /* a connection that lived that long is made anew at once */
#define TELL_MS      200     /* a state is told at most that often */
#define WAITING_MAX  64      /* questions */
#define FLOOD_BYTES  1048576 /* a second, that no command asked for */

enum state {
	ABSENT = 0, /* not connected */
	DIALING,    /* the supervisor does */
	GREETING,   /* the server speaks first */
	CAPABLE,    /* after qmp_capabilities */
	ASKED,      /* after query-status */
	IDLE,
	HANDED, /* after getfd: it has the console's end */
	ADDED,  /* after add_client */
};

struct waiting {
	TAILQ_ENTRY(waiting) link;
	uint32_t id;
	enum proto_console what;
	int64_t deadline_ms;
};

struct qmp_path {
	char name[PROTO_NAME_MAX + 1], shown[4 * 64]; /* shown: escaped, for the log */
	enum state state;
	int fd;
	int64_t step_ms;               /* when the present state has lasted too long */
	int64_t retry_ms;              /* ABSENT: when to dial */
	int64_t pause_ms;              /* until then, after the next failure */
	int64_t good_ms;               /* since when the connection is; 0: it is not yet */
	uint32_t command;              /* the id of the last one */
	int console;                   /* our end of the one that is being opened */
	TAILQ_HEAD(, waiting) waiting; /* the first is being opened in HANDED and ADDED */
	size_t waiting_count;
	enum proto_vm_state vm, told;
	int64_t tell_ms; /* not before */
	int64_t second_ms;
	size_t bytes_in_second;
	bool was_trouble; /* and was said */
	size_t len;
	char buf[QMP_LINE_MAX];
};

struct qmp_path *
qmp_path_new(const char *name)
{
	struct qmp_path *path = calloc(1, sizeof(*path));

	if (path == NULL)
		return NULL;
	snprintf(path->name, sizeof(path->name), "%s", name);
	escape_str(path->shown, sizeof(path->shown), name);
	path->fd = path->console = -1;
	path->pause_ms = RETRY_MIN_MS;
	TAILQ_INIT(&path->waiting);
	return path;
}

const char *
qmp_path_name(const struct qmp_path *path)
{
	return path->name;
}

int
qmp_path_fd(const struct qmp_path *path)
{
	return path->fd;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
qmp_path_due_ms(const struct qmp_path *path)
{
	int64_t due = path->state == ABSENT ? path->retry_ms
		      : path->state == IDLE ? INT64_MAX
					    : path->step_ms;
	const struct waiting *w;

	TAILQ_FOREACH(w, &path->waiting, link)
		due = earlier(due, w->deadline_ms);
	return path->vm != path->told ? earlier(due, path->tell_ms) : due;
}

static int
answer(struct qmp_path *path, struct waiting *w, enum proto_virt status, int fd)
{
	int err = answer_opened(w->id, status, fd);

	TAILQ_REMOVE(&path->waiting, w, link);
	path->waiting_count--;
	free(w);
	return err;
}

static int
answer_all(struct qmp_path *path, enum proto_virt status)
{
	int err = 0;

	while (!TAILQ_EMPTY(&path->waiting) && err == 0)
		err = answer(path, TAILQ_FIRST(&path->waiting), status, -1);
	return err;
}

void
qmp_path_free(struct qmp_path *path)
{
	if (path == NULL)
		return;
	(void)answer_all(path, PROTO_VIRT_FAILED);
	io_close(&path->fd);
	io_close(&path->console);
	free(path);
}

/* The connection is no good any more. The next comes when the pause is over, or with
 * the next question. */
static int
lose(struct qmp_path *path, const char *why, enum proto_virt status)
{
	if (!path->was_trouble)
		log_warn("%s: %s", path->shown, why);
	path->was_trouble = true;
	io_close(&path->fd);
	io_close(&path->console);
	path->state = ABSENT;
	path->len = 0;
	if (path->good_ms != 0 && io_now_ms() - path->good_ms > STEADY_MS)
		path->pause_ms = RETRY_MIN_MS;
	path->good_ms = 0;
	path->retry_ms = io_now_ms() + path->pause_ms;
	path->pause_ms = earlier(path->pause_ms * 2, RETRY_MAX_MS);
	if (path->vm != PROTO_VM_OFF)
		path->vm = PROTO_VM_UNKNOWN;
	return answer_all(path, status);
}

static int
dial(struct qmp_path *path)
{
	path->state = DIALING;
	path->step_ms = io_now_ms() + DIAL_MS;
	return answer_dial(path->name);
}

/* --- commands ----------------------------------------------------------- */

/* Sends one, with a descriptor unless that is -1. It is far shorter than what an empty
 * socket takes: a server that leaves no room for it reads nothing. */
static int
command(struct qmp_path *path, enum state next, int fd, const char *text, int64_t deadline_ms)
{
	char line[256];
	int n = snprintf(
	    line, sizeof(line), "{\"execute\":%s,\"id\":%u}\n", text, path->command + 1);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	if (io_send(path->fd, line, (size_t)n, &fd, fd >= 0) < 0)
		return lose(
		    path, "QEMU's control socket takes no command", PROTO_VIRT_UNREACHABLE);
	path->command++;
	path->state = next;
	path->step_ms = deadline_ms;
	return 0;
}

/* The next question, if there is one and nothing else goes on. */
static int
begin(struct qmp_path *path)
{
	struct waiting *w = TAILQ_FIRST(&path->waiting);
	int ends[2], err;

	if (path->state != IDLE || w == NULL)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return answer(path, w, PROTO_VIRT_FAILED, -1);
	path->console = ends[0];
	err = command(path, HANDED, ends[1],
	    "\"getfd\",\"arguments\":{\"fdname\":\"sallyport\"}", w->deadline_ms);
	io_close(&ends[1]);
	return err;
}

static int
on_greeting(struct qmp_path *path, const struct qmp_line *line)
{
	(void)line;
	return command(path, CAPABLE, -1, "\"qmp_capabilities\"", io_now_ms() + STEP_MS);
}

static int
on_capable(struct qmp_path *path, const struct qmp_line *line)
{
	(void)line;
	return command(path, ASKED, -1, "\"query-status\"", io_now_ms() + STEP_MS);
}

static int
on_status(struct qmp_path *path, const struct qmp_line *line)
{
	if (line->tells_state)
		path->vm = line->state;
	path->good_ms = io_now_ms();
	if (path->was_trouble)
		log_info("%s: connected", path->shown);
	path->was_trouble = false;
	path->state = IDLE;
	return begin(path);
}

/* With skipauth: who comes through the gate has proved himself, so that the VM may have
 * a password which nobody knows. */
static int
on_handed(struct qmp_path *path, const struct qmp_line *line)
{
	const struct waiting *w = TAILQ_FIRST(&path->waiting);
	char text[160];

	(void)line;
	snprintf(text, sizeof(text),
	    "\"add_client\",\"arguments\":{\"protocol\":\"%s\",\"fdname\":\"sallyport\","
	    "\"skipauth\":true}",
	    w->what == PROTO_CONSOLE_VNC ? "vnc" : "spice");
	return command(path, ADDED, -1, text, w->deadline_ms);
}

static int
on_added(struct qmp_path *path, const struct qmp_line *line)
{
	int err;

	(void)line;
	err = answer(path, TAILQ_FIRST(&path->waiting), PROTO_VIRT_OK, path->console);
	io_close(&path->console);
	path->state = IDLE;
	return err < 0 ? err : begin(path);
}

static int
on_refused(struct qmp_path *path, const struct qmp_line *line)
{
	int err;

	log_warn("%s: QEMU refuses: %s", path->shown, line->words);
	err = answer(path, TAILQ_FIRST(&path->waiting), PROTO_VIRT_REFUSED, -1);
	io_close(&path->console);
	path->state = IDLE;
	return err < 0 ? err : begin(path);
}

/* What may come when. All else is a server that is none, and loses the connection. */
static const struct {
	enum state state;
	enum qmp_kind kind;
	int (*handle)(struct qmp_path *path, const struct qmp_line *line);
} table[] = {
    {GREETING, QMP_GREETING, on_greeting},
    {CAPABLE, QMP_RETURN, on_capable},
    {ASKED, QMP_RETURN, on_status},
    {ASKED, QMP_ERROR, on_status},
    {HANDED, QMP_RETURN, on_handed},
    {HANDED, QMP_ERROR, on_refused},
    {ADDED, QMP_RETURN, on_added},
    {ADDED, QMP_ERROR, on_refused},
};

static int
on_line(struct qmp_path *path, const char *text, size_t len)
{
	struct qmp_line line;

	qmp_line_read(text, len, &line);
	if (line.kind == QMP_EVENT && path->state > GREETING) {
		if (line.tells_state)
			path->vm = line.state;
		return 0;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool is_answer = path->state != GREETING;
		if (table[i].state == path->state && table[i].kind == line.kind &&
		    line.has_id == is_answer && (!is_answer || line.id == path->command))
			return table[i].handle(path, &line);
	}
	return lose(path, "what answers at QEMU's control socket does not speak its language",
	    PROTO_VIRT_UNREACHABLE);
}

/* --- what comes in -------------------------------------------------------- */

static bool
floods(struct qmp_path *path, size_t n)
{
	int64_t now_ms = io_now_ms();

	if (now_ms - path->second_ms >= 1000) {
		path->second_ms = now_ms;
		path->bytes_in_second = 0;
	}
	path->bytes_in_second += n;
	return path->bytes_in_second > FLOOD_BYTES;
}

/* All whole lines of the buffer; what is left moves to its beginning. */
static int
take_lines(struct qmp_path *path)
{
	size_t at = 0;
	int err = 0;

	while (err == 0 && path->fd >= 0) {
		const char *start = path->buf + at, *end = memchr(start, '\n', path->len - at);
		size_t len;
		if (end == NULL)
			break;
		len = (size_t)(end - start);
		at += len + 1;
		if (len > 0 && start[len - 1] == '\r')
			len--;
		err = on_line(path, start, len);
	}
	if (err < 0 || path->fd < 0)
		return err;
	path->len -= at;
	memmove(path->buf, path->buf + at, path->len);
	return path->len < sizeof(path->buf)
		   ? 0
		   : lose(path, "QEMU's control socket sends a line without an end",
			 PROTO_VIRT_UNREACHABLE);
}

int
qmp_path_readable(struct qmp_path *path)
{
	ssize_t n =
	    recv(path->fd, path->buf + path->len, sizeof(path->buf) - path->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 && path->state > CAPABLE) /* one that was QEMU */
		path->vm = PROTO_VM_OFF;
	if (n <= 0)
		return lose(path, "QEMU closed its control socket", PROTO_VIRT_UNREACHABLE);
	if (floods(path, (size_t)n))
		return lose(
		    path, "QEMU's control socket sends too much", PROTO_VIRT_UNREACHABLE);
	path->len += (size_t)n;
	return take_lines(path);
}

int
qmp_path_connected(struct qmp_path *path, int fd)
{
	if (path->state != DIALING) { /* too late */
		io_close(&fd);
		return 0;
	}
	if (fd < 0)
		return lose(
		    path, "QEMU's control socket cannot be reached", PROTO_VIRT_UNREACHABLE);
	path->fd = fd;
	path->state = GREETING;
	path->step_ms = io_now_ms() + STEP_MS;
	path->second_ms = 0;
	return 0;
}

int
qmp_path_open(struct qmp_path *path, uint32_t id, enum proto_console what, int64_t deadline_ms)
{
	struct waiting *w = path->waiting_count < WAITING_MAX ? calloc(1, sizeof(*w)) : NULL;

	if (w == NULL)
		return answer_opened(id, PROTO_VIRT_BUSY, -1);
	*w = (struct waiting){.id = id, .what = what, .deadline_ms = deadline_ms};
	TAILQ_INSERT_TAIL(&path->waiting, w, link);
	path->waiting_count++;
	return path->state == ABSENT ? dial(path) : begin(path);
}

/* With the one that is being opened the connection goes, too: a server that is that late
 * hangs, and its answer would come to nobody. */
static int
answer_late(struct qmp_path *path, int64_t now_ms)
{
	struct waiting *w, *next, *first = TAILQ_FIRST(&path->waiting);
	int err = 0;

	for (w = first; w != NULL && err == 0; w = next) {
		next = TAILQ_NEXT(w, link);
		if (w->deadline_ms > now_ms)
			continue;
		if (w == first && path->state >= HANDED)
			return lose(path, "QEMU does not answer in time", PROTO_VIRT_LATE);
		err = answer(path, w, PROTO_VIRT_LATE, -1);
	}
	return err;
}

static int
tell(struct qmp_path *path, int64_t now_ms)
{
	if (path->vm == path->told || now_ms < path->tell_ms)
		return 0;
	path->told = path->vm;
	path->tell_ms = now_ms + TELL_MS;
	return answer_changed(path->name, path->vm);
}

int
qmp_path_tick(struct qmp_path *path)
{
	int64_t now_ms = io_now_ms();
	int err = answer_late(path, now_ms);

	if (err == 0 && path->state == ABSENT && now_ms >= path->retry_ms)
		err = dial(path);
	else if (err == 0 && path->state != ABSENT && path->state != IDLE &&
		 now_ms >= path->step_ms)
		err = lose(path,
		    "nothing is heard from QEMU's control socket: it hangs, or another "
		    "program is connected",
		    PROTO_VIRT_LATE);
	return err == 0 ? tell(path, now_ms) : err;
}
