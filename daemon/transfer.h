/* What a file transfer lives by: the folders that its user may reach, and how. When one
 * of them is no longer his, or is another folder, the transfer may not go on. */
#ifndef SALLYPORT_DAEMON_TRANSFER_H
#define SALLYPORT_DAEMON_TRANSFER_H

#include "daemon/gate.h"

struct transfer;

/* The folders open to conn now, in the order of vms.conf, at most PROTO_FOLDERS_MAX.
 * NULL: none, or no memory. */
struct transfer *transfer_new(const struct gateway *gw, const struct conn *conn);
void transfer_free(struct transfer *transfer); /* accepts NULL */

/* May it go on? By another policy and groups, or (NULL) as things are. Fills answer:
 * the first that is lost, else with the soonest next_change of all. */
enum verdict transfer_judge(const struct transfer *transfer, const struct gateway *gw,
    const struct gate_by *by, const struct conn *conn, struct answer *answer);

/* "sftp" if anything may be written, else "sftp:ro". */
const char *transfer_right(const struct transfer *transfer);
/* "books webdev"; where something may be written, what is only for reading stands as
 * "books:ro". Those that do not fit are counted at the end, "+280". */
void transfer_names(const struct transfer *transfer, char *text, size_t cap);

struct transfer_folder {
	char *vm, *path;
	bool is_writable;
};
size_t transfer_count(const struct transfer *transfer);
const struct transfer_folder *transfer_folder(const struct transfer *transfer, size_t i);

#endif
