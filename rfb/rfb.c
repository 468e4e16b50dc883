/* The handshake, each side in turn: who speaks out of turn ends the connection. */
#include "rfb/rfb.h"

#include "rfb/be.h"
#include "rfb/view.h"

#include <string.h>

#define VERSION_SIZE   12 /* "RFB 003.008\n" */
#define REASON_MAX     4096
#define CHALLENGE_SIZE 16

enum { FAILED = 0, NONE = 1, VNC = 2 }; /* security types */

/* The minor version of 3.x as it counts: 3, 7, 8; 0 when it is none. */
static uint8_t
minor_of(const uint8_t *at)
{
	unsigned minor = 0;

	if (memcmp(at, "RFB 003.", 8) != 0 || at[VERSION_SIZE - 1] != '\n')
		return 0;
	for (size_t i = 8; i < 11; i++) {
		if (at[i] < '0' || at[i] > '9')
			return 0;
		minor = 10 * minor + (at[i] - (unsigned)'0');
	}
	if (minor >= 8)
		return 8;
	return minor == 7 ? 7 : minor >= 3 ? 3 : 0;
}

/* Whose turn it is not must not say a byte: one that were held until his turn comes
 * would then be taken for part of it. */
static void
server_next(struct rfb *rfb, enum rfb_phase phase, size_t least)
{
	rfb->server = phase;
	rfb->client = RFB_WAITING;
	sieve_expect(&rfb->down, least);
	sieve_expect(&rfb->up, 1);
}

static void
client_next(struct rfb *rfb, enum rfb_phase phase, size_t least)
{
	rfb->client = phase;
	rfb->server = RFB_WAITING;
	sieve_expect(&rfb->up, least);
	sieve_expect(&rfb->down, 1);
}

/* Both have only to close. */
static void
all_said(struct rfb *rfb)
{
	rfb->client = rfb->server = RFB_WAITING;
	sieve_expect(&rfb->down, 1);
	sieve_expect(&rfb->up, 1);
}

/* Neither side's newer version goes on, since nobody here knows it. */
static enum sieve_verdict
see_version(struct rfb *rfb, struct sieve *sieve)
{
	uint8_t minor = minor_of(sieve->hold);

	if (minor == 0)
		return sieve_refuse(sieve, "no RFB version 3");
	if (sieve == &rfb->up && minor > rfb->minor)
		return sieve_refuse(sieve, "a version that the server did not offer");
	rfb->minor = minor;
	memcpy(sieve->hold + 8, "00", 2);
	sieve->hold[10] = (uint8_t)('0' + minor);
	if (sieve == &rfb->down)
		client_next(rfb, RFB_VERSION, VERSION_SIZE);
	else
		server_next(rfb, RFB_SECURITY, minor == 3 ? 4 : 1);
	return SIEVE_REPLACE;
}

static void
begin_type(struct rfb *rfb, uint8_t type)
{
	if (type == VNC)
		server_next(rfb, RFB_CHALLENGE, CHALLENGE_SIZE);
	else if (rfb->minor == 8)
		server_next(rfb, RFB_RESULT, 4);
	else
		client_next(rfb, RFB_INIT, 1);
}

/* Version 3.3: u32 type, the server's choice. */
static enum sieve_verdict
see_type(struct rfb *rfb, struct sieve *sieve)
{
	uint32_t type = be_get32(sieve->hold);

	if (type == FAILED)
		server_next(rfb, RFB_REASON, 4);
	else if (type == NONE || type == VNC)
		begin_type(rfb, (uint8_t)type);
	else
		return sieve_refuse(sieve, "a security type that hides what follows");
	return SIEVE_PASS;
}

