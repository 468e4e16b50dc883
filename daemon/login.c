/* LOGIN fields, and who asks. */
#include "daemon/login.h"

#include "daemon/conns.h"

#include <errno.h>
#include <string.h>

static void
unpack_auth_line(struct login *login, struct wire_in *in)
{
	char method[PROTO_NAME_MAX + 1];
	static char data[PROTO_KEY_MAX + 1];

	wire_get_str(in, method, sizeof(method));
	wire_get_str(in, data, sizeof(data));
	if (in->failed)
		return;
	if (strcmp(method, "publickey") == 0) {
		login->has_publickey = true;
		memcpy(login->ssh_key, data, sizeof(login->ssh_key));
	} else if (strncmp(method, "keyboard-interactive", 20) == 0 &&
		   (method[20] == '\0' || method[20] == '/')) {
		login->has_kbdint = true;
	}
}

int
login_unpack(struct login *login, bool has_group, struct wire_in *in)
{
	uint8_t n;

	memset(login, 0, sizeof(*login));
	if (has_group)
		wire_get_str(in, login->group, sizeof(login->group));
	wire_get_str(in, login->service, sizeof(login->service));
	wire_get_str(in, login->user, sizeof(login->user));
	wire_get_str(in, login->rhost, sizeof(login->rhost));
	wire_get_str(in, login->tty, sizeof(login->tty));
	wire_get_str(in, login->ruser, sizeof(login->ruser));
	n = wire_get_u8(in);
	if (n > PROTO_AUTH_LINES)
		return -EBADMSG;
	login->has_lines = n > 0;
	for (uint8_t i = 0; i < n; i++)
		unpack_auth_line(login, in);
	if (login->user[0] == '\0' || has_group != (login->group[0] != '\0'))
		return -EBADMSG;
	return wire_end(in);
}

static bool
is_listed_service(const struct gateway *gw, const struct login *login)
{
	const struct settings *settings = gateway_settings(gw);

	for (size_t i = 0; i < settings->service_count; i++)
		if (strcmp(settings->services[i], login->service) == 0)
			return true;
	return false;
}

static bool
is_our_sshd(const struct gateway *gw, const struct proc *proc)
{
	const struct settings *settings = gateway_settings(gw);

	return proc_is_wholly(proc, 0) &&
	       proc_runs_one_of(proc, settings->sshd, settings->sshd_count);
}

static bool
is_pid_of_m(const struct gateway *gw, pid_t pid)
{
	struct conn *conn = NULL;

	while ((conn = conns_next(gw->conns, conn)) != NULL)
		if (conn->m.pid == pid)
			return true;
	return false;
}

/* M or P, if asker, which runs an sshd or not, is one. */
static void
find_sshd(struct login *login, struct gateway *gw, const struct proc *asker, bool is_sshd)
{
	struct proc parent;

	if (conns_by_m(gw->conns, asker) != NULL) {
		login->asker = LOGIN_ASKER_M;
		login->m = *asker;
		return;
	}
	if (!proc_is_wholly(asker, 0) || (!is_sshd && !is_pid_of_m(gw, asker->parent)) ||
	    proc_read(asker->parent, &parent) < 0)
		return;
	if (conns_by_m(gw->conns, &parent) != NULL && parent.exe_dev == asker->exe_dev &&
	    parent.exe_ino == asker->exe_ino) {
		login->asker = LOGIN_ASKER_P;
		login->m = parent;
		return;
	}
	/* Not known yet: by path now, and by device and inode from then on. */
	if (is_sshd && is_our_sshd(gw, &parent) && asker->exe_dev == parent.exe_dev &&
	    asker->exe_ino == parent.exe_ino) {
		login->asker = LOGIN_ASKER_P;
		login->m = parent;
	} else if (is_sshd) {
		login->asker = LOGIN_ASKER_M;
		login->m = *asker;
	}
}

void
login_find_m(struct login *login, struct gateway *gw, pid_t peer)
{
	const struct settings *settings = gateway_settings(gw);
	struct proc asker;
	bool is_sshd;

	login->asker = LOGIN_ASKER_OTHER;
	if (proc_read(peer, &asker) < 0)
		return;
	is_sshd = proc_runs_one_of(&asker, settings->sshd, settings->sshd_count);
	find_sshd(login, gw, &asker, is_sshd);
	/* An sshd always needs its connection, whatever its service is called. */
	if (login->asker == LOGIN_ASKER_OTHER && !login->has_lines && !is_sshd &&
	    is_listed_service(gw, login))
		login->asker = LOGIN_ASKER_SERVICE;
}

struct conn *
login_conn(const struct login *login, struct gateway *gw)
{
	struct conn *conn = NULL;

	if (login->asker == LOGIN_ASKER_M || login->asker == LOGIN_ASKER_P)
		conn = conns_by_m(gw->conns, &login->m);
	return conn != NULL && strcmp(conn->user, login->user) == 0 ? conn : NULL;
}
