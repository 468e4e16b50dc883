/* The life of a session. */
#include "daemon/sessions.h"

#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/gate.h"
#include "daemon/transfer.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KILL_AFTER_MS 800 /* from SIGHUP to SIGKILL, and all within 2 s */

struct session {
	LIST_ENTRY(session) link;
	struct sessions *owner;
	uint32_t id, conn_id;
	uid_t uid;
	char user[PROTO_NAME_MAX + 1], what[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	struct transfer *transfer; /* of files: in place of right; NULL none */
	uint64_t left_out;         /* lines of its file server that are not on record */
	time_t since;
	pid_t pid;
	int pidfd;
	struct loop_watch *watch; /* NULL until it is on record */
	struct caller *caller;    /* who wants to be told; NULL nobody */
	char line[96];            /* the grant that allowed it */
	uint32_t judged;          /* generation of the policy that did */
	time_t next_judge;        /* when that verdict may change; 0: never */
	int64_t since_ms;
	const char *end_reason; /* it is being ended */
	char why[128];          /* a reason of its connection's, which may be gone by then */
	int64_t hup_ms;
};

struct sessions {
	struct gateway *gw;
	LIST_HEAD(, session) list;
	uint32_t last_id;
};

/* Waits for the record; its session may be gone by then. */
struct ticket {
	struct sessions *sessions;
	uint32_t id;
	session_fn *fn;
	void *arg;
};

struct sessions *
sessions_new(struct gateway *gw)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions == NULL)
		return NULL;
	sessions->gw = gw;
	LIST_INIT(&sessions->list);
	return sessions;
}

static void
drop(struct session *s)
{
	struct conn *conn = conns_by_id(s->owner->gw->conns, s->conn_id);

	if (conn != NULL)
		conn->busy_ms = io_now_ms();
	LIST_REMOVE(s, link);
	if (s->caller != NULL)
		door_hold(s->caller, NULL);
	loop_watch_free(s->watch);
	io_close(&s->pidfd);
	transfer_free(s->transfer);
	free(s);
}

void
sessions_free(struct sessions *sessions)
{
	struct session *s;

	if (sessions == NULL)
		return;
	while ((s = LIST_FIRST(&sessions->list)) != NULL)
		drop(s);
	free(sessions);
}

static void
record_names(struct audit *audit, const struct session *s)
{
	char id[16], vms[PROTO_TEXT_MAX + 1] = "host";

	if (s->transfer != NULL)
		transfer_names(s->transfer, vms, sizeof(vms));
	snprintf(id, sizeof(id), "s%u", s->id);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, vms);
	audit_text(audit, AUDIT_RIGHT, s->what);
}

void
session_put_names(const struct session *session, struct audit *audit)
{
	char conn[16];

	snprintf(conn, sizeof(conn), "c%u", session->conn_id);
	audit_text(audit, AUDIT_USER, session->user);
	audit_number(audit, AUDIT_UID, session->uid);
	audit_text(audit, AUDIT_CONN, conn);
	record_names(audit, session);
}

static void
record_end(const struct session *s, const char *reason)
{
	struct audit *audit = s->owner->gw->audit;
	char detail[80];

	audit_begin(audit, s->transfer != NULL ? "close" : "session-end");
	session_put_names(s, audit);
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - s->since_ms));
	if (s->left_out > 0) {
		snprintf(detail, sizeof(detail), "%llu more claimed lines are not on record",
		    (unsigned long long)s->left_out);
		audit_text(audit, AUDIT_DETAIL, detail);
	}
	audit_end_soon(audit);
}

/* Its end is on record if its beginning is. */
static void
finish(struct session *s, const char *reason)
{
	if (s->watch != NULL)
		record_end(s, s->end_reason != NULL ? s->end_reason : reason);
	drop(s);
}

void
sessions_stop(struct sessions *sessions)
{
	struct session *s;

	while (sessions != NULL && (s = LIST_FIRST(&sessions->list)) != NULL)
		finish(s, "the daemon stopped; the session may go on");
}

/* A transfer's own process was killed, and what it kept lives on: nobody would judge that.
 * No process gets the number of a group that has members; one that has it is another. */
