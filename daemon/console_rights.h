/* What the grants give somebody at a VM's console: the words of vm_mappings as the bits
 * of spice/kind.h. */
#ifndef SALLYPORT_DAEMON_CONSOLE_RIGHTS_H
#define SALLYPORT_DAEMON_CONSOLE_RIGHTS_H

#include "daemon/gate.h"
#include "spice/kind.h"

enum console_kind {
	CONSOLE_NONE = 0, /* a service's endpoint */
	CONSOLE_SPICE,
	CONSOLE_VNC,
	CONSOLE_SERIAL,
};

#define CONSOLE_ALL UINT32_MAX
/* What main's rules are made of when it begins: it cannot do without one of them
 * later. The others are judged channel by channel. */
#define CONSOLE_MAIN_NEEDS                                                                     \
	(SPICE_MAY_SEE | SPICE_MAY_CONTROL | SPICE_MAY_CLIPBOARD | SPICE_MAY_SHARE)

struct console_rights {
	uint32_t may;         /* SPICE_MAY_* */
	bool may_take_over;   /* another's seat */
	const char *word;     /* what goes on record: "spice", "spice:view" (static) */
	struct answer answer; /* of that word; but next_change is the first of all asked */
};

/* Of an endpoint's name. */
enum console_kind console_kind(const char *right);

/* Asks by that policy and those groups for those SPICE_MAY_* bits of conn at vm's
 * console; takeover only for CONSOLE_ALL. */
void console_rights_find(const struct gateway *gw, const struct gate_by *by,
    const struct conn *conn, const char *vm, const char *right, uint32_t ask,
    struct console_rights *rights);

/* Why it ends for whom one of these bits was taken away (static). */
const char *console_rights_lost(uint32_t bits);

#endif
