/* The messages between channels and the relay. */
#include "daemon/channel_relay.h"

#include "daemon/channels.h"
#include "lib/io.h"
#include "lib/log.h"

#include <stdlib.h>

#define STOP_MS 1000 /* for the relay to end a channel that it was told to end */

struct channel_relay {
	struct gateway *gw;
	struct loop_watch *timer; /* while the relay is to end channels */
	bool is_set;
};

static void
watch_stops(struct channel_relay *talk)
{
	if (!talk->is_set)
		talk->is_set = loop_timer_set(talk->timer, STOP_MS / 10) == 0;
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct channel_relay *talk = arg;
	const struct channel *ch = NULL;
	bool waits = false;

	(void)fd;
	(void)events;
	talk->is_set = false;
	while ((ch = channels_next(talk->gw->channels, ch)) != NULL) {
		if (ch->state != CHANNEL_STOPPING)
			continue;
		waits = true;
		if (io_now_ms() - ch->stopped_ms >= STOP_MS) {
			servant_give_up(talk->gw->relay, "it did not end a channel in time");
			return; /* all channels are gone */
		}
	}
	if (waits)
		watch_stops(talk);
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
channel_relay_start(struct channel *ch)
{
	struct servant *relay = ch->gw->relay;
	struct wire_out *out = servant_begin(relay, PROTO_RELAY_START);
	const int fds[2] = {ch->client_fd, ch->vm_fd};

	wire_put_u32(out, ch->id);
	wire_put_u32(out, gateway_settings(ch->gw)->channel_idle_s);
	wire_put_u8(out, PROTO_MODE_OPAQUE);
	wire_put_u32(out, 0);
	return servant_tell(relay, fds, 2);
}

int
channel_relay_stop(struct channel *ch)
{
	struct servant *relay = ch->gw->relay;
	int err;

	wire_put_u32(servant_begin(relay, PROTO_RELAY_STOP), ch->id);
	err = servant_tell(relay, NULL, 0);
	if (err < 0)
		return err;
	ch->stopped_ms = io_now_ms();
	watch_stops(ch->gw->channel_relay);
	return 0;
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

/* It has ended at the relay's, if it was there. Why it was told to end goes before. */
static void
finish(struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	if (ch->state != CHANNEL_RELAYED && ch->state != CHANNEL_STOPPING)
		return;
	channel_ended(ch, ch->end_reason[0] != '\0' ? ch->end_reason : reason, up, down);
}

void
channel_relay_on_notice(struct gateway *gw, uint8_t type, struct wire_in *in)
{
	uint32_t id = wire_get_u32(in);
	uint64_t up = wire_get_u64(in), down = wire_get_u64(in);
	uint8_t why = wire_get_u8(in);
	char words[PROTO_NAME_MAX + 1];
	struct channel *ch = channels_by_id(gw->channels, id);

	wire_get_str(in, words, sizeof(words));
	if (type != PROTO_RELAY_ENDED || wire_end(in) < 0)
		log_error("the relay sent a message that is none of its own (%u)", type);
	else if (ch != NULL)
		finish(ch, words[0] != '\0' ? words : text_of(why), up, down);
}

void
channel_relay_on_down(struct gateway *gw)
{
	struct channel *ch, *next;

	for (ch = channels_next(gw->channels, NULL); ch != NULL; ch = next) {
		next = channels_next(gw->channels, ch);
		finish(ch, "the relay ended", 0, 0);
	}
}
