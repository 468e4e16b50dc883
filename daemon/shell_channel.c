/* Between a caller at shell.sock and its channel: either may go first, and takes the other
 * along. The channel lives no longer than the process that asked for it, whoever else
 * may have got its end by then. */
#include "daemon/shell_channel.h"

#include "daemon/channel_policy.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/console_rights.h"
#include "daemon/ends.h"
#include "daemon/gate.h"
#include "daemon/shell_requests.h"
#include "lib/io.h"

#include <stdio.h>
#include <stdlib.h>

struct shell_channel {
	struct gateway *gw;
	struct caller *caller;    /* NULL: gone, or told the last */
	struct loop_watch *watch; /* on its process */
	uint32_t id;              /* of the channel; 0: none yet */
	int fd;                   /* its end, until it has it; -1 */
};

/* Lets go of the caller, who is returned: he is not told of twice. */
static struct caller *
let_go(struct shell_channel *shell)
{
	struct caller *caller = shell->caller;

	if (caller != NULL)
		caller->visit->channel = NULL;
	shell->caller = NULL;
	loop_watch_free(shell->watch);
	shell->watch = NULL;
	return caller;
}

static void
drop(struct shell_channel *shell)
{
	(void)let_go(shell);
	ends_discard(&shell->fd);
	free(shell);
}

static void
on_process_ended(void *arg, int fd, unsigned int events)
{
	struct shell_channel *shell = arg;

	(void)fd;
	(void)events;
	door_close(shell->caller); /* and with it all of this */
}

static struct shell_channel *
make(struct visit *visit, const struct conn *conn, int *relays)
{
	struct shell_channel *shell = calloc(1, sizeof(*shell));
	int ends[2];

	if (shell == NULL)
		return NULL;
	*shell = (struct shell_channel){.gw = visit->gw, .fd = -1};
	if (ends_make(conn->uid, ends) == 0) {
		*relays = ends[0];
		shell->fd = ends[1];
		shell->watch = loop_watch_fd(
		    visit->gw->loop, visit->caller->pidfd, LOOP_READ, on_process_ended, shell);
	}
	if (shell->watch != NULL) {
		shell->caller = visit->caller;
		visit->channel = shell;
		return shell;
	}
	io_close(relays);
	drop(shell);
	return NULL;
}

void
shell_channel_open(struct visit *visit, struct conn *conn)
{
	const char *right = visit->ask == PROTO_ASK_CONSOLE ? "serial" : visit->right;
	int relays = -1;
	struct shell_channel *shell = make(visit, conn, &relays);

	if (shell == NULL)
		shell_refuse(visit->caller, conn, SHELL_EX_LATER, "",
		    "no memory or no descriptor",
		    "The gateway has no room for this now. Please try again.");
	else
		channel_open(visit->gw, relays, conn, visit->vm, right, shell);
}

void
shell_channel_is(struct shell_channel *shell, struct channel *ch)
{
	if (shell == NULL)
		return;
	shell->id = ch->id;
	ch->shell = shell;
}

void
shell_channel_begin(struct channel *ch)
{
	struct shell_channel *shell = ch->shell;
	struct caller *caller = shell != NULL ? shell->caller : NULL;
	int fd;

	if (caller == NULL || shell->fd < 0)
		return;
	fd = shell->fd;
	shell->fd = -1; /* his, whether or not he takes it */
	(void)door_begin(caller, PROTO_SHELL_STREAM);
	if (door_send_fd(caller, fd) == 0)
		door_keep(caller);
	io_close(&fd);
}

/* To a caller who is gone by it. */
static void
say_last(struct caller *caller, bool had_end, uint8_t status, const char *words)
{
	struct wire_out *out;

	if (!had_end) {
		shell_refuse_told(caller, (enum shell_exit)status, words);
		return;
	}
	out = door_begin(caller, PROTO_SHELL_CLOSED);
	wire_put_u8(out, status);
	wire_put_str(out, words);
	if (door_send(caller, true) == 0)
		door_close(caller); /* what was sent is read all the same */
}

void
shell_channel_refuse(struct shell_channel *shell, const char *reason)
{
	struct caller *caller;

	if (shell == NULL)
		return;
	caller = let_go(shell);
	drop(shell);
	say_last(caller, false, SHELL_EX_LATER, reason);
}

/* What policy denies, it denies to everybody in the same words, whether or not it is
 * there. */
static bool
is_denied(const struct channel *ch, const struct conn *conn)
{
	const struct gate_by by = {.policy = ch->gw->policy, .groups = &conn->groups};
	struct answer answer;

	return channel_policy_object(ch, conn, &by, &answer) != NULL;
}

const char *
shell_channel_reason(const struct channel *ch, const char *reason)
{
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);

	return ch->shell != NULL && conn != NULL && is_denied(ch, conn)
		   ? "not open to you, or not at this time"
		   : reason;
}

/* Who may have the console may know who has it. */
static void
put_refusal(const struct channel *ch, const struct visit *visit, const struct conn *conn,
    const char *reason, char *words, size_t cap)
{
	char who[PROTO_NAME_MAX + 96] = "";

	if (console_kind(ch->right) != CONSOLE_NONE)
		shell_seat_who(visit, conn, ch->vm, ch->right, who, sizeof(who));
	snprintf(words, cap, "%s %s: %s%s%s", ch->vm, ch->right, reason,
	    who[0] != '\0' ? ": " : "", who);
}

void
shell_channel_end(struct channel *ch, const char *reason)
{
	struct shell_channel *shell = ch->shell;
	const struct conn *conn = conns_by_id(ch->gw->conns, ch->conn_id);
	bool had_end = shell != NULL && shell->fd < 0;
	uint8_t status = SHELL_EX_LATER;
	char words[PROTO_TEXT_MAX + 1];
	struct caller *caller;

	if (shell == NULL)
		return;
	ch->shell = NULL;
	caller = let_go(shell);
	drop(shell);
	if (caller == NULL)
		return;
	snprintf(words, sizeof(words), "%s %s: %s", ch->vm, ch->right, reason);
	if (ch->is_closed && ch->end_reason[0] == '\0')
		status = 0;
	else if (conn != NULL && is_denied(ch, conn))
		status = SHELL_EX_DENIED;
	if (!had_end && status == SHELL_EX_DENIED)
		snprintf(words, sizeof(words),
		    "%s %s is not open to you, or not at this time. See: ssh GATEWAY why %s",
		    ch->vm, ch->right, ch->vm);
	else if (!had_end && conn != NULL)
		put_refusal(ch, caller->visit, conn, reason, words, sizeof(words));
	say_last(caller, had_end, status, words);
}

bool
shell_channel_late(struct shell_channel *shell, const char *reason)
{
	struct channel *ch =
	    shell != NULL ? channels_by_id(shell->gw->channels, shell->id) : NULL;

	if (ch == NULL)
		return false;
	(void)let_go(shell);
	channel_end(ch, reason); /* it drops the rest */
	return true;
}

void
shell_channel_gone(struct shell_channel *shell)
{
	struct channel *ch;

	if (shell == NULL)
		return;
	(void)let_go(shell);
	ch = channels_by_id(shell->gw->channels, shell->id);
	if (ch != NULL)
		channel_end(ch, "closed by the client"); /* it drops the rest */
	else
		drop(shell);
}
