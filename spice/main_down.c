/* Main, to the client: this table is the policy. Numbers: spice/enums.h of the
 * SPICE project; bodies: spice.proto of spice-common. */
#include "spice/main_down.h"

#include "spice/kind.h"
#include "spice/le.h"
#include "spice/message.h"

#include <string.h>

#define INIT_SIZE 32

enum fate {
	DROP = 0,
	PASS,
	INIT,
	CHANNELS,
	AGENT_BEGINS,
	AGENT_ENDS,
	AGENT_DATA,
	MIGRATE,
	END
};

/* A type that is not here does not pass. */
static const struct {
	uint16_t type;
	enum fate fate;
	uint32_t needs; /* one bit of SPICE_MAY_* */
} rows[] = {
    {3, PASS, SPICE_MAY_SEE},               /* SET_ACK */
    {4, PASS, SPICE_MAY_SEE},               /* PING, of 256 KB, too */
    {5, PASS, SPICE_MAY_SEE},               /* WAIT_FOR_CHANNELS */
    {6, PASS, SPICE_MAY_SEE},               /* DISCONNECTING */
    {7, PASS, SPICE_MAY_SEE},               /* NOTIFY */
    {8, END, SPICE_MAY_SEE},                /* LIST: messages inside */
    {101, MIGRATE, SPICE_MAY_SEE},          /* MIGRATE_BEGIN */
    {103, INIT, SPICE_MAY_SEE},             /* INIT */
    {104, CHANNELS, SPICE_MAY_SEE},         /* CHANNELS_LIST */
    {105, PASS, SPICE_MAY_SEE},             /* MOUSE_MODE */
    {106, PASS, SPICE_MAY_SEE},             /* MULTI_MEDIA_TIME */
    {107, AGENT_BEGINS, SPICE_MAY_CONTROL}, /* AGENT_CONNECTED */
    {108, AGENT_ENDS, SPICE_MAY_CONTROL},   /* AGENT_DISCONNECTED */
    {109, AGENT_DATA, SPICE_MAY_CONTROL},   /* AGENT_DATA */
    {110, PASS, SPICE_MAY_CONTROL},         /* AGENT_TOKEN */
    {113, PASS, SPICE_MAY_SEE},             /* NAME */
    {114, PASS, SPICE_MAY_SEE},             /* UUID */
    {115, AGENT_BEGINS, SPICE_MAY_CONTROL}, /* AGENT_CONNECTED_TOKENS */
    {116, MIGRATE, SPICE_MAY_SEE},          /* MIGRATE_BEGIN_SEAMLESS */
};

static enum fate
fate_of(uint16_t type, uint32_t may)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return (rows[i].needs & may) != 0 ? rows[i].fate : DROP;
	return DROP;
}

/* {session id, displays, mouse modes, mouse mode, agent is there, its tokens, time,
 * ram hint}, u32 each. */
static enum sieve_verdict
judge_init(
    struct spice_channel *channel, struct sieve *sieve, const struct spice_message *message)
{
	uint8_t *body = sieve->hold + message->header;

	if (message->size != INIT_SIZE || channel->has_session)
		return sieve_refuse(sieve, "a second INIT, or none");
	sieve->need = message->header + INIT_SIZE;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	channel->session = le_get32(body);
	if (channel->session == 0) /* what stands for a new session */
		return sieve_refuse(sieve, "INIT without a session id");
	channel->has_session = true;
	channel->has_agent = le_get32(body + 16) != 0;
	if ((channel->may & SPICE_MAY_CONTROL) == 0)
		memset(body + 16, 0, 8);
	return SIEVE_REPLACE;
}

/* u32 count, then {u8 type, u8 id} each. */
static enum sieve_verdict
judge_channels(
    const struct spice_channel *channel, struct sieve *sieve, struct spice_message *message)
{
	uint8_t *body = sieve->hold + message->header;
	uint32_t count, left = 0;

	if (message->size < 4 || message->size > 4 + 2 * SPICE_LIST_MAX)
		return sieve_refuse(sieve, "a list of channels too long");
	sieve->need = message->header + message->size;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	count = le_get32(body);
	if (count > SPICE_LIST_MAX || 4 + 2 * count != message->size)
		return sieve_refuse(sieve, "a list of channels of another length");
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *at = body + 4 + 2 * (size_t)i;
		if (spice_kind_allowed(at[0], channel->may))
			memmove(body + 4 + 2 * (size_t)left++, at, 2);
	}
	le_put32(body, left);
	message->size = 4 + 2 * left;
	spice_message_write(message, sieve->hold);
	sieve->held = message->header + message->size;
	return SIEVE_REPLACE;
}

static void
agent_anew(struct spice_channel *channel, bool is_there)
{
	channel->has_agent = is_there;
	channel->agent_down = (struct spice_agent){0};
	channel->is_agent_started = false;
	channel->tokens_down = channel->tokens_up = 0;
}

static enum sieve_verdict
judge_agent(
    struct spice_channel *channel, struct sieve *sieve, const struct spice_message *message)
{
	enum sieve_verdict verdict = spice_agent_judge(&channel->agent_down, sieve,
	    message->header, message->size, SPICE_DOWN, channel->may);

	if (verdict == SIEVE_DROP && channel->is_agent_started &&
	    channel->tokens_up < UINT32_MAX)
		channel->tokens_up++;
	return verdict;
}

static enum sieve_verdict
judge_by(enum fate fate, struct spice_channel *channel, struct sieve *sieve,
    struct spice_message *message)
{
	switch (fate) {
	case INIT:
		return judge_init(channel, sieve, message);
	case CHANNELS:
		return judge_channels(channel, sieve, message);
	case AGENT_DATA:
		return judge_agent(channel, sieve, message);
	case END:
		return sieve_refuse(sieve, "messages inside a message");
	case AGENT_BEGINS:
		/* A viewer goes on with the message that it has begun: to it, what we would
		 * take for the next one's body could be a message of its own. */
		if (channel->agent_down.left > 0)
			return sieve_refuse(sieve, "an agent that begins inside a message");
		agent_anew(channel, true);
		break;
	case AGENT_ENDS: /* what was under way is over, for the client as well */
		agent_anew(channel, false);
		break;
	case MIGRATE:
		channel->refuses_migration = true;
		break;
	case PASS:
	case DROP:
		break;
	}
	sieve->rest = message->size;
	return fate == DROP || fate == MIGRATE ? SIEVE_DROP : SIEVE_PASS;
}

enum sieve_verdict
spice_main_down_judge(struct spice_channel *channel, struct sieve *sieve)
{
	enum sieve_verdict verdict;
	struct spice_message message;

	spice_message_read(&message, sieve->hold, sieve->least);
	if (message.has_list)
		return sieve_refuse(sieve, "messages inside a message");
	verdict = judge_by(fate_of(message.type, channel->may), channel, sieve, &message);
	if (verdict == SIEVE_DROP && channel->dropped_down < UINT32_MAX)
		channel->dropped_down++;
	if (verdict == SIEVE_PASS || verdict == SIEVE_REPLACE)
		channel->serial_down = message.serial;
	return verdict;
}
