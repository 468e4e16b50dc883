/* The life of a channel. */
#include "daemon/channel.h"

#include "daemon/audit.h"
#include "daemon/conns.h"
#include "daemon/denial.h"
#include "daemon/dial.h"
#include "daemon/relay_ended.h"
#include "daemon/session.h"
#include "daemon/stranger.h"
#include "lib/io.h"
#include "lib/log.h"
#include "policy/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For the relay to end a channel that it was told to end. A relay that does not is
 * ended itself, with all channels: better than one that should be closed. */
#define STOP_MS 1000

struct channel {
	LIST_ENTRY(channel) link;
	struct channels *owner;
	enum channel_state state;
	uint32_t id, conn_id;
	uid_t uid;
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	int client_fd, vm_fd; /* ours until the relay has them */
	struct dial *dial;
	struct target target; /* where it leads; its name is ours */
	char line[96];        /* the grant that allowed it */
	uint32_t judged;      /* generation of the policy that did */
	time_t next_judge;    /* when that verdict may change; 0: never */
	time_t since;
	int64_t opened_ms;
	char end_reason[128]; /* "": it was not told to end */
	int64_t stopped_ms;   /* when the relay was told */
};

struct channels {
	struct gateway *gw;
	LIST_HEAD(, channel) list;
	size_t count;
	uint32_t last_id;
	struct loop_watch *stop_timer; /* while the relay is to end channels */
	bool is_stopping;
};

static void
watch_stops(struct channels *channels)
{
	if (!channels->is_stopping)
		channels->is_stopping = loop_timer_set(channels->stop_timer, STOP_MS / 10) == 0;
}

static void
on_stop_timer(void *arg, int fd, unsigned int events)
{
	struct channels *channels = arg;
	const struct channel *ch;
	bool waits = false;

	(void)fd;
	(void)events;
	channels->is_stopping = false;
	LIST_FOREACH(ch, &channels->list, link) {
		if (ch->state != CHANNEL_STOPPING)
			continue;
		waits = true;
		if (io_now_ms() - ch->stopped_ms >= STOP_MS) {
			servant_give_up(
			    channels->gw->relay, "it did not end a channel in time");
			return; /* all channels are gone */
		}
	}
	if (waits)
		watch_stops(channels);
}

struct channels *
channels_new(struct gateway *gw)
{
	struct channels *channels = calloc(1, sizeof(*channels));

	if (channels == NULL)
		return NULL;
	channels->gw = gw;
	LIST_INIT(&channels->list);
	channels->stop_timer = loop_timer(gw->loop, on_stop_timer, channels);
	if (channels->stop_timer == NULL) {
		free(channels);
		return NULL;
	}
	return channels;
}

static void
drop(struct channel *ch)
{
	struct conn *conn = conns_by_id(ch->owner->gw->conns, ch->conn_id);

	if (conn != NULL)
		conn->busy_ms = io_now_ms();
	LIST_REMOVE(ch, link);
	ch->owner->count--;
	dial_cancel(ch->dial);
	free(ch->target.name);
	stranger_close(&ch->client_fd);
	stranger_close(&ch->vm_fd);
	free(ch);
}

static struct channel *
by_id(struct channels *channels, uint32_t id)
{
	struct channel *ch;

	LIST_FOREACH(ch, &channels->list, link)
		if (ch->id == id)
			return ch;
	return NULL;
}

/* Before the relay has it: closed, and on record as denied. */
static void
deny(struct channel *ch, const char *reason)
{
	const struct conn *conn = conns_by_id(ch->owner->gw->conns, ch->conn_id);

	if (conn != NULL)
		denial_record(ch->owner->gw->audit, conn, ch->vm, ch->right, ch->line, reason);
	sessions_tell(ch->owner->gw->sessions, ch->conn_id, ch->vm, ch->right, reason);
	drop(ch);
}

/* Once it is on record as open, its end is too. */
static void
record_close(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	struct audit *audit = ch->owner->gw->audit;
	char id[16];

	sessions_tell(ch->owner->gw->sessions, ch->conn_id, ch->vm, ch->right, reason);
	snprintf(id, sizeof(id), "ch%u", ch->id);
	audit_begin(audit, "close");
	audit_text(audit, AUDIT_USER, ch->user);
	audit_number(audit, AUDIT_UID, ch->uid);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, ch->right);
	audit_text(audit, AUDIT_REASON, reason);
	audit_number(audit, AUDIT_BYTES_UP, up);
	audit_number(audit, AUDIT_BYTES_DOWN, down);
	audit_number(audit, AUDIT_DURATION_MS, (uint64_t)(io_now_ms() - ch->opened_ms));
	audit_end_noted(audit);
}

