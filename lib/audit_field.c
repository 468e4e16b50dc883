/* Names of the audit record's fields. */
#include "lib/audit_field.h"

#include <stddef.h>

static const char *const names[AUDIT_FIELDS] = {
    [AUDIT_EVENT] = "event",
    [AUDIT_USER] = "user",
    [AUDIT_UID] = "uid",
    [AUDIT_SOURCE] = "source",
    [AUDIT_CONN] = "conn",
    [AUDIT_CHANNEL] = "channel",
    [AUDIT_SERVICE] = "service",
    [AUDIT_TTY] = "tty",
    [AUDIT_RUSER] = "ruser",
    [AUDIT_SSH_KEY] = "ssh_key",
    [AUDIT_KEY] = "key",
    [AUDIT_COUNTER] = "counter",
    [AUDIT_STORE_SEQ] = "store_seq",
    [AUDIT_VM] = "vm",
    [AUDIT_RIGHT] = "right",
    [AUDIT_VERDICT] = "verdict",
    [AUDIT_REASON] = "reason",
    [AUDIT_LINE] = "line",
    [AUDIT_BYTES_UP] = "bytes_up",
    [AUDIT_BYTES_DOWN] = "bytes_down",
    [AUDIT_DURATION_MS] = "duration_ms",
    [AUDIT_CHANNELS] = "channels",
    [AUDIT_COUNT] = "count",
    [AUDIT_PID] = "pid",
    [AUDIT_DETAIL] = "detail",
    [AUDIT_AT] = "at",
};

const char *
audit_field_name(unsigned int field)
{
	return field < AUDIT_FIELDS ? names[field] : NULL;
}
