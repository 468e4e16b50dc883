/* The table, and the one switch over it. */
#include "daemon/request.h"

#include "daemon/admin_requests.h"
#include "daemon/conns.h"
#include "daemon/lineage.h"
#include "daemon/login.h"
#include "daemon/pam_requests.h"
#include "daemon/pam_service.h"
#include "daemon/prompts.h"
#include "daemon/shell_requests.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>

/* Which state the question's connection must allow. ANY: the question is about no
 * connection. */
#define ANY CONN_EVENTS

/* Less than the module waits (pam_module/pam_sallyport.c), so that a refusal comes
 * with its words and goes on record. */
#define ANSWER_MS     2600
#define OTP_ANSWER_MS 4200
/* Less than sallyport-shell waits (shell/talk.c). */
#define SHELL_ANSWER_MS 8000

struct request {
	enum proto_type type;
	enum door from;        /* pam and admin are root's alone, shell is the users' */
	enum conn_event event; /* must be allowed in the connection's state (conn_state.c) */
	/* One of the three: with LOGIN fields, with fields of its own, or about the
	 * connection that the asking process is in. */
	void (*login)(struct caller *caller, struct login *login, struct conn *conn);
	void (*fields)(struct caller *caller, struct wire_in *in);
	void (*shell)(struct caller *caller, struct conn *conn, struct wire_in *in);
	/* The first two for a service other than sshd, which has no connection and no
	 * state but that an OTP comes after its BEGIN. */
	void (*service_login)(struct caller *caller, struct login *login);
	void (*service_fields)(struct caller *caller, struct wire_in *in);
};

static const struct request table[] = {
    /* request                from        in a state that allows  handler */
    {PROTO_PAM_BEGIN, DOOR_PAM, CONN_EV_BEGIN, .login = pam_begin,
	.service_login = service_begin},
    {PROTO_PAM_BEGIN_GATED, DOOR_PAM, CONN_EV_BEGIN, .login = pam_begin,
	.service_login = service_begin}, /* refusals: pam_answer.c */
    {PROTO_PAM_OTP, DOOR_PAM, CONN_EV_OTP_OK, .fields = pam_otp, .service_fields = service_otp},
    {PROTO_PAM_ACCOUNT, DOOR_PAM, CONN_EV_ACCOUNT, .login = pam_account,
	.service_login = service_unconcerned},
    {PROTO_PAM_OPEN, DOOR_PAM, CONN_EV_SESSION, .login = pam_open,
	.service_login = service_unconcerned},
    {PROTO_PAM_CLOSE, DOOR_PAM, CONN_EV_END, .login = pam_close,
	.service_login = service_unconcerned},
    {PROTO_SHELL_BEGIN, DOOR_SHELL, CONN_EV_SHELL, .shell = shell_begin},
    {PROTO_SHELL_BEGIN, DOOR_SHELL, CONN_EV_ASK, .shell = shell_ask}, /* otp = shell */
    {PROTO_SHELL_OTP, DOOR_SHELL, CONN_EV_OTP_OK, .shell = shell_otp},
    {PROTO_SHELL_CLAIM, DOOR_SHELL, CONN_EV_SHELL, .shell = shell_claim},
    {PROTO_ADMIN_STATUS, DOOR_ADMIN, ANY, .fields = admin_status},
    {PROTO_ADMIN_LIST, DOOR_ADMIN, ANY, .fields = admin_list},
    {PROTO_ADMIN_SHOW, DOOR_ADMIN, ANY, .fields = admin_show},
    {PROTO_ADMIN_EXPLAIN, DOOR_ADMIN, ANY, .fields = admin_explain},
    {PROTO_ADMIN_RELOAD, DOOR_ADMIN, ANY, .fields = admin_reload},
    {PROTO_ADMIN_KEYS_IMPORT, DOOR_ADMIN, ANY, .fields = admin_keys_import},
    {PROTO_ADMIN_KEYS_LIST, DOOR_ADMIN, ANY, .fields = admin_keys_list},
    {PROTO_ADMIN_KEYS_DISABLE, DOOR_ADMIN, ANY, .fields = admin_keys_disable},
    {PROTO_ADMIN_KEYS_ENABLE, DOOR_ADMIN, ANY, .fields = admin_keys_enable},
    {PROTO_ADMIN_KEYS_CODES, DOOR_ADMIN, ANY, .fields = admin_keys_codes},
    {PROTO_ADMIN_KEYS_TEST, DOOR_ADMIN, ANY, .fields = admin_keys_test},
    {PROTO_ADMIN_KEYS_ADD_API, DOOR_ADMIN, ANY, .fields = admin_keys_add_api},
    {PROTO_ADMIN_KEYS_DROP_API, DOOR_ADMIN, ANY, .fields = admin_keys_drop_api},
    {PROTO_ADMIN_KEYS_RECOVER, DOOR_ADMIN, ANY, .fields = admin_keys_recover},
    {PROTO_ADMIN_DISCONNECT, DOOR_ADMIN, ANY, .fields = admin_disconnect},
    {PROTO_ADMIN_LOCK, DOOR_ADMIN, ANY, .fields = admin_lock},
    {PROTO_ADMIN_UNLOCK, DOOR_ADMIN, ANY, .fields = admin_unlock},
};

