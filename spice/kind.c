/* Which channel needs what. */
#include "spice/kind.h"

#include <stddef.h>

static const struct spice_kind kinds[] = {
    {SPICE_MAIN, "main", SPICE_MAY_SEE, "spice:view"},
    {SPICE_DISPLAY, "display", SPICE_MAY_SEE, "spice:view"},
    {SPICE_INPUTS, "inputs", SPICE_MAY_CONTROL, "spice"},
    {SPICE_CURSOR, "cursor", SPICE_MAY_SEE, "spice:view"},
    {SPICE_PLAYBACK, "playback", SPICE_MAY_SEE, "spice:view"},
    {SPICE_RECORD, "record", SPICE_MAY_MIC, "mic"},
    {SPICE_SMARTCARD, "smartcard", SPICE_MAY_SMARTCARD, "smartcard"},
    {SPICE_USBREDIR, "usbredir", SPICE_MAY_USB, "usb"},
    /* Whatever the admin plugged in there, even a monitor of QEMU: more than keys. */
    {SPICE_PORT, "port", SPICE_MAY_SHARE, "share"},
    {SPICE_WEBDAV, "webdav", SPICE_MAY_SHARE, "share"},
};

const struct spice_kind *
spice_kind_find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

bool
spice_kind_allowed(uint8_t type, uint32_t may)
{
	const struct spice_kind *kind = spice_kind_find(type);

	return kind != NULL && (kind->needs & may) != 0;
}