static void
kill_rest(const struct session *s)
{
	bool is_unreaped = syscall(SYS_pidfd_send_signal, s->pidfd, 0, NULL, 0) == 0;

	if (is_unreaped || (kill(s->pid, 0) < 0 && errno == ESRCH))
		(void)kill(-s->pid, SIGKILL);
}

static void
on_process_ended(void *arg, int fd, unsigned int events)
{
	struct session *s = arg;

	(void)fd;
	(void)events;
	if (s->transfer != NULL)
		kill_rest(s);
	finish(s, "ended");
}

/* NULL or the reason against it. */
static const char *
judge(struct session *s)
{
	struct gateway *gw = s->owner->gw;
	struct conn *conn = conns_by_id(gw->conns, s->conn_id);
	struct answer answer;

	if (conn == NULL || conn_may(conn->state, CONN_EV_SHELL) != VERDICT_ALLOW)
		return "the connection has ended";
	if (!conn_lives(conn))
		return "sshd's process of the connection has ended";
	s->judged = gw->generation;
	s->next_judge = 0;
	if (s->transfer == NULL && s->right[0] == '\0')
		return gate_is_key_of(gw, conn->user, conn->public_id)
			   ? NULL
			   : "the YubiKey of this connection is no longer mapped";
	if (s->transfer != NULL)
		(void)transfer_judge(s->transfer, gw, NULL, conn, &answer);
	else
		(void)gate_decide(gw, conn, "host", s->right, &answer);
	s->next_judge = answer.next_change;
	memcpy(s->line, answer.line, sizeof(s->line));
	return answer.verdict == VERDICT_ALLOW ? NULL : answer.reason;
}

static struct session *
by_id(struct sessions *sessions, uint32_t id)
{
	struct session *s;

	LIST_FOREACH(s, &sessions->list, link)
		if (s->id == id)
			return s;
	return NULL;
}

/* On record now: from here on its end will be, too. */
static int
begin(struct session *s)
{
	const char *reason = judge(s);

	s->watch = loop_watch_fd(s->owner->gw->loop, s->pidfd, LOOP_READ, on_process_ended, s);
	if (s->watch != NULL && reason == NULL)
		return 0;
	record_end(s, reason != NULL ? reason : "no memory");
	drop(s);
	return reason != NULL ? -EPERM : -ENOMEM;
}

static void
on_recorded(void *arg, int error)
{
	struct ticket ticket = *(struct ticket *)arg;
	struct session *s = by_id(ticket.sessions, ticket.id);

	free(arg);
	if (s == NULL)
		error = -ESRCH;
	else if (error == 0)
		error = begin(s);
	else
		drop(s);
	ticket.fn(ticket.arg, error, error == 0 ? s : NULL);
}

static int
record(struct session *s, const struct session_spec *spec, session_fn *fn, void *arg)
{
	struct audit *audit = s->owner->gw->audit;
	struct ticket *ticket = calloc(1, sizeof(*ticket));
	int err;

	if (ticket == NULL)
		return -ENOMEM;
	*ticket = (struct ticket){.sessions = s->owner, .id = s->id, .fn = fn, .arg = arg};
	audit_begin(audit, s->transfer != NULL ? "open" : "session");
	audit_conn(audit, spec->conn);
	record_names(audit, s);
	audit_text(audit, AUDIT_VERDICT, "allow");
	audit_text(audit, AUDIT_LINE, s->line);
	audit_number(audit, AUDIT_PID, (uint64_t)s->pid);
	audit_text(audit, AUDIT_DETAIL, spec->command);
	err = audit_end_durable(audit, on_recorded, ticket);
	if (err < 0)
		free(ticket);
	return err;
}

static size_t
count_of(const struct sessions *sessions, uid_t uid)
{
	const struct session *s;
	size_t n = 0;

	LIST_FOREACH(s, &sessions->list, link)
		n += s->uid == uid;
	return n;
}

int
session_open(
    struct sessions *sessions, const struct session_spec *spec, session_fn *fn, void *arg)
{
	struct session *s = NULL;
	int err = -EUSERS;

