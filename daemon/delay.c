/* The table of those who were wrong lately. */
#include "daemon/delay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

#define SLOTS  1024
#define PROBES 8 /* places where one who is looked for may be */

/* Two who share a slot by their hash share a delay, and no more. */
struct slot {
	uint64_t who;    /* 0: free */
	uint32_t wrong;  /* how many in a row */
	int64_t told_ms; /* when the last of them is told */
};

struct delay {
	uint64_t seed; /* so that nobody can choose whom he shares a slot with */
	struct slot slots[SLOTS];
};

struct delay *
delay_new(void)
{
	struct delay *delay = calloc(1, sizeof(*delay));

	if (delay != NULL &&
	    getrandom(&delay->seed, sizeof(delay->seed), 0) != sizeof(delay->seed)) {
		free(delay);
		return NULL;
	}
	return delay;
}

void
delay_free(struct delay *delay)
{
	free(delay);
}

/* FNV-1a over text and its final NUL. */
static uint64_t
mix(uint64_t hash, const char *text)
{
	const char *c = text != NULL ? text : "";

	do
		hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	while (*c++ != '\0');
	return hash;
}

static uint64_t
hash_of(const struct delay *delay, const struct delay_who *who)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ delay->seed;

	hash = mix(mix(mix(hash, who->user), who->service), who->source);
	hash ^= hash >> 32;
	return hash != 0 ? hash : 1;
}

static bool
is_remembered(const struct slot *slot, int64_t now_ms)
{
	return slot->who != 0 && now_ms - slot->told_ms < DELAY_FORGET_MS;
}

static struct slot *
find(struct delay *delay, uint64_t who)
{
	for (size_t i = 0; i < PROBES; i++) {
		struct slot *slot = &delay->slots[(who + i) % SLOTS];
		if (slot->who == who)
			return slot;
	}
	return NULL;
}

/* A free place, else that of the one who was told longest ago. */
static struct slot *
make(struct delay *delay, uint64_t who)
{
	struct slot *oldest = &delay->slots[who % SLOTS];

	for (size_t i = 0; i < PROBES && oldest->who != 0; i++) {
		struct slot *slot = &delay->slots[(who + i) % SLOTS];
		if (slot->who == 0 || slot->told_ms < oldest->told_ms)
			oldest = slot;
	}
	*oldest = (struct slot){.who = who};
	return oldest;
}

static int64_t
step_of(uint32_t wrong)
{
	return wrong < 4 ? DELAY_FIRST_MS << (wrong - 1) : DELAY_STEP_MS;
}

uint32_t
delay_wrong(struct delay *delay, const struct delay_who *who, int64_t now_ms)
{
	uint64_t hash = hash_of(delay, who);
	struct slot *slot = find(delay, hash);

	if (slot == NULL)
		slot = make(delay, hash);
	if (!is_remembered(slot, now_ms))
		slot->wrong = 0;
	if (slot->wrong < UINT32_MAX)
		slot->wrong++;
	if (slot->wrong == 1 || slot->told_ms < now_ms)
		slot->told_ms = now_ms;
	slot->told_ms += step_of(slot->wrong);
	if (slot->told_ms > now_ms + DELAY_MOST_MS)
		slot->told_ms = now_ms + DELAY_MOST_MS;
	return (uint32_t)(slot->told_ms - now_ms);
}

void
delay_right(struct delay *delay, const struct delay_who *who)
{
	struct slot *slot = find(delay, hash_of(delay, who));

	if (slot != NULL)
		*slot = (struct slot){0};
}

size_t
delay_count(const struct delay *delay, int64_t now_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < SLOTS; i++)
		n += is_remembered(&delay->slots[i], now_ms);
	return n;
}
