/* An open connection on /run, so that a restart of the daemon does not cut it off.
 * Root only; bound to this boot by its id, to M by pid, start time and executable. */
#ifndef SALLYPORT_DAEMON_CONN_FILE_H
#define SALLYPORT_DAEMON_CONN_FILE_H

#include "daemon/conn.h"

struct conn_file {
	uint32_t id;
	char user[PROTO_NAME_MAX + 1];
	uid_t uid;
	struct proc m; /* pid, start, exe_dev, exe_ino only */
	struct proc u; /* pid, start only; pid 0: not known */
	char source[PROTO_NAME_MAX + 1];
	char ssh_key[PROTO_KEY_MAX + 1];
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
	time_t since;
	int64_t since_ms;
	char end_reason[128]; /* not "": it was being ended */
};

/* 0 or -errno. /run is memory: does not wait for a disk. */
int conn_file_save(const struct conn *conn);
void conn_file_remove(uint32_t id);
/* Calls fn for each well-formed file of this boot; removes the others. */
void conn_file_load_all(void (*fn)(void *arg, const struct conn_file *file), void *arg);

#endif
