/* A console that somebody uses: its first channel (SPICE's main; vnc and serial have no
 * other) and those on its session id; it holds the VM's seat. All of them: consoles.h. */
#ifndef SALLYPORT_DAEMON_CONSOLE_H
#define SALLYPORT_DAEMON_CONSOLE_H

#include "daemon/console_rights.h"
#include "lib/proto.h"

#include <sys/queue.h>
#include <time.h>

enum console_state {
	CONSOLE_WAITING = 0, /* until the one before is gone */
	CONSOLE_TAKING,	     /* no session yet */
	CONSOLE_LIVE,
	CONSOLE_LEAVING, /* its channels are being ended; it holds nothing any more */
};

#define CONSOLE_TYPES 16 /* above every channel type */
#define CONSOLE_UNCOUNTED UINT64_MAX /* bytes that nobody knows, and any sum with them */

struct console {
	LIST_ENTRY(console) link; /* consoles.c's */
	enum console_state state;
	enum console_kind kind;
	uint32_t id;      /* of its first channel */
	uint32_t conn_id, session; /* session 0: none yet */
	uid_t uid;
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1];
	const char *right; /* as granted: "spice:view" (static) */
	uint32_t may;     /* SPICE_MAY_*, as it began */
	size_t channels;  /* that are there now */
	uint8_t taken[CONSOLE_TYPES][32]; /* a bit for each id that was taken */
	bool is_recorded, is_begun, has_displaced;
	time_t since;
	int64_t opened_ms, state_ms; /* when it was put on record; came into this state */
	int64_t used_ms;  /* when somebody was last seen to use it */
	uint64_t used;    /* bytes that say so, as last counted */
	uint64_t up, down; /* of the channels that have ended */
	struct console_sum { /* of those of a kind: their bytes, and the longest's time */
		uint64_t count, up, down, ms;
	} sums[CONSOLE_TYPES];
	char list[PROTO_TEXT_MAX + 1]; /* of these channels, for the record */
	bool is_full; /* there was no room in it for all of them */
	char reason[128]; /* why it ends; "" */
};

/* Is it at the screen (spice, vnc), or at the serial line? Each is one seat. */
bool console_is_same_seat(enum console_kind a, enum console_kind b);
/* Each (type, id) once: else false. give_back: it came to nothing. */
bool console_take(struct console *console, uint8_t type, uint8_t id);
void console_give_back(struct console *console, uint8_t type, uint8_t id);
/* Adds a channel that has ended. type 0: it has none. */
void console_add(struct console *console, uint8_t type, uint8_t id, uint64_t up,
    uint64_t down, int64_t ms);
/* All of these in text: "main:0=UP/DOWN/MS display:0=…", or, where these are too many,
 * each kind: "main*1=UP/DOWN/MS display*60=…", so that none crowds out another; "-": uncounted. */
void console_list(const struct console *console, char text[PROTO_TEXT_MAX + 1]);

#endif
