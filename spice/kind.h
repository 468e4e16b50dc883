/* The channels of SPICE, and what one must be allowed for each: this table is
 * the policy. Source of the numbers: spice/enums.h of the SPICE project. */
#ifndef SALLYPORT_SPICE_KIND_H
#define SALLYPORT_SPICE_KIND_H

#include <stdbool.h>
#include <stdint.h>

/* What somebody may do at a console, of their own numbers: the daemon has the
 * words of vm_mappings in policy/rights.h. A bit that is not set denies. */
enum {
	SPICE_MAY_SEE = 1u << 0,     /* picture and sound out: spice and spice:view */
	SPICE_MAY_CONTROL = 1u << 1, /* keys, mouse, agent: spice */
	SPICE_MAY_MIC = 1u << 2,
	SPICE_MAY_USB = 1u << 3,
	SPICE_MAY_SMARTCARD = 1u << 4,
	SPICE_MAY_CLIPBOARD = 1u << 5,
	SPICE_MAY_SHARE = 1u << 6, /* files, folders, ports */
};

enum {
	SPICE_MAIN = 1,
	SPICE_DISPLAY,
	SPICE_INPUTS,
	SPICE_CURSOR,
	SPICE_PLAYBACK,
	SPICE_RECORD,
	SPICE_TUNNEL, /* obsolete, for nobody */
	SPICE_SMARTCARD,
	SPICE_USBREDIR,
	SPICE_PORT,
	SPICE_WEBDAV,
};

struct spice_kind {
	uint8_t type;
	const char *name; /* as in audit lines: "usbredir" */
	uint32_t needs;   /* one bit of SPICE_MAY_* */
	const char *word; /* of vm_mappings, for what users are told: "usb" */
};

/* NULL: none of that number that anybody may open. */
const struct spice_kind *spice_kind_find(uint8_t type);

/* Whether who has these SPICE_MAY_* bits may open a channel of that type. */
bool spice_kind_allowed(uint8_t type, uint32_t may);

#endif
