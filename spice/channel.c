/* The handshake behind the greeting, the same for all channels; then main's
 * messages, or all that comes. */
#include "spice/channel.h"

#include "spice/kind.h"
#include "spice/le.h"
#include "spice/main_down.h"
#include "spice/main_up.h"
#include "spice/message.h"

#define REPLY_WORDS_MAX 64
#define TICKET_SIZE     128 /* RSA 1024 */
#define MECHANISM_SPICE 1   /* 2 is SASL */
#define UP_REFUSED      103 /* MIGRATE_CONNECT_ERROR */
#define UP_TOKEN        108 /* AGENT_TOKEN */
#define DOWN_TOKEN      110

/* Each message's header on main; elsewhere a byte, with all that follows. */
static size_t
talk_size(const struct spice_channel *channel)
{
	if (!channel->is_main)
		return 1;
	return channel->both_caps & SPICE_CAP_MINI_HEADER ? SPICE_HEADER_MINI
							  : SPICE_HEADER_FULL;
}

/* The reply, whole; of a refusal the words are not there or not looked at. */
static enum sieve_verdict
judge_reply(struct spice_channel *channel, struct sieve *sieve, uint32_t size)
{
	uint8_t *body = sieve->hold + SPICE_LINK_HEADER;
	uint32_t common = le_get32(body + 166), words = le_get32(body + 170), caps = 0;

	if (le_get32(body) != SPICE_OK) {
		channel->server = SPICE_REFUSED;
		return SIEVE_PASS;
	}
	if (common > REPLY_WORDS_MAX || words > REPLY_WORDS_MAX ||
	    le_get32(body + 174) != SPICE_REPLY || SPICE_REPLY + 4 * (common + words) != size)
		return sieve_refuse(sieve, "a link reply of another length than it says");
	if (common > 0) {
		caps = le_get32(body + SPICE_REPLY) & ~(uint32_t)SPICE_CAP_AUTH_SASL;
		le_put32(body + SPICE_REPLY, caps);
	}
	channel->both_caps = caps & channel->client_caps;
	channel->server = SPICE_RESULT;
	sieve_expect(sieve, 4);
	channel->client = SPICE_TICKET;
	if (channel->both_caps & SPICE_CAP_AUTH_SELECTION) {
		channel->client = SPICE_MECHANISM;
		sieve_expect(&channel->up, 4);
	}
	return SIEVE_REPLACE;
}

static enum sieve_verdict
see_reply(struct spice_channel *channel, struct sieve *sieve)
{
	uint32_t size = le_get32(sieve->hold + 12);

	if (le_get32(sieve->hold) != SPICE_MAGIC || le_get32(sieve->hold + 4) != SPICE_MAJOR)
		return sieve_refuse(sieve, "no SPICE server");
	if (size < SPICE_REPLY || size > SPICE_REPLY + 4 * REPLY_WORDS_MAX)
		return sieve_refuse(sieve, "a link reply of such a length");
	sieve->need = SPICE_LINK_HEADER + size;
	return sieve->held < sieve->need ? SIEVE_MORE : judge_reply(channel, sieve, size);
}

static enum sieve_verdict
see_result(struct spice_channel *channel, struct sieve *sieve)
{
	if (channel->client != SPICE_TALKING)
		return sieve_refuse(sieve, "the server spoke before the ticket");
	channel->server = le_get32(sieve->hold) == SPICE_OK ? SPICE_TALKING : SPICE_REFUSED;
	sieve_expect(sieve, talk_size(channel));
	if (channel->server == SPICE_TALKING && !channel->is_main)
		sieve->rest = SIEVE_FOREVER;
	return SIEVE_PASS;
}

static enum sieve_verdict
judge_down(void *owner, struct sieve *sieve)
{
	struct spice_channel *channel = owner;

	switch (channel->server) {
	case SPICE_REPLYING:
		return see_reply(channel, sieve);
	case SPICE_RESULT:
		return see_result(channel, sieve);
	case SPICE_TALKING:
		return spice_main_down_judge(channel, sieve);
	case SPICE_REFUSED:
	case SPICE_MECHANISM:
	case SPICE_TICKET:
		break;
	}
	return sieve_refuse(sieve, "the server went on after its refusal");
}

/* The ticket's first byte; what follows it on a channel that is not main. */
static enum sieve_verdict
see_ticket(struct spice_channel *channel, struct sieve *sieve)
{
	channel->client = SPICE_TALKING;
	sieve_expect(sieve, talk_size(channel));
	sieve->rest = channel->is_main ? TICKET_SIZE - 1 : SIEVE_FOREVER;
	return SIEVE_PASS;
}

static enum sieve_verdict
judge_up(void *owner, struct sieve *sieve)
{
	struct spice_channel *channel = owner;

	switch (channel->client) {
	case SPICE_MECHANISM:
		le_put32(sieve->hold, MECHANISM_SPICE);
		channel->client = SPICE_TICKET;
		sieve_expect(sieve, 1);
		return SIEVE_REPLACE;
	case SPICE_TICKET:
		return see_ticket(channel, sieve);
	case SPICE_TALKING:
		if (channel->server != SPICE_REFUSED)
			return spice_main_up_judge(channel, sieve);
		break;
	case SPICE_REPLYING:
	case SPICE_RESULT:
	case SPICE_REFUSED:
		break;
	}
	return sieve_refuse(sieve, "the client spoke out of turn");
}

void
spice_channel_init(struct spice_channel *channel, const struct spice_link *link, uint32_t may)
{
	*channel = (struct spice_channel){
	    .may = may, .client_caps = link->common_caps, .is_main = link->type == SPICE_MAIN};
	sieve_init(&channel->down, judge_down, channel, SPICE_LINK_HEADER);
	sieve_init(&channel->up, judge_up, channel, 1);
}

static size_t
say(const struct spice_channel *channel, uint8_t *out, uint64_t serial, uint16_t type,
    uint32_t size)
{
	const struct spice_message message = {
	    .serial = serial, .header = talk_size(channel), .size = size, .type = type};

	spice_message_write(&message, out);
	return message.header + size;
}

static size_t
say_tokens(const struct spice_channel *channel, uint8_t *out, uint64_t serial, uint16_t type,
    uint32_t *tokens)
{
	size_t len = say(channel, out, serial, type, 4);

	le_put32(out + len - 4, *tokens);
	*tokens = 0;
	return len;
}

size_t
spice_channel_owed(
    struct spice_channel *channel, enum spice_way way, uint8_t out[SPICE_OWED_MAX])
{
	const struct sieve *sieve = way == SPICE_DOWN ? &channel->down : &channel->up;

	if (!channel->is_main || channel->client != SPICE_TALKING ||
	    channel->server != SPICE_TALKING || !sieve_is_between(sieve))
		return 0;
	if (way == SPICE_DOWN) {
		if (channel->tokens_down > 0)
			return say_tokens(channel, out, channel->serial_down, DOWN_TOKEN,
			    &channel->tokens_down);
		return 0;
	}
	if (channel->refuses_migration) {
		channel->refuses_migration = false;
		return say(channel, out, channel->serial_up, UP_REFUSED, 0);
	}
	if (channel->tokens_up > 0)
		return say_tokens(
		    channel, out, channel->serial_up, UP_TOKEN, &channel->tokens_up);
	return 0;
}
