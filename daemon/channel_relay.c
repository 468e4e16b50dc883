/* The messages between channels and the relay. */
#include "daemon/channel_relay.h"

#include "daemon/channel_link.h"
#include "daemon/channels.h"
#include "daemon/console_rights.h"
#include "daemon/consoles.h"
#include "daemon/counts.h"
#include "lib/log.h"

#include <stdlib.h>

/* Its time is counted in looks: where the machine stood still, it could do nothing. */
#define LOOK_MS    100
#define STOP_LOOKS 10   /* for the relay to end a channel that it was told to end */
#define GREET_MS   5000 /* for a SPICE client's greeting */

struct channel_relay {
	struct gateway *gw;
	struct loop_watch *timer; /* while the relay is to do something */
	uint32_t looks;
	bool is_set, is_deaf; /* is_deaf: something could not be said */
};

static void
watch(struct channel_relay *talk)
{
	if (!talk->is_set)
		talk->is_set = loop_timer_set(talk->timer, LOOK_MS) == 0;
}

/* Not at once: who calls us may walk the channels, and all of them end by it. */
static void
give_up_soon(struct channel_relay *talk)
{
	talk->is_deaf = true;
	talk->is_set = loop_timer_set(talk->timer, 0) == 0;
}

/* How long it may take for what ch waits for; 0: it waits for nothing. */
static uint32_t
most_looks(const struct channel *ch)
{
	if (ch->state == CHANNEL_STOPPING)
		return STOP_LOOKS;
	/* The relay has a deadline for the client, and a moment to say so. */
	return ch->state == CHANNEL_GREETING ? GREET_MS / LOOK_MS + STOP_LOOKS : 0;
}

/* What it has not done in time, *waits: there is something that it is to do. NULL: none. */
static const char *
find_missed(const struct channel_relay *talk, bool *waits)
{
	const struct channel *ch = NULL;

	*waits = false;
	if (talk->is_deaf)
		return "it takes no more messages";
	while ((ch = channels_next(talk->gw->channels, ch)) != NULL) {
		if (most_looks(ch) == 0)
			continue;
		*waits = true;
		if (talk->looks - ch->told_look >= most_looks(ch))
			return ch->state == CHANNEL_STOPPING
				   ? "it did not end a channel in time"
				   : "it said nothing of a greeting in time";
	}
	return NULL;
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct channel_relay *talk = arg;
	const char *missed;
	bool waits;

	(void)fd;
	(void)events;
	talk->is_set = false;
	talk->looks++;
	missed = find_missed(talk, &waits);
	talk->is_deaf = false;
	if (missed != NULL)
		servant_give_up(talk->gw->relay, missed); /* all channels are gone */
	else if (waits)
		watch(talk);
}

struct channel_relay *
channel_relay_new(struct gateway *gw)
{
	struct channel_relay *talk = calloc(1, sizeof(*talk));

	if (talk == NULL)
		return NULL;
	talk->gw = gw;
	talk->timer = loop_timer(gw->loop, on_timer, talk);
	if (talk->timer == NULL) {
		free(talk);
		return NULL;
	}
	return talk;
}

void
channel_relay_free(struct channel_relay *talk)
{
	if (talk == NULL)
		return;
	loop_watch_free(talk->timer);
	free(talk);
}

int
channel_relay_greet(struct channel *ch)
{
	struct servant *relay = ch->gw->relay;
	struct wire_out *out = servant_begin(relay, PROTO_RELAY_GREET);
	int err;

	wire_put_u32(out, ch->id);
	wire_put_u32(out, GREET_MS);
	err = servant_tell(relay, &ch->client_fd, 1);
	if (err < 0)
		return err;
	ch->told_look = ch->gw->channel_relay->looks;
	watch(ch->gw->channel_relay);
	return 0;
}

/* One that says nothing yet cannot be answered in SPICE's words. */
void
channel_relay_refuse(struct channel *ch, uint8_t link_error)
{
	bool is_silent = ch->state == CHANNEL_GREETING;
	struct wire_out *out =
	    servant_begin(ch->gw->relay, is_silent ? PROTO_RELAY_STOP : PROTO_RELAY_REFUSE);

	wire_put_u32(out, ch->id);
	if (!is_silent)
		wire_put_u8(out, link_error);
	if (servant_tell(ch->gw->relay, NULL, 0) < 0)
		give_up_soon(ch->gw->channel_relay); /* it would keep the client */
	ch->is_greeted = false;
}

/* How the relay is to look at it, and what it may there. */
static void
put_mode(struct wire_out *out, const struct channel *ch)
{
	switch (console_kind(ch->right)) {
	case CONSOLE_SPICE:
		wire_put_u8(out, PROTO_MODE_SPICE);
		wire_put_u32(out, ch->may);
		break;
	case CONSOLE_VNC:
		wire_put_u8(out, PROTO_MODE_VNC);
		wire_put_u32(out, (ch->may & SPICE_MAY_CONTROL) != 0); /* enum rfb_may */
		break;
	case CONSOLE_SERIAL:
	case CONSOLE_NONE:
	default:
		wire_put_u8(out, PROTO_MODE_OPAQUE);
		wire_put_u32(out, 0);
		break;
	}
}

