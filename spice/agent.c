/* Which messages of the agent need what: this table is the policy. */
#include "spice/agent.h"

#include "spice/kind.h"
#include "spice/le.h"

#define HEADER     20 /* bytes: protocol, type, opaque, size */
#define PROTOCOL   1
#define ANNOUNCE   6
#define CAPS_MAX   (4 + 4 * 8) /* bytes: one word is in use */
#define BIT(n)     (1u << (n))
#define CLIPBOARD  SPICE_MAY_CLIPBOARD
#define CONTROL    SPICE_MAY_CONTROL
#define SHARE      SPICE_MAY_SHARE
#define NEVER      0
#define XFER_STOPS BIT(13) /* a bit that forbids */

#define SMALL      64 /* bytes */
#define SOME       4096
#define FILE_PIECE (16 << 20)
#define COPY_MAX   (256 << 20) /* a viewer sends 100 MiB at most unless told otherwise */

/* A type that is not here does not pass, nor one that says it is larger: readers take
 * memory for what a message says, or reckon with it. */
static const struct row {
	uint32_t type, up, down; /* SPICE_MAY_* */
	uint32_t max;            /* bytes behind the header */
} rows[] = {
    {1, NEVER, NEVER, 0},                /* MOUSE_STATE: the server makes it of inputs */
    {2, CONTROL, NEVER, 2 * SOME},       /* MONITORS_CONFIG: sets the guest's screens */
    {3, NEVER, CONTROL, SMALL},          /* REPLY of the agent */
    {4, CLIPBOARD, CLIPBOARD, COPY_MAX}, /* CLIPBOARD */
    {5, CONTROL, NEVER, SMALL},          /* DISPLAY_CONFIG: wallpaper, animation */
    {ANNOUNCE, CONTROL, CONTROL, SOME},  /* with bits taken out */
    {7, CLIPBOARD, CLIPBOARD, SOME},     /* CLIPBOARD_GRAB: the kinds of what was copied */
    {8, CLIPBOARD, CLIPBOARD, SMALL},    /* CLIPBOARD_REQUEST */
    {9, CLIPBOARD, CLIPBOARD, SMALL},    /* CLIPBOARD_RELEASE */
    {10, SHARE, NEVER, 2 * SOME},        /* FILE_XFER_START: only clients send files */
    {11, SHARE, SHARE, SOME},            /* FILE_XFER_STATUS: an answer, or a cancel */
    {12, SHARE, NEVER, FILE_PIECE},      /* FILE_XFER_DATA */
    {13, NEVER, NEVER, 0},               /* CLIENT_DISCONNECTED: the server's to say */
    {14, CLIPBOARD, NEVER, SMALL},       /* MAX_CLIPBOARD */
    {15, CONTROL, NEVER, SOME},          /* AUDIO_VOLUME_SYNC: sets the guest's volume */
    {16, NEVER, NEVER, 0},               /* GRAPHICS_DEVICE_INFO: the server's to say */
};

static const struct row *
row_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

bool
spice_agent_allowed(uint32_t type, enum spice_way way, uint32_t may)
{
	const struct row *row = row_of(type);

	return row != NULL && (may & (way == SPICE_UP ? row->up : row->down)) != 0;
}

/* Bits of the first word that may stay. */
static uint32_t
caps_for(uint32_t may)
{
	/* Mouse, monitors (four bits), reply, display, line ends, volume, devices; and
	 * what only takes away. */
	uint32_t caps = BIT(0) | BIT(1) | BIT(2) | BIT(4) | BIT(7) | BIT(8) | BIT(9) | BIT(11) |
			BIT(12) | BIT(15) | XFER_STOPS;

	if (may & CLIPBOARD) /* plain, by demand, selections, its size, two ways to grab */
		caps |= BIT(3) | BIT(5) | BIT(6) | BIT(10) | BIT(16) | BIT(17);
	if (may & SHARE)
		caps |= BIT(14); /* errors in detail */
	return caps;
}

void
spice_agent_limit(uint8_t *body, size_t len, uint32_t may)
{
	for (size_t at = 4; at + 4 <= len; at += 4) {
		uint32_t word = at == 4 ? le_get32(body + at) & caps_for(may) : 0;

		if (at == 4 && !(may & SHARE))
			word |= XFER_STOPS; /* the viewer then says so, instead of trying */
		le_put32(body + at, word);
	}
}

/* The chunk that begins a message; inside bytes of it are in this chunk. */
static enum sieve_verdict
judge_first(struct spice_agent *agent, struct sieve *sieve, size_t header, uint32_t inside,
    enum spice_way way, uint32_t may)
{
	uint8_t *at = sieve->hold + header;
	uint32_t type = le_get32(at + 4), len = le_get32(at + 16);
	bool is_allowed = spice_agent_allowed(type, way, may);

	if (le_get32(at) != PROTOCOL)
		return sieve_refuse(sieve, "agent message of another protocol");
	if (inside > len)
		return sieve_refuse(sieve, "agent message longer than it says");
	if (is_allowed && len > row_of(type)->max)
		return sieve_refuse(sieve, "agent message too large");
	if (type == ANNOUNCE && is_allowed && inside == len && len >= 4 && len % 4 == 0 &&
	    len <= CAPS_MAX) {
		sieve->need = header + HEADER + len;
		if (sieve->held < sieve->need)
			return SIEVE_MORE;
		sieve->rest = 0;
		spice_agent_limit(at + HEADER, len, may);
		return SIEVE_REPLACE;
	}
	agent->left = len - inside;
	agent->is_passing = is_allowed && type != ANNOUNCE;
	sieve->rest = inside;
	return agent->is_passing ? SIEVE_PASS : SIEVE_DROP;
}

enum sieve_verdict
spice_agent_judge(struct spice_agent *agent, struct sieve *sieve, size_t header, uint32_t size,
    enum spice_way way, uint32_t may)
{
	if (size > SPICE_AGENT_CHUNK_MAX)
		return sieve_refuse(sieve, "agent data in too large a piece");
	if (agent->left > 0) {
		if (size == 0) /* a reader may take it for the end */
			return sieve_refuse(sieve, "agent data without data");
		if (size > agent->left)
			return sieve_refuse(sieve, "agent message longer than it says");
		agent->left -= size;
		sieve->rest = size;
		return agent->is_passing ? SIEVE_PASS : SIEVE_DROP;
	}
	if (size < HEADER)
		return sieve_refuse(sieve, "agent data without a message's header");
	sieve->need = header + HEADER;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	return judge_first(agent, sieve, header, size - HEADER, way, may);
}