/* u8 count, then u8 each: only those that can be followed go on. */
static enum sieve_verdict
see_offer(struct rfb *rfb, struct sieve *sieve)
{
	size_t count = sieve->hold[0], left = 0;

	if (count == 0) {
		server_next(rfb, RFB_REASON, 4);
		return SIEVE_PASS;
	}
	sieve->need = 1 + count;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	for (size_t i = 1; i <= count; i++) {
		uint8_t type = sieve->hold[i];
		if (type != NONE && type != VNC)
			continue;
		rfb->offered |= (uint8_t)(1u << type);
		sieve->hold[1 + left++] = type;
	}
	if (left == 0)
		return sieve_refuse(sieve, "security types that hide what follows");
	sieve->hold[0] = (uint8_t)left;
	sieve->held = 1 + left;
	client_next(rfb, RFB_SECURITY, 1);
	return SIEVE_REPLACE;
}

static enum sieve_verdict
see_choice(struct rfb *rfb, struct sieve *sieve)
{
	uint8_t type = sieve->hold[0];

	if (type > VNC || (rfb->offered & 1u << type) == 0)
		return sieve_refuse(sieve, "a security type that was not offered");
	begin_type(rfb, type);
	return SIEVE_PASS;
}

static enum sieve_verdict
see_result(struct rfb *rfb, struct sieve *sieve)
{
	if (be_get32(sieve->hold) == 0)
		client_next(rfb, RFB_INIT, 1);
	else if (rfb->minor == 8)
		server_next(rfb, RFB_REASON, 4);
	else
		all_said(rfb);
	return SIEVE_PASS;
}

/* u32 length, then words for the user. */
static enum sieve_verdict
see_reason(struct rfb *rfb, struct sieve *sieve)
{
	uint32_t len = be_get32(sieve->hold);

	if (len > REASON_MAX)
		return sieve_refuse(sieve, "a reason too long");
	all_said(rfb);
	sieve->rest = len;
	return SIEVE_PASS;
}

static enum sieve_verdict
judge_down(void *owner, struct sieve *sieve)
{
	struct rfb *rfb = owner;

	switch (rfb->server) {
	case RFB_VERSION:
		return see_version(rfb, sieve);
	case RFB_SECURITY:
		return rfb->minor == 3 ? see_type(rfb, sieve) : see_offer(rfb, sieve);
	case RFB_CHALLENGE:
		client_next(rfb, RFB_CHALLENGE, CHALLENGE_SIZE);
		return SIEVE_PASS;
	case RFB_RESULT:
		return see_result(rfb, sieve);
	case RFB_REASON:
		return see_reason(rfb, sieve);
	case RFB_TALKING:
		sieve->rest = SIEVE_FOREVER;
		return SIEVE_PASS;
	case RFB_INIT:
	case RFB_WAITING:
		break;
	}
	return sieve_refuse(sieve, "the server spoke out of turn");
}

/* The shared flag; then both talk. */
static enum sieve_verdict
see_init(struct rfb *rfb, struct sieve *sieve)
{
	sieve->hold[0] = 1;
	rfb->client = rfb->server = RFB_TALKING;
	sieve_expect(&rfb->down, 1);
	if (rfb->may == RFB_MAY_CONTROL)
		sieve->rest = SIEVE_FOREVER;
	return SIEVE_REPLACE;
}

static enum sieve_verdict
judge_up(void *owner, struct sieve *sieve)
{
	struct rfb *rfb = owner;

	switch (rfb->client) {
	case RFB_VERSION:
		return see_version(rfb, sieve);
	case RFB_SECURITY:
		return see_choice(rfb, sieve);
	case RFB_CHALLENGE:
		server_next(rfb, RFB_RESULT, 4);
		return SIEVE_PASS;
	case RFB_INIT:
		return see_init(rfb, sieve);
	case RFB_TALKING:
		return rfb_view_judge(rfb, sieve);
	case RFB_RESULT:
	case RFB_REASON:
	case RFB_WAITING:
		break;
	}
	return sieve_refuse(sieve, "the client spoke out of turn");
}

void
rfb_init(struct rfb *rfb, enum rfb_may may)
{
	*rfb = (struct rfb){.server = RFB_VERSION, .client = RFB_WAITING, .may = may};
	sieve_init(&rfb->down, judge_down, rfb, VERSION_SIZE);
	sieve_init(&rfb->up, judge_up, rfb, 1);
}
