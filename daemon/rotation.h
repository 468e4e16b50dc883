/* The audit log's files over time: a new one each day and at a size, old ones
 * removed, and what `status` tells of them. See recorder/rotate.c for the steps. */
#ifndef SALLYPORT_DAEMON_ROTATION_H
#define SALLYPORT_DAEMON_ROTATION_H

#include "daemon/gateway.h"
#include "daemon/row.h"

#include <stdbool.h>

struct rotation;

/* NULL without memory. */
struct rotation *rotation_new(struct gateway *gw, const char *folder);
/* Accepts NULL. */
void rotation_free(struct rotation *rotation);

/* The recorder is ready; is_next: it found audit.jsonl.new begun, and goes on there. */
void rotation_on_ready(struct rotation *rotation, bool is_next);

/* Once a second. */
void rotation_sweep(struct rotation *rotation);

/* For status. False when something about the log is not as it should be. */
bool rotation_put(struct rotation *rotation, struct row *row);

#endif
