/* A question of the PAM module, unpacked, with the processes behind it: the asker,
 * and M, sshd's process of the connection. */
#ifndef SALLYPORT_DAEMON_LOGIN_H
#define SALLYPORT_DAEMON_LOGIN_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "lib/wire.h"

#include <stdbool.h>

enum login_asker {
	LOGIN_ASKER_OTHER = 0, /* none of these */
	LOGIN_ASKER_M,	       /* M itself: session, or account without keyboard-interactive */
	LOGIN_ASKER_P,	       /* a child of M: authenticate, account */
	LOGIN_ASKER_SERVICE,   /* no sshd, and its PAM service is among services = */
};

struct login {
	char service[PROTO_NAME_MAX + 1], user[PROTO_NAME_MAX + 1];
	char rhost[PROTO_NAME_MAX + 1], tty[PROTO_NAME_MAX + 1];
	char ruser[PROTO_NAME_MAX + 1]; /* who asks, as a service other than sshd says */
	char group[PROTO_NAME_MAX + 1]; /* of BEGIN_GATED, until the user is known to be in it */
	bool has_lines; /* any of SSH_AUTH_INFO_0: sshd has authenticated somehow */
	bool has_publickey, has_kbdint; /* such lines */
	char ssh_key[PROTO_KEY_MAX + 1];
	enum login_asker asker;
	struct proc m;
};

/* 0, -EBADMSG. Takes all of in, with a group in front if has_group. */
int login_unpack(struct login *login, bool has_group, struct wire_in *in);

/* Fills asker and m for the peer pid. With a connection already known for the peer
 * it is M; else its parent is, if both run a configured sshd as root. What runs a
 * configured sshd, or says that sshd authenticated, is never a service. */
void login_find_m(struct login *login, struct gateway *gw, pid_t peer);

/* The connection of login's M; NULL if none, or if it is another user's. */
struct conn *login_conn(const struct login *login, struct gateway *gw);

#endif