void
channels_free(struct channels *channels)
{
	struct channel *ch;

	if (channels == NULL)
		return;
	while ((ch = LIST_FIRST(&channels->list)) != NULL)
		drop(ch);
	loop_watch_free(channels->stop_timer);
	free(channels);
}

void
channels_stop(struct channels *channels)
{
	struct channel *ch;

	while (channels != NULL && (ch = LIST_FIRST(&channels->list)) != NULL) {
		if (ch->state == CHANNEL_RELAYED || ch->state == CHANNEL_STOPPING)
			record_close(ch, "the daemon stopped; bytes not counted", 0, 0);
		drop(ch);
	}
}

static const struct target *
find_target(const struct policy *policy, const char *vm_name, const char *right)
{
	const struct vm *vm = policy_vm_find(policy, vm_name);

	for (size_t i = 0; vm != NULL && i < vm->endpoint_count; i++)
		if (strcmp(vm->endpoints[i].right, right) == 0)
			return &vm->endpoints[i].target;
	return NULL;
}

/* NULL, or why it may not be. */
static const char *
object(const struct channel *ch, const struct conn *conn, const struct gate_by *by,
    struct answer *answer)
{
	const struct target *target = find_target(by->policy, ch->vm, ch->right);

	if (gate_decide_by(ch->owner->gw, by, conn, ch->vm, ch->right, answer) != VERDICT_ALLOW)
		return answer->reason;
	if (target == NULL)
		return "no such right on this VM";
	/* What lies there now may be another's. */
	return target_is_same(target, &ch->target) ? NULL : "the VM's back end was changed";
}

/* The same question as at first, since time has passed: NULL or the reason. */
static const char *
judge(struct channel *ch)
{
	struct gateway *gw = ch->owner->gw;
	struct conn *conn = conns_by_id(gw->conns, ch->conn_id);
	struct answer answer;
	const char *reason;

	if (conn == NULL || conn->state != CONN_LIVE)
		return "the connection has ended";
	if (!proc_pidfd_is_alive(conn->m_pidfd) || !proc_pidfd_is_alive(conn->u_pidfd))
		return "sshd's process of the connection has ended";
	ch->judged = gw->generation;
	reason = object(ch, conn,
	    &(struct gate_by){.policy = gw->policy, .groups = &conn->groups}, &answer);
	ch->next_judge = answer.next_change;
	memcpy(ch->line, answer.line, sizeof(ch->line));
	return reason;
}

static void
hand_over(struct channel *ch)
{
	struct gateway *gw = ch->owner->gw;
	struct wire_out *out = servant_begin(gw->relay, PROTO_RELAY_START);
	const int fds[2] = {ch->client_fd, ch->vm_fd};

	wire_put_u32(out, ch->id);
	wire_put_u32(out, gateway_settings(gw)->channel_idle_s);
	if (servant_tell(gw->relay, fds, 2) < 0) {
		record_close(ch, "the relay is down", 0, 0);
		drop(ch);
		return;
	}
	io_close(&ch->client_fd);
	io_close(&ch->vm_fd);
	ch->state = CHANNEL_RELAYED;
	sessions_tell(gw->sessions, ch->conn_id, ch->vm, ch->right, "opened");
}

/* The channel may be gone when an answer comes. */
struct ticket {
	struct channels *channels;
	uint32_t id;
};

static void
on_recorded(void *arg, int error)
{
	struct ticket ticket = *(struct ticket *)arg;
	struct channel *ch = by_id(ticket.channels, ticket.id);
	const char *reason;

	free(arg);
	if (ch == NULL)
		return;
	if (error < 0) {
		deny(ch, "the record cannot be written");
		return;
	}
	reason = ch->end_reason[0] != '\0' ? ch->end_reason : judge(ch);
	if (reason == NULL) {
		hand_over(ch);
	} else {
		record_close(ch, reason, 0, 0);
		drop(ch);
	}
}