static const struct request *
find(enum door from, uint8_t type)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type && table[i].from == from)
			return &table[i];
	return NULL;
}

/* Of a connection that is not known. */
static enum conn_state
first_state(const struct gateway *gw)
{
	return gateway_settings(gw)->otp == SETTINGS_OTP_SHELL ? CONN_UNASKED : CONN_NONE;
}

/* The connection that an OTP belongs to is the one that its BEGIN named. */
static void
dispatch_otp(const struct request *request, struct caller *caller, struct wire_in *in)
{
	const struct conn *conn = conns_by_id(caller->gw->conns, caller->conn_id);

	prompts_close(caller);
	if (caller->service != NULL)
		request->service_fields(caller, in);
	else if (conn == NULL || conn_may(conn->state, request->event) != VERDICT_ALLOW)
		pam_refuse_state(caller, NULL, conn);
	else
		request->fields(caller, in);
}

static void
dispatch_login(const struct request *request, struct caller *caller, struct wire_in *in)
{
	static struct login login; /* 13 KiB; used up within the call */
	enum conn_state state = CONN_NONE;
	struct conn *conn;

	if (login_unpack(&login, request->type == PROTO_PAM_BEGIN_GATED, in) < 0) {
		log_error(
		    "the PAM module (pid %d) sent a malformed question", (int)caller->pid);
		door_close(caller);
		return;
	}
	memcpy(caller->user, login.user, sizeof(caller->user));
	service_gone(caller); /* a new question is not about the last one's user */
	login_find_m(&login, caller->gw, caller->pid);
	if (login.asker == LOGIN_ASKER_SERVICE) {
		request->service_login(caller, &login);
		return;
	}
	conn = login_conn(&login, caller->gw);
	if (conn != NULL)
		state = conn->state;
	else if (login.asker != LOGIN_ASKER_OTHER)
		state = first_state(caller->gw);
	if (conn_may(state, request->event) != VERDICT_ALLOW)
		pam_refuse_state(caller, &login, conn);
	else
		request->login(caller, &login, conn);
}

/* Of the rows with this type, that which the connection's state allows. */
static void
dispatch_shell(uint8_t type, struct caller *caller, struct wire_in *in)
{
	bool is_child;
	struct conn *conn = lineage_find(caller, &is_child);
	enum conn_state state = conn != NULL ? conn->state : first_state(caller->gw);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].type == type && table[i].from == DOOR_SHELL &&
		    conn_may(state, table[i].event) == VERDICT_ALLOW) {
			table[i].shell(caller, conn, in);
			return;
		}
	}
	shell_refuse_state(caller, conn);
}

/* Of the wrong version, or no question at all. */
static void
refuse_unknown(struct caller *caller, int error)
{
	log_error("pid %d asked what cannot be asked here", (int)caller->pid);
	if (caller->door == DOOR_SHELL && error == -EPROTONOSUPPORT)
		shell_refuse_version(caller);
	else
		door_close(caller);
}

void
request_dispatch(struct caller *caller, const uint8_t *buf, size_t len)
{
	const struct request *request = NULL;
	struct proto_header header;
	struct wire_in in;
	int err;

	wire_in_init(&in, buf, len);
	err = proto_get_header(&in, &header);
	if (err == 0)
		request = find(caller->door, header.type);
	if (request == NULL) {
		refuse_unknown(caller, err);
		return;
	}
	caller->request = header.id;
	caller->request_type = header.type;
	if (caller->door == DOOR_PAM)
		door_wait(caller, header.type == PROTO_PAM_OTP ? OTP_ANSWER_MS : ANSWER_MS);
	else if (caller->door == DOOR_SHELL)
		door_wait(caller, SHELL_ANSWER_MS);
	if (request->shell != NULL)
		dispatch_shell(header.type, caller, &in);
	else if (request->login != NULL)
		dispatch_login(request, caller, &in);
	else if (request->event != ANY)
		dispatch_otp(request, caller, &in);
	else
		request->fields(caller, &in);
}

void
request_timed_out(struct caller *caller)
{
	if (caller->door == DOOR_PAM)
		pam_refuse_late(caller);
	else if (caller->door == DOOR_SHELL)
		shell_refuse_late(caller);
	else
		door_close(caller);
}

void
request_gone(struct caller *caller)
{
	prompts_close(caller);
	service_gone(caller);
	if (caller->door == DOOR_PAM && caller->conn_id != 0)
		pam_gone(caller);
	else if (caller->door == DOOR_SHELL)
		shell_gone(caller);
}