	if (count_of(sessions, spec->conn->uid) <
	    gateway_settings(sessions->gw)->max_sessions) {
		s = calloc(1, sizeof(*s));
		err = s != NULL ? -EPERM : -ENOMEM;
	}
	if (s == NULL) {
		transfer_free(spec->transfer);
		return err;
	}
	s->owner = sessions;
	s->transfer = spec->transfer;
	s->id = ++sessions->last_id;
	s->conn_id = spec->conn->id;
	s->uid = spec->conn->uid;
	s->pid = spec->pid;
	s->since_ms = io_now_ms();
	s->since = time(NULL);
	snprintf(s->user, sizeof(s->user), "%s", spec->conn->user);
	snprintf(s->what, sizeof(s->what), "%s", spec->what);
	snprintf(s->right, sizeof(s->right), "%s", spec->right);
	s->pidfd = fcntl(spec->pidfd, F_DUPFD_CLOEXEC, 3);
	LIST_INSERT_HEAD(&sessions->list, s, link);
	if (s->pidfd < 0)
		err = -EMFILE;
	else if (judge(s) == NULL)
		err = record(s, spec, fn, arg);
	if (err < 0)
		drop(s);
	return err;
}

uint32_t
session_id(const struct session *session)
{
	return session->id;
}

bool
session_attach(struct sessions *sessions, uint32_t id, struct caller *caller)
{
	struct session *s = by_id(sessions, id);

	if (s == NULL)
		return false;
	s->caller = caller;
	door_hold(caller, &s->caller);
	door_keep(caller);
	return true;
}

void
sessions_tell(struct sessions *sessions, uint32_t conn_id, const char *vm, const char *right,
    const char *what)
{
	time_t now = time(NULL);
	struct wire_out *out;
	struct session *s;
	char when[16] = "";
	struct tm tm;

	LIST_FOREACH(s, &sessions->list, link) {
		if (s->conn_id != conn_id || s->caller == NULL || s->transfer != NULL)
			continue;
		if (localtime_r(&now, &tm) != NULL)
			strftime(when, sizeof(when), "%H:%M:%S", &tm);
		out = door_begin(s->caller, PROTO_SHELL_EVENT);
		wire_put_str(out, when);
		wire_put_str(out, vm);
		wire_put_str(out, right);
		wire_put_str(out, what);
		door_offer(s->caller);
	}
}

/* The process and those of its group; what has left that is sshd's or the user's. */
static void
send_signal(const struct session *s, int signal)
{
	if (proc_pidfd_is_alive(s->pidfd) && getpgid(s->pid) == s->pid)
		(void)kill(-s->pid, signal);
	(void)syscall(SYS_pidfd_send_signal, s->pidfd, signal, NULL, 0);
}

/* Told to whoever shows it to the user: to a page, or to the transfer's own process,
 * which ends without a signal, too. */
static void
tell_end(struct session *s)
{
	char vms[PROTO_NAME_MAX + 1] = "host";

	if (s->transfer != NULL)
		transfer_names(s->transfer, vms, sizeof(vms));
	sessions_tell(s->owner, s->conn_id, vms, s->what, s->end_reason);
	if (s->transfer != NULL && s->caller != NULL) {
		wire_put_str(door_begin(s->caller, PROTO_SHELL_ENDED), s->end_reason);
		door_offer(s->caller);
	}
}

static void
end(struct session *s, const char *reason)
{
	s->end_reason = reason;
	s->hup_ms = io_now_ms();
	tell_end(s);
	send_signal(s, SIGHUP);
	send_signal(s, SIGCONT); /* a stopped one shall hear it */
}

/* A transfer's process can live as long as its program likes, without a client, too: so its
 * session lasts until that is ended. */
static void
end_with_conn(struct session *s, const char *reason)
{
	if (s->transfer == NULL || s->watch == NULL) {
		finish(s, reason);
	} else if (s->end_reason == NULL) {
		snprintf(s->why, sizeof(s->why), "%s", reason);
		end(s, s->why);
	}
}