static void
record_open(struct channel *ch, const struct conn *conn)
{
	struct audit *audit = ch->owner->gw->audit;
	struct ticket *ticket = calloc(1, sizeof(*ticket));
	char id[16];

	if (ticket == NULL) {
		deny(ch, "no memory");
		return;
	}
	*ticket = (struct ticket){.channels = ch->owner, .id = ch->id};
	ch->opened_ms = io_now_ms();
	snprintf(id, sizeof(id), "ch%u", ch->id);
	audit_begin(audit, "open");
	audit_conn(audit, conn);
	audit_text(audit, AUDIT_CHANNEL, id);
	audit_text(audit, AUDIT_VM, ch->vm);
	audit_text(audit, AUDIT_RIGHT, ch->right);
	audit_text(audit, AUDIT_VERDICT, "allow");
	audit_text(audit, AUDIT_LINE, ch->line);
	if (audit_end_durable(audit, on_recorded, ticket) < 0) {
		free(ticket);
		deny(ch, "the record cannot be written");
	}
}

static void
on_dialed(void *arg, int fd, const char *reason)
{
	struct channel *ch = arg;
	const struct conn *conn = conns_by_id(ch->owner->gw->conns, ch->conn_id);

	ch->dial = NULL;
	ch->vm_fd = fd;
	if (fd < 0 || conn == NULL) {
		deny(ch, conn == NULL ? "the connection has ended" : reason);
		return;
	}
	ch->state = CHANNEL_RECORDING;
	record_open(ch, conn);
}

static size_t
count_of(const struct channels *channels, uid_t uid)
{
	const struct channel *ch;
	size_t n = 0;

	LIST_FOREACH(ch, &channels->list, link)
		n += ch->uid == uid;
	return n;
}

/* Copies the target as it is now, if there is one; false without memory. */
static bool
take_target(struct channel *ch)
{
	const struct target *target = find_target(ch->owner->gw->policy, ch->vm, ch->right);

	if (target == NULL)
		return true;
	ch->target = *target;
	ch->target.name = target->name != NULL ? strdup(target->name) : NULL;
	return target->name == NULL || ch->target.name != NULL;
}

static struct channel *
add(struct channels *channels, int fd, const struct conn *conn, const char *vm,
    const char *right)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (ch == NULL)
		return NULL;
	ch->owner = channels;
	ch->id = ++channels->last_id;
	ch->conn_id = conn->id;
	ch->uid = conn->uid;
	ch->client_fd = fd;
	ch->vm_fd = -1;
	ch->since = time(NULL);
	snprintf(ch->user, sizeof(ch->user), "%s", conn->user);
	snprintf(ch->vm, sizeof(ch->vm), "%s", vm);
	snprintf(ch->right, sizeof(ch->right), "%s", right);
	if (!take_target(ch)) {
		free(ch);
		return NULL;
	}
	LIST_INSERT_HEAD(&channels->list, ch, link);
	channels->count++;
	return ch;
}

void
channel_open(
    struct channels *channels, int fd, struct conn *conn, const char *vm, const char *right)
{
	struct gateway *gw = channels->gw;
	bool is_full = count_of(channels, conn->uid) >= gateway_settings(gw)->max_channels;
	struct channel *ch = is_full ? NULL : add(channels, fd, conn, vm, right);
	const char *reason;

	if (ch == NULL) {
		stranger_close(&fd);
		denial_record(gw->audit, conn, vm, right, NULL,
		    is_full ? "too many channels at once (max_channels)" : "no memory");
		return;
	}
	reason = gate_is_stale(gw, conn)
		     ? "the user's groups could not be read anew for too long"
		     : judge(ch);
	if (reason == NULL) {
		ch->dial = dial_start(gw, &ch->target, on_dialed, ch);
		if (ch->dial == NULL)
			reason = "no memory or no descriptor";
	}
	if (reason != NULL)
		deny(ch, reason);
}

static void
keep_reason(struct channel *ch, const char *reason)
{
	if (ch->end_reason[0] == '\0')
		snprintf(ch->end_reason, sizeof(ch->end_reason), "%s", reason);
}

/* Ends it wherever it is on its way. */
static void
end(struct channel *ch, const char *reason)
{
	struct servant *relay = ch->owner->gw->relay;

	switch (ch->state) {
	case CHANNEL_DIALING:
		deny(ch, reason);
		break;
	case CHANNEL_RECORDING:
		keep_reason(ch, reason);
		break;
	case CHANNEL_RELAYED:
		wire_put_u32(servant_begin(relay, PROTO_RELAY_STOP), ch->id);
		if (servant_tell(relay, NULL, 0) < 0) {
			ch->judged = ch->owner->gw->generation - 1; /* again in a second */
			break;
		}
		ch->state = CHANNEL_STOPPING;
		keep_reason(ch, reason);
		ch->stopped_ms = io_now_ms();
		watch_stops(ch->owner);
		break;
	case CHANNEL_STOPPING:
	default:
		break;
	}
}

