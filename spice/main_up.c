/* Main, to the VM: this table is the policy. Numbers: spice/enums.h of the SPICE
 * project; bodies: spice.proto of spice-common. */
#include "spice/main_up.h"

#include "spice/kind.h"
#include "spice/message.h"

#define SMALL_MAX 64 /* bytes; the largest of these messages has 12 */

enum fate { DROP = 0, PASS, AGENT_START, AGENT_TOKEN, AGENT_DATA };

/* A type that is not here does not pass: nothing of migration, nothing obsolete. */
static const struct {
	uint16_t type;
	enum fate fate;
	uint32_t needs; /* one bit of SPICE_MAY_* */
} rows[] = {
    {1, PASS, SPICE_MAY_SEE},              /* ACK_SYNC */
    {2, PASS, SPICE_MAY_SEE},              /* ACK */
    {3, PASS, SPICE_MAY_SEE},              /* PONG */
    {6, PASS, SPICE_MAY_SEE},              /* DISCONNECTING */
    {104, PASS, SPICE_MAY_SEE},            /* ATTACH_CHANNELS */
    {105, PASS, SPICE_MAY_CONTROL},        /* MOUSE_MODE_REQUEST */
    {106, AGENT_START, SPICE_MAY_CONTROL}, /* AGENT_START */
    {107, AGENT_DATA, SPICE_MAY_CONTROL},  /* AGENT_DATA */
    {108, AGENT_TOKEN, SPICE_MAY_CONTROL}, /* AGENT_TOKEN */
};

static enum fate
fate_of(uint16_t type, uint32_t may)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return (rows[i].needs & may) != 0 ? rows[i].fate : DROP;
	return DROP;
}

/* Before the client has started the agent, what it sends was meant for the agent
 * before this one: the server throws it away, and knows no token of it. What is
 * under way goes on to its end all the same, as the server expects. */
static enum sieve_verdict
judge_agent(
    struct spice_channel *channel, struct sieve *sieve, const struct spice_message *message)
{
	uint32_t may = channel->is_agent_started ? channel->may : 0;
	enum sieve_verdict verdict = spice_agent_judge(
	    &channel->agent_up, sieve, message->header, message->size, SPICE_UP, may);

	if (verdict == SIEVE_DROP && channel->is_agent_started &&
	    channel->tokens_down < UINT32_MAX)
		channel->tokens_down++;
	return verdict;
}

static enum sieve_verdict
judge_by(enum fate fate, struct spice_channel *channel, struct sieve *sieve,
    const struct spice_message *message)
{
	sieve->rest = message->size;
	switch (fate) {
	case AGENT_DATA:
		return judge_agent(channel, sieve, message);
	case AGENT_START: /* of an agent that is not there the server has no account */
		if (!channel->has_agent)
			return SIEVE_DROP;
		channel->is_agent_started = true;
		break;
	case AGENT_TOKEN: /* for who has not started, the server has no account */
		if (!channel->is_agent_started)
			return SIEVE_DROP;
		break;
	case PASS:
		break;
	case DROP:
		return SIEVE_DROP;
	}
	return message->size <= SMALL_MAX ? SIEVE_PASS
					  : sieve_refuse(sieve, "a message too long");
}

enum sieve_verdict
spice_main_up_judge(struct spice_channel *channel, struct sieve *sieve)
{
	enum sieve_verdict verdict;
	struct spice_message message;

	spice_message_read(&message, sieve->hold, sieve->least);
	if (message.has_list)
		return sieve_refuse(sieve, "messages inside a message");
	verdict = judge_by(fate_of(message.type, channel->may), channel, sieve, &message);
	if (verdict == SIEVE_DROP && channel->dropped_up < UINT32_MAX)
		channel->dropped_up++;
	if (verdict == SIEVE_PASS || verdict == SIEVE_REPLACE)
		channel->serial_up = message.serial;
	return verdict;
}