void
sessions_end_of(struct sessions *sessions, uint32_t conn_id, const char *reason)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&sessions->list); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		if (s->conn_id == conn_id)
			end_with_conn(s, reason);
	}
}

static void
judge_one(struct session *s)
{
	const char *reason;

	if (s->watch == NULL)
		return; /* judged again when it is on record */
	if (s->end_reason != NULL) {
		if (io_now_ms() - s->hup_ms >= KILL_AFTER_MS)
			send_signal(s, SIGKILL);
		return;
	}
	if (s->judged == s->owner->gw->generation &&
	    (s->next_judge == 0 || time(NULL) < s->next_judge))
		return;
	reason = judge(s);
	if (reason != NULL)
		end(s, reason);
}

bool
sessions_end_one(struct sessions *sessions, uint32_t id, const char *reason)
{
	struct session *s = by_id(sessions, id);

	if (s == NULL || s->watch == NULL || s->end_reason != NULL)
		return false;
	end(s, reason);
	return true;
}

void
sessions_judge(struct sessions *sessions)
{
	struct session *s, *next;

	for (s = LIST_FIRST(&sessions->list); s != NULL; s = next) {
		next = LIST_NEXT(s, link);
		judge_one(s);
	}
}

void
sessions_rejudge(struct sessions *sessions, uint32_t conn_id)
{
	struct session *s;

	LIST_FOREACH(s, &sessions->list, link)
		if (s->conn_id == conn_id)
			s->judged = sessions->gw->generation - 1;
}

size_t
sessions_count_of(const struct sessions *sessions, uint32_t conn_id)
{
	const struct session *s;
	size_t n = 0;

	LIST_FOREACH(s, &sessions->list, link)
		n += s->conn_id == conn_id;
	return n;
}

static enum verdict
judge_by(const struct session *s, const struct gate_by *by, const struct conn *conn,
    struct answer *answer)
{
	const struct gateway *gw = s->owner->gw;

	return s->transfer != NULL ? transfer_judge(s->transfer, gw, by, conn, answer)
				   : gate_decide_by(gw, by, conn, "host", s->right, answer);
}

void
sessions_foresee(const struct sessions *sessions, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(void *arg, uint32_t id, const char *vms, const char *what, const char *reason),
    void *arg)
{
	const struct session *s;
	struct answer answer;
	char vms[PROTO_NAME_MAX + 1];

	LIST_FOREACH(s, &sessions->list, link) {
		if (s->conn_id != conn->id || s->end_reason != NULL ||
		    (s->transfer == NULL && s->right[0] == '\0') ||
		    judge_by(s, by, conn, &answer) == VERDICT_ALLOW)
			continue;
		snprintf(vms, sizeof(vms), "host");
		if (s->transfer != NULL)
			transfer_names(s->transfer, vms, sizeof(vms));
		fn(arg, s->id, vms, s->what, answer.reason);
	}
}

const struct transfer *
session_transfer(const struct session *session)
{
	return session->transfer;
}

struct session *
sessions_of_caller(const struct sessions *sessions, const struct caller *caller)
{
	struct session *s;

	LIST_FOREACH(s, &sessions->list, link)
		if (s->caller == caller)
			return s;
	return NULL;
}

void
session_left_out(struct session *session, uint32_t lines)
{
	session->left_out += lines;
}

const struct session *
sessions_next_transfer(
    const struct sessions *sessions, const struct session *session, struct session_row *row)
{
	const struct session *s =
	    session == NULL ? LIST_FIRST(&sessions->list) : LIST_NEXT(session, link);

	while (s != NULL && (s->transfer == NULL || s->watch == NULL))
		s = LIST_NEXT(s, link);
	if (s != NULL)
		*row = (struct session_row){.id = s->id,
		    .conn_id = s->conn_id,
		    .user = s->user,
		    .since = s->since,
		    .is_ending = s->end_reason != NULL};
	return s;
}

size_t
sessions_count(const struct sessions *sessions)
{
	const struct session *s;
	size_t n = 0;

	LIST_FOREACH(s, &sessions->list, link)
		n++;
	return n;
}
