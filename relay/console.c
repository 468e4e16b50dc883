/* One pair's parser and its two sieves. */
#include "relay/console.h"

#include <stdlib.h>
#include <string.h>

struct console {
	struct sieve *sieve[2]; /* by way; of one of these: */
	bool is_spice;
	const char *why;
	union {
		struct spice_channel spice;
		struct rfb rfb;
	} of;
};

struct console *
console_new_spice(const struct spice_link *link, uint32_t may)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL)
		return NULL;
	spice_channel_init(&console->of.spice, link, may);
	console->sieve[CONSOLE_UP] = &console->of.spice.up;
	console->sieve[CONSOLE_DOWN] = &console->of.spice.down;
	console->is_spice = true;
	return console;
}

struct console *
console_new_vnc(uint32_t may)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL)
		return NULL;
	rfb_init(&console->of.rfb, may == RFB_MAY_CONTROL ? RFB_MAY_CONTROL : RFB_MAY_VIEW);
	console->sieve[CONSOLE_UP] = &console->of.rfb.up;
	console->sieve[CONSOLE_DOWN] = &console->of.rfb.down;
	return console;
}

void
console_free(struct console *console)
{
	free(console);
}

size_t
console_pass(struct console *console, enum console_way way, const uint8_t *in, size_t len,
    uint8_t out[CONSOLE_OUT])
{
	struct sieve *sieve = console->sieve[way];
	struct sieve_piece piece;
	size_t at = 0, n = 0;

	do {
		at += sieve_step(sieve, in + at, len - at, &piece);
		if (piece.len > CONSOLE_OUT - n) {
			console->why = "more came of a message than was in it";
			return n;
		}
		if (piece.len > 0)
			memcpy(out + n, piece.bytes, piece.len);
		n += piece.len;
	} while (piece.len > 0 || at < len);
	if (console->why == NULL)
		console->why = sieve->why;
	return n;
}

size_t
console_owed(struct console *console, enum console_way way, uint8_t out[SPICE_OWED_MAX])
{
	if (!console->is_spice)
		return 0;
	return spice_channel_owed(
	    &console->of.spice, way == CONSOLE_UP ? SPICE_UP : SPICE_DOWN, out);
}

const char *
console_why(const struct console *console)
{
	return console->why;
}

bool
console_is_open(const struct console *console, enum console_way way)
{
	return sieve_is_open(console->sieve[way]);
}

uint32_t
console_session(const struct console *console)
{
	if (!console->is_spice || !console->of.spice.has_session)
		return 0;
	return console->of.spice.session;
}
