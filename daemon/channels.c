/* The list of channels. */
#include "daemon/channels.h"

#include "daemon/channel_policy.h"
#include "daemon/conns.h"
#include "daemon/consoles.h"
#include "daemon/dial.h"
#include "daemon/kept_channels.h"
#include "daemon/shell_channel.h"
#include "daemon/stranger.h"
#include "daemon/finder.h"
#include "lib/io.h"

#include <stdio.h>
#include <stdlib.h>

struct channels {
	LIST_HEAD(, channel) list;
	size_t count;
	struct finder by_id, by_conn, by_uid;
};

struct channels *
channels_new(void)
{
	struct channels *channels = calloc(1, sizeof(*channels));

	if (channels == NULL)
		return NULL;
	LIST_INIT(&channels->list);
	finder_init(&channels->by_id);
	finder_init(&channels->by_conn);
	finder_init(&channels->by_uid);
	return channels;
}

struct channel *
channels_add(
    struct gateway *gw, int fd, const struct conn *conn, const char *vm, const char *right)
{
	struct channels *channels = gw->channels;
	struct channel *ch = calloc(1, sizeof(*ch));

	if (ch == NULL)
		return NULL;
	ch->gw = gw;
	ch->id = kept_channels_number(gw->kept);
	ch->conn_id = conn->id;
	ch->uid = conn->uid;
	ch->client_fd = fd;
	ch->vm_fd = -1;
	ch->since = time(NULL);
	snprintf(ch->user, sizeof(ch->user), "%s", conn->user);
	snprintf(ch->vm, sizeof(ch->vm), "%s", vm);
	snprintf(ch->right, sizeof(ch->right), "%s", right);
	if (!channel_policy_take_target(ch)) {
		free(ch);
		return NULL;
	}
	LIST_INSERT_HEAD(&channels->list, ch, link);
	finder_add(&channels->by_id, &ch->by_id, finder_hash(ch->id), ch);
	finder_add(&channels->by_conn, &ch->by_conn, finder_hash(ch->conn_id), ch);
	finder_add(&channels->by_uid, &ch->by_uid, finder_hash(ch->uid), ch);
	channels->count++;
	return ch;
}

void
channels_drop(struct channel *ch)
{
	struct channels *channels = ch->gw->channels;
	struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);

	if (conn != NULL)
		conn->busy_ms = io_now_ms();
	consoles_ended(ch, "ended", 0, 0); /* if nobody has said so */
	shell_channel_end(ch, "ended");    /* the same */
	LIST_REMOVE(ch, link);
	finder_remove(&channels->by_id, &ch->by_id);
	finder_remove(&channels->by_conn, &ch->by_conn);
	finder_remove(&channels->by_uid, &ch->by_uid);
	channels->count--;
	dial_cancel(ch->dial);
	free(ch->target.name);
	stranger_close(&ch->client_fd);
	stranger_close(&ch->vm_fd);
	free(ch);
}

void
channels_free(struct channels *channels)
{
	struct channel *ch;

	if (channels == NULL)
		return;
	while ((ch = LIST_FIRST(&channels->list)) != NULL)
		channels_drop(ch);
	finder_free(&channels->by_id);
	finder_free(&channels->by_conn);
	finder_free(&channels->by_uid);
	free(channels);
}

void
channels_stop(struct channels *channels)
{
	struct channel *ch;

	while (channels != NULL && (ch = LIST_FIRST(&channels->list)) != NULL) {
		if (ch->state == CHANNEL_RELAYED || ch->state == CHANNEL_STOPPING) {
			channel_ended(ch, "the daemon stopped; bytes unknown",
			    CONSOLE_UNCOUNTED, CONSOLE_UNCOUNTED);
		} else if (ch->state == CHANNEL_RECORDING) {
			consoles_recorded(
			    ch); /* the recorder has its open, and answers too late */
			channel_ended(ch, "the daemon stopped", 0, 0);
		} else {
			channels_drop(ch);
		}
	}
}

struct channel *
channels_by_id(struct channels *channels, uint32_t id)
{
	struct channel *ch = finder_first(&channels->by_id, finder_hash(id));

	while (ch != NULL && ch->id != id)
		ch = finder_next(&ch->by_id);
	return ch;
}

/* Those of a connection, and those of a user: the last one first. */

static struct channel *
first_of_conn(const struct channels *channels, uint32_t conn_id)
{
	return finder_first(&channels->by_conn, finder_hash(conn_id));
}

static struct channel *
first_of_uid(const struct channels *channels, uid_t uid)
{
	return finder_first(&channels->by_uid, finder_hash(uid));
}

struct channel *
channels_next(struct channels *channels, const struct channel *ch)
{
	return ch == NULL ? LIST_FIRST(&channels->list) : LIST_NEXT(ch, link);
}

size_t
channels_count(const struct channels *channels)
{
	return channels->count;
}

size_t
channels_count_of(const struct channels *channels, uint32_t conn_id)
{
	const struct channel *ch = first_of_conn(channels, conn_id);
	size_t n = 0;

	for (; ch != NULL; ch = finder_next(&ch->by_conn))
		n += ch->conn_id == conn_id;
	return n;
}

size_t
channels_count_uid(const struct channels *channels, uid_t uid)
{
	const struct channel *ch = first_of_uid(channels, uid);
	size_t n = 0;

	for (; ch != NULL; ch = finder_next(&ch->by_uid))
		n += ch->uid == uid;
	return n;
}

size_t
channels_count_greeting(const struct channels *channels, uid_t uid)
{
	const struct channel *ch = first_of_uid(channels, uid);
	size_t n = 0;

	for (; ch != NULL; ch = finder_next(&ch->by_uid))
		n += ch->uid == uid && ch->state == CHANNEL_GREETING;
	return n;
}

size_t
channels_end_one(struct channels *channels, uint32_t id, const char *reason)
{
	struct channel *ch = channels_by_id(channels, id);
	size_t n = 1;

	if (ch == NULL)
		return 0;
	if (ch->console != NULL && ch->console->id == id)
		n = ch->console->channels;
	channel_end(ch, reason);
	return n;
}

void
channels_end_of(struct channels *channels, uint32_t conn_id, const char *reason)
{
	struct channel *ch, *next;

	for (ch = first_of_conn(channels, conn_id); ch != NULL; ch = next) {
		next = finder_next(&ch->by_conn);
		if (ch->conn_id == conn_id)
			channel_end(ch, reason);
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
		    (ch->judged == ch->gw->generation &&
			(ch->next_judge == 0 || now < ch->next_judge)))
			continue;
		reason = channel_policy_judge(ch);
		if (reason != NULL)
			channel_end(ch, reason);
	}
}

void
channels_rejudge(struct channels *channels, uint32_t conn_id)
{
	struct channel *ch = first_of_conn(channels, conn_id);

	for (; ch != NULL; ch = finder_next(&ch->by_conn))
		if (ch->conn_id == conn_id)
			ch->judged = ch->gw->generation - 1;
}

void
channels_foresee(struct channels *channels, const struct conn *conn, const struct gate_by *by,
    void (*fn)(void *arg, const struct channel *ch, const char *reason), void *arg)
{
	const struct channel *ch = first_of_conn(channels, conn->id);
	struct answer answer;
	const char *reason;

	for (; ch != NULL; ch = finder_next(&ch->by_conn)) {
		if (ch->conn_id != conn->id || ch->state == CHANNEL_STOPPING)
			continue;
		reason = channel_policy_object(ch, conn, by, &answer);
		if (reason != NULL)
			fn(arg, ch, reason);
	}
}
