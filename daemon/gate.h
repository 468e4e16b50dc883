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

/* In place of a public id, with a number behind: a recovery code was accepted. It holds
 * as long as its user has any key. */
#define GATE_CODE "code "

/* As policy_keys, asked whether id is among user's. */
bool gate_is_key_of(const struct gateway *gw, const char *user, const char *id);

#endif
