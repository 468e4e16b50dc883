/* A ring of the last ones. */
#include "daemon/unfinished.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 256

struct place {
	char vm[64]; /* "": free */
	uid_t uid;
	unsigned int weight;
	int64_t since_ms, last_ms;
};

struct unfinished {
	struct place places[PLACES];
};

struct unfinished *
unfinished_new(void)
{
	return calloc(1, sizeof(struct unfinished));
}

void
unfinished_free(struct unfinished *unfinished)
{
	free(unfinished);
}

static bool
is_of(const struct place *place, const char *vm, uid_t uid)
{
	return place->uid == uid && place->vm[0] != '\0' && strcmp(place->vm, vm) == 0;
}

/* His own place, else a free one, else the one that was used longest ago. */
static struct place *
find(struct unfinished *unfinished, const char *vm, uid_t uid)
{
	struct place *oldest = &unfinished->places[0];

	for (size_t i = 0; i < PLACES; i++) {
		struct place *place = &unfinished->places[i];
		if (is_of(place, vm, uid))
			return place;
		if (oldest->vm[0] != '\0' &&
		    (place->vm[0] == '\0' || place->last_ms < oldest->last_ms))
			oldest = place;
	}
	*oldest = (struct place){.uid = uid};
	snprintf(oldest->vm, sizeof(oldest->vm), "%s", vm);
	return oldest;
}

void
unfinished_note(struct unfinished *unfinished, const char *vm, uid_t uid, unsigned int weight,
    int64_t now_ms)
{
	struct place *place = find(unfinished, vm, uid);

	if (now_ms - place->since_ms >= UNFINISHED_MS || place->weight == 0) {
		place->weight = 0;
		place->since_ms = now_ms;
	}
	place->weight += weight;
	place->last_ms = now_ms;
}

int64_t
unfinished_wait_ms(
    const struct unfinished *unfinished, const char *vm, uid_t uid, int64_t now_ms)
{
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *place = &unfinished->places[i];
		if (is_of(place, vm, uid) && place->weight >= UNFINISHED_MOST &&
		    now_ms - place->last_ms < UNFINISHED_MS)
			return UNFINISHED_MS - (now_ms - place->last_ms);
	}
	return 0;
}
