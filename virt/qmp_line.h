/* One line of a QMP server (docs/interop/qmp-spec.txt of QEMU): what it is, and the
 * little of it that matters here. Pure: no I/O; what a VM may have written is bounded
 * and checked. */
#ifndef SALLYPORT_VIRT_QMP_LINE_H
#define SALLYPORT_VIRT_QMP_LINE_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a line; QEMU's own are below 2 KiB for what is asked here. */
#define QMP_LINE_MAX 65536
/* Objects and arrays within each other. */
#define QMP_DEPTH_MAX 32

enum qmp_kind {
	QMP_BROKEN = 0, /* no JSON object, too deep, or of no form that QMP has */
	QMP_GREETING,
	QMP_RETURN,
	QMP_ERROR,
	QMP_EVENT,
};

struct qmp_line {
	enum qmp_kind kind;
	bool has_id;
	uint32_t id;              /* of the command that a RETURN or ERROR answers */
	bool tells_state;         /* an event, or the answer to query-status, that does */
	enum proto_vm_state state;
	char words[128];          /* ERROR: class and description, escaped */
};

/* Once, while files may still be opened: the parser takes its random seed. */
void qmp_line_init(void);

/* Reads text[len] (any bytes, a line without its end) into *line. */
void qmp_line_read(const char *text, size_t len, struct qmp_line *line);

#endif