int
channel_relay_start(struct channel *ch)
{
	struct servant *relay = ch->gw->relay;
	struct wire_out *out = servant_begin(relay, PROTO_RELAY_START);
	const int fds[2] = {ch->client_fd, ch->vm_fd};
	bool has_seat = console_kind(ch->right) != CONSOLE_NONE; /* its time is seat_idle's */

	wire_put_u32(out, ch->id);
	wire_put_u32(out, has_seat ? 0 : gateway_settings(ch->gw)->channel_idle_s);
	put_mode(out, ch);
	return ch->is_greeted ? servant_tell(relay, &ch->vm_fd, 1)
			      : servant_tell(relay, fds, 2);
}

void
channel_relay_stop(struct channel *ch)
{
	struct servant *relay = ch->gw->relay;

	wire_put_u32(servant_begin(relay, PROTO_RELAY_STOP), ch->id);
	ch->told_look = ch->gw->channel_relay->looks;
	if (servant_tell(relay, NULL, 0) < 0)
		give_up_soon(ch->gw->channel_relay);
	else
		watch(ch->gw->channel_relay);
}

/* enum proto_ended, as it came, in words for the record. */
static const char *
text_of(uint8_t why)
{
	switch ((enum proto_ended)why) {
	case PROTO_ENDED_BOTH:
		return "closed";
	case PROTO_ENDED_CLIENT:
		return "closed by the client";
	case PROTO_ENDED_VM:
		return "closed by the VM";
	case PROTO_ENDED_IDLE:
		return "idle too long";
	case PROTO_ENDED_STOPPED:
		return "stopped";
	case PROTO_ENDED_ERROR:
	default:
		return "failed";
	}
}

/* A client that the relay has, but no VM yet, is gone. */
static void
lose_client(struct channel *ch, const char *reason)
{
	ch->is_greeted = false;
	if (ch->state == CHANNEL_RECORDING)
		channel_end(ch, reason); /* once it is on record */
	else
		channel_deny(ch, reason, 0);
}

/* It has ended at the relay's, if it was there. Why it was told to end goes before. */
static void
finish(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	if (ch->state == CHANNEL_RELAYED || ch->state == CHANNEL_STOPPING)
		channel_ended(
		    ch, ch->end_reason[0] != '\0' ? ch->end_reason : reason, up, down);
	else if (ch->is_greeted)
		lose_client(ch, reason);
}

static void
on_ended(struct gateway *gw, struct wire_in *in)
{
	uint32_t id = wire_get_u32(in);
	uint64_t up = wire_get_u64(in), down = wire_get_u64(in);
	uint8_t why = wire_get_u8(in);
	char words[PROTO_NAME_MAX + 1];
	struct channel *ch = channels_by_id(gw->channels, id);

	wire_get_str(in, words, sizeof(words));
	if (wire_end(in) < 0 || ch == NULL)
		return;
	ch->is_closed =
	    words[0] == '\0' &&
	    (why == PROTO_ENDED_BOTH || why == PROTO_ENDED_CLIENT || why == PROTO_ENDED_VM);
	if (ch->state == CHANNEL_GREETING)
		finish(ch, "the client said nothing", up, down);
	else
		finish(ch, words[0] != '\0' ? words : text_of(why), up, down);
}

static void
on_greeted(struct gateway *gw, struct wire_in *in)
{
	struct channel *ch = channels_by_id(gw->channels, wire_get_u32(in));
	uint8_t error = wire_get_u8(in), type = wire_get_u8(in), id = wire_get_u8(in);
	uint32_t connection_id = wire_get_u32(in);

	if (wire_end(in) == 0 && ch != NULL)
		channel_link_greeted(ch, error, type, id, connection_id);
}

static void
on_session(struct gateway *gw, struct wire_in *in)
{
	struct channel *ch = channels_by_id(gw->channels, wire_get_u32(in));
	uint32_t session = wire_get_u32(in);

	if (wire_end(in) == 0 && ch != NULL)
		consoles_session(ch, session);
}

void
channel_relay_on_notice(struct gateway *gw, uint8_t type, struct wire_in *in)
{
	if (type == PROTO_RELAY_ENDED)
		on_ended(gw, in);
	else if (type == PROTO_RELAY_GREETED)
		on_greeted(gw, in);
	else if (type == PROTO_RELAY_SESSION)
		on_session(gw, in);
	else if (type == PROTO_RELAY_COUNTS)
		counts_on_notice(gw, in);
	else
		in->failed = true;
	if (wire_end(in) < 0)
		log_error("the relay sent a message that is none of its own (%u)", type);
}

void
channel_relay_on_down(struct gateway *gw)
{
	struct channel *ch, *next;

	counts_on_down(gw->counts);
	gw->channel_relay->is_deaf = false;
	for (ch = channels_next(gw->channels, NULL); ch != NULL; ch = next) {
		next = channels_next(gw->channels, ch);
		finish(
		    ch, "the relay ended; bytes unknown", CONSOLE_UNCOUNTED, CONSOLE_UNCOUNTED);
	}
}
