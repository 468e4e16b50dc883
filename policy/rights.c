/* One table of the fixed words. */
#include "policy/rights.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	uint32_t needed, included;
} words[] = {
    {"spice", RIGHT_SPICE, RIGHT_SPICE_VIEW},
    {"spice:view", RIGHT_SPICE_VIEW, 0},
    {"spice:full", RIGHT_SPICE | RIGHTS_SPICE_EXTRA, RIGHT_SPICE_VIEW},
    {"mic", RIGHT_MIC, 0},
    {"usb", RIGHT_USB, 0},
    {"smartcard", RIGHT_SMARTCARD, 0},
    {"clipboard", RIGHT_CLIPBOARD, 0},
    {"share", RIGHT_SHARE, 0},
    {"takeover", RIGHT_TAKEOVER, 0},
    {"serial", RIGHT_SERIAL, 0},
    {"vnc", RIGHT_VNC, RIGHT_VNC_VIEW},
    {"vnc:view", RIGHT_VNC_VIEW, 0},
    {"sftp", RIGHT_SFTP, RIGHT_SFTP_RO},
    {"sftp:ro", RIGHT_SFTP_RO, 0},
    {"shell", RIGHT_SHELL, 0},
};

static size_t
find(const char *word)
{
	size_t i = 0;

	while (i < sizeof(words) / sizeof(words[0]) && strcmp(words[i].word, word) != 0)
		i++;
	return i;
}

uint32_t
rights_word(const char *word)
{
	size_t i = find(word);

	return i < sizeof(words) / sizeof(words[0]) ? 1u << i : 0;
}

uint32_t
rights_needed(const char *word)
{
	size_t i = find(word);

	return i < sizeof(words) / sizeof(words[0]) ? words[i].needed : 0;
}

uint32_t
rights_given(const char *word)
{
	size_t i = find(word);

	return i < sizeof(words) / sizeof(words[0]) ? words[i].needed | words[i].included : 0;
}
