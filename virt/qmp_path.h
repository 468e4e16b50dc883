/* One VM's QMP socket: the persistent connection to it, what waits for it, and what is
 * known of the VM. QEMU serves one client at a time there, so all that is asked of a VM
 * goes over this connection, one command after the other; a server that is broken or
 * late loses the connection, and nobody but who waits for that VM notices. */
#ifndef SALLYPORT_VIRT_QMP_PATH_H
#define SALLYPORT_VIRT_QMP_PATH_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct qmp_path; /* its state is a row of the table in qmp_path.c */

/* NULL without memory. */
struct qmp_path *qmp_path_new(const char *name);
/* Who waits is answered. Accepts NULL. */
void qmp_path_free(struct qmp_path *path);

const char *qmp_path_name(const struct qmp_path *path);
/* To be polled for reading; -1: not connected. */
int qmp_path_fd(const struct qmp_path *path);
/* When qmp_path_tick must be called, a time of io_now_ms(). */
int64_t qmp_path_due_ms(const struct qmp_path *path);

/* The functions below return 0, or -errno of an answer that could not be sent: the
 * helper must then end. */

/* A question of the supervisor: answered now or later, once. */
int qmp_path_open(struct qmp_path *path, uint32_t id, enum proto_console what,
    int64_t deadline_ms);
/* The supervisor's connection, taken over; -1: there is none. */
int qmp_path_connected(struct qmp_path *path, int fd);
int qmp_path_readable(struct qmp_path *path);
/* What has become due: deadlines, the next dial, a state to tell. */
int qmp_path_tick(struct qmp_path *path);

#endif
