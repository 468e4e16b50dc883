/* authenticate: who asks, for whom, and may there be a prompt? */
#include "daemon/pam_requests.h"

#include "daemon/codes.h"
#include "daemon/conns.h"
#include "daemon/locks.h"
#include "daemon/people.h"
#include "daemon/prompts.h"
#include "lib/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char pam_cannot_check[] = "One-time passwords cannot be checked on this gateway now: no "
				"access. Please tell its administrators.";
const char pam_cannot_look_up[] = "Users cannot be looked up on this gateway now: no access. "
				  "Please tell its administrators.";

/* A BEGIN that waits for the names helper. */
struct begin {
	struct caller *caller; /* NULL when it has gone */
	struct login login;
	int m_pidfd;
};

static void
begin_free(struct begin *begin)
{
	if (begin->caller != NULL)
		door_hold(begin->caller, NULL);
	io_close(&begin->m_pidfd);
	free(begin);
}

void
pam_prompt_user(struct caller *caller, const char *user)
{
	struct wire_out *out = door_begin(caller, PROTO_PAM_PROMPT);
	char text[PROTO_TEXT_MAX + 1], used[128];
	const char *const *keys;
	size_t n;

	codes_words(caller->gw, user, used, sizeof(used));
	snprintf(text, sizeof(text), "%sYubiKey for %s: ", used, user);
	keys = policy_keys(caller->gw->policy, user, &n);
	if (n > PROTO_KEYS_MAX)
		n = PROTO_KEYS_MAX;
	wire_put_str(out, text);
	wire_put_u16(out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(out, keys[i]);
	if (door_send(caller, true) == 0)
		door_wait(caller, gateway_settings(caller->gw)->prompt_timeout_s * 1000);
}

static void
begin_prompt(struct begin *begin, const struct conn *conn)
{
	begin->caller->conn_id = conn->id;
	pam_prompt_user(begin->caller, conn->user);
}

static int
open_prompt(struct begin *begin, const struct conn *conn)
{
	const struct prompt_owner owner = {
	    .user = conn->user, .by = begin->login.ssh_key, .source = begin->login.rhost};
	struct gateway *gw = begin->caller->gw;

	return prompts_open(
	    gw->prompts, begin->caller, &owner, gateway_settings(gw)->max_prompts, pam_evict);
}

/* The connection of this M, made if this is its first prompt. */
static struct conn *
find_or_add(struct begin *begin, const struct people_user *user)
{
	struct conns *conns = begin->caller->gw->conns;
	struct conn *conn = conns_by_m(conns, &begin->login.m);

	if (conn != NULL)
		return strcmp(conn->user, begin->login.user) == 0 && conn->uid == user->uid
			   ? conn
			   : NULL;
	conn = conns_add(conns, begin->login.user, user->uid, &begin->login.m, begin->m_pidfd);
	if (conn != NULL)
		begin->m_pidfd = -1;
	return conn;
}

static bool
fill(struct conn *conn, const struct begin *begin, const struct people_user *user)
{
	char *ssh_key = strdup(begin->login.ssh_key);

	if (ssh_key == NULL || !conn_set_groups(conn, &user->groups) ||
	    !conn_set_home(conn, user->home, user->shell) ||
	    conn_step(conn, CONN_EV_BEGIN) != VERDICT_ALLOW) {
		free(ssh_key);
		return false;
	}
	free(conn->ssh_key);
	conn->ssh_key = ssh_key;
	memcpy(conn->source, begin->login.rhost, sizeof(conn->source));
	conn->public_id[0] = '\0';
	conn->prompt_pid = begin->caller->pid;
	return true;
}

struct objection
pam_object(const struct gateway *gw, const char *name, const struct people_user *user)
{
	size_t keys;

	if (user->status == PROTO_NAME_FAILED)
		return (struct objection){PROTO_REFUSED_UNAVAILABLE,
		    "the user cannot be looked up", pam_cannot_look_up};
	if (user->status != PROTO_NAME_FOUND)
		return (struct objection){PROTO_REFUSED_POLICY, "no such user", ""};
	if (!user->is_only_name)
		return (struct objection){PROTO_REFUSED_POLICY, "two user names have this uid",
		    "Your account shares its number with another: no access. Please tell the "
		    "administrators."};
	if (locks_find(gw->locks, name) != NULL)
		return (struct objection){PROTO_REFUSED_POLICY, "the user is locked",
		    "Your access is locked. Please talk to the administrators of this "
		    "gateway."};
	(void)policy_keys(gw->policy, name, &keys);
	if (keys == 0)
		return (struct objection){PROTO_REFUSED_NO_KEY,
		    "no YubiKey is mapped to this user",
		    "No YubiKey is registered for you on this gateway."};
	return (struct objection){.reason = NULL};
}

/* By the group of the PAM file. gated = is asked about with each user, and should be the
 * same one: then the module would find what we do. Root's case is the module's. */
static bool
is_known_gated(const struct login *login, const struct people_user *user)
{
	if (user->status != PROTO_NAME_FOUND || user->uid == 0)
		return false;
	for (size_t i = 0; i < user->groups.count; i++)
		if (strcmp(user->groups.names[i], login->group) == 0)
			return true;
	return false;
}

struct objection
pam_object_login(const struct gateway *gw, struct login *login, const struct people_user *user)
{
	if (login->group[0] != '\0' && !is_known_gated(login, user))
		return (struct objection){
		    PROTO_REFUSED_UNAVAILABLE, "not known to be gated", ""};
	login->group[0] = '\0';
	return pam_object(gw, login->user, user);
}

static struct objection
object(struct begin *begin, const struct people_user *user)
{
	if (user->status == PROTO_NAME_FOUND && user->uid == 0)
		return (struct objection){
		    PROTO_REFUSED_POLICY, "uid 0 has no way through the gate", ""};
	return pam_object_login(begin->caller->gw, &begin->login, user);
}

static void
on_user(void *arg, struct people_user *user)
{
	struct begin *begin = arg;
	struct objection o;
	struct conn *conn;

	if (begin->caller == NULL) {
		begin_free(begin);
		return;
	}
	o = object(begin, user);
	conn = o.reason == NULL ? find_or_add(begin, user) : NULL;
	door_hold(begin->caller, NULL);
	if (conn != NULL && fill(conn, begin, user) && open_prompt(begin, conn) == 0)
		begin_prompt(begin, conn);
	else if (o.reason != NULL)
		pam_refuse(begin->caller, &begin->login, NULL, o.refusal, o.reason, o.words);
	else
		pam_refuse(begin->caller, &begin->login, NULL, PROTO_REFUSED_POLICY,
		    "the connection is another user's, or there is no memory", "");
	begin->caller = NULL;
	begin_free(begin);
}

static struct begin *
begin_new(struct caller *caller, const struct login *login)
{
	struct begin *begin = calloc(1, sizeof(*begin));

	if (begin == NULL)
		return NULL;
	begin->login = *login;
	begin->m_pidfd = proc_pidfd(&login->m);
	if (begin->m_pidfd < 0 ||
	    people_ask_user(caller->gw, login->user, on_user, begin) < 0) {
		begin->caller = NULL;
		begin_free(begin);
		return NULL;
	}
	begin->caller = caller;
	door_hold(caller, &begin->caller);
	return begin;
}

void
pam_begin(struct caller *caller, struct login *login, struct conn *conn)
{
	const char *disorder = gateway_disorder(caller->gw);

	(void)conn;
	if (login->asker != LOGIN_ASKER_P)
		pam_refuse(caller, login, NULL, PROTO_REFUSED_POLICY,
		    login->asker == LOGIN_ASKER_OTHER
			? "asked by a program that is neither among sshd = nor, by its PAM "
			  "service, among services = in sallyport.conf"
			: "asked outside keyboard-interactive",
		    "This way of logging in is not open to you on this gateway.");
	else if (!login->has_publickey)
		pam_refuse(caller, login, NULL, PROTO_REFUSED_POLICY,
		    "no public key was accepted before the OTP (AuthenticationMethods)",
		    "A public key must come first: no access.");
	else if (disorder != NULL)
		pam_refuse(
		    caller, login, NULL, PROTO_REFUSED_UNAVAILABLE, disorder, pam_cannot_check);
	else if (begin_new(caller, login) == NULL)
		pam_refuse(caller, login, NULL, PROTO_REFUSED_UNAVAILABLE,
		    "the user cannot be looked up: the names helper is down",
		    pam_cannot_look_up);
}

void
pam_gone(struct caller *caller)
{
	struct conn *conn = conns_by_id(caller->gw->conns, caller->conn_id);

	/* Another process may ask for the same connection by now. */
	if (conn != NULL && conn->state == CONN_PENDING && conn->prompt_pid == caller->pid)
		(void)conn_step(conn, CONN_EV_OTP_BAD);
}
