/* The question that every channel answers, asked of the pure decision. */
#ifndef SALLYPORT_DAEMON_GATE_H
#define SALLYPORT_DAEMON_GATE_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "policy/decide.h"

/* May this connection have (vm, right) now? Beside the grants: its YubiKey must
 * still be mapped to its user. Fills answer. */
enum verdict gate_decide(const struct gateway *gw, const struct conn *conn, const char *vm,
    const char *right, struct answer *answer);

/* The same, by another policy, and by groups that were read for it. */
struct gate_by {
	const struct policy *policy;
	const struct conn_groups *groups;
};
enum verdict gate_decide_by(const struct gateway *gw, const struct gate_by *by,
    const struct conn *conn, const char *vm, const char *right, struct answer *answer);

/* In place of a public id, with a number behind: a recovery code was accepted. It holds
 * as long as its user has any key. */
#define GATE_CODE "code "
/* As policy_keys, asked whether id is among user's. */
bool gate_is_key_of(const struct gateway *gw, const char *user, const char *id);

/* Why a connection that is open must end by what is known of its user (NULL: nothing
 * is); NULL: it may stay. */
struct people_user;
const char *gate_conn_ends(const struct gateway *gw, const struct policy *policy,
    const struct conn *conn, const struct people_user *user);
/* Have its user and groups not been read for so long that nothing new is open to it? */
bool gate_is_stale(const struct gateway *gw, const struct conn *conn);

#endif