bool
channels_end_one(struct channels *channels, uint32_t id, const char *reason)
{
	struct channel *ch = by_id(channels, id);

	if (ch == NULL)
		return false;
	end(ch, reason);
	return true;
}

void
channels_end_of(struct channels *channels, uint32_t conn_id, const char *reason)
{
	struct channel *ch, *next;

	for (ch = LIST_FIRST(&channels->list); ch != NULL; ch = next) {
		next = LIST_NEXT(ch, link);
		if (ch->conn_id == conn_id)
			end(ch, reason);
	}
}

void
channels_judge(struct channels *channels)
{
	struct channel *ch, *next;
	time_t now = time(NULL);
	const char *reason;

	for (ch = LIST_FIRST(&channels->list); ch != NULL; ch = next) {
		next = LIST_NEXT(ch, link);
		if (ch->state != CHANNEL_RELAYED ||
		    (ch->judged == channels->gw->generation &&
			(ch->next_judge == 0 || now < ch->next_judge)))
			continue;
		reason = judge(ch);
		if (reason != NULL)
			end(ch, reason);
	}
}

void
channels_rejudge(struct channels *channels, uint32_t conn_id)
{
	struct channel *ch;

	LIST_FOREACH(ch, &channels->list, link)
		if (ch->conn_id == conn_id)
			ch->judged = channels->gw->generation - 1;
}

void
channels_on_notice(struct channels *channels, uint8_t type, struct wire_in *in)
{
	uint32_t id = wire_get_u32(in);
	uint64_t up = wire_get_u64(in), down = wire_get_u64(in);
	uint8_t why = wire_get_u8(in);
	struct channel *ch = by_id(channels, id);

	if (type != PROTO_RELAY_ENDED || wire_end(in) < 0) {
		log_error("the relay sent a message that is none of its own (%u)", type);
		return;
	}
	if (ch == NULL || (ch->state != CHANNEL_RELAYED && ch->state != CHANNEL_STOPPING))
		return;
	record_close(
	    ch, ch->end_reason[0] != '\0' ? ch->end_reason : relay_ended_text(why), up, down);
	drop(ch);
}

void
channels_on_relay_down(struct channels *channels)
{
	struct channel *ch, *next;

	for (ch = LIST_FIRST(&channels->list); ch != NULL; ch = next) {
		next = LIST_NEXT(ch, link);
		if (ch->state == CHANNEL_RELAYED || ch->state == CHANNEL_STOPPING) {
			record_close(ch,
			    ch->end_reason[0] != '\0' ? ch->end_reason : "the relay ended", 0,
			    0);
			drop(ch);
		}
	}
}

size_t
channels_count_of(const struct channels *channels, uint32_t conn_id)
{
	const struct channel *ch;
	size_t n = 0;

	LIST_FOREACH(ch, &channels->list, link)
		n += ch->conn_id == conn_id;
	return n;
}

size_t
channels_count(const struct channels *channels)
{
	return channels->count;
}

static struct channel_info
info_of(const struct channel *ch)
{
	return (struct channel_info){.id = ch->id,
	    .conn_id = ch->conn_id,
	    .user = ch->user,
	    .vm = ch->vm,
	    .right = ch->right,
	    .state = ch->state,
	    .since = ch->since};
}

void
channels_each(const struct channels *channels,
    void (*fn)(void *arg, const struct channel_info *info), void *arg)
{
	const struct channel *ch;

	LIST_FOREACH(ch, &channels->list, link) {
		const struct channel_info info = info_of(ch);
		fn(arg, &info);
	}
}

void
channels_foresee(const struct channels *channels, const struct conn *conn,
    const struct gate_by *by,
    void (*fn)(void *arg, const struct channel_info *info, const char *reason), void *arg)
{
	const struct channel *ch;
	struct answer answer;

	LIST_FOREACH(ch, &channels->list, link) {
		const struct channel_info info = info_of(ch);
		const char *reason = ch->conn_id == conn->id && ch->state != CHANNEL_STOPPING
					 ? object(ch, conn, by, &answer)
					 : NULL;
		if (reason != NULL)
			fn(arg, &info, reason);
	}
}
