/* The buckets: a list, because few users open consoles in the same seconds. */
#include "daemon/links.h"

#include <stdlib.h>
#include <sys/queue.h>

struct bucket {
	LIST_ENTRY(bucket) link;
	uid_t uid;
	uint64_t left; /* thousandths of a link */
	int64_t at_ms; /* when that was so */
};

struct links {
	LIST_HEAD(, bucket) list;
	size_t count;
	int64_t swept_ms;
};

struct links *
links_new(void)
{
	struct links *links = calloc(1, sizeof(*links));

	if (links != NULL)
		LIST_INIT(&links->list);
	return links;
}

static void
drop(struct links *links, struct bucket *bucket)
{
	LIST_REMOVE(bucket, link);
	links->count--;
	free(bucket);
}

void
links_free(struct links *links)
{
	struct bucket *bucket;

	if (links == NULL)
		return;
	while ((bucket = LIST_FIRST(&links->list)) != NULL)
		drop(links, bucket);
	free(links);
}

static uint64_t
most(uint32_t per_s)
{
	return (uint64_t)per_s * LINKS_BURST_S * 1000;
}

static void
fill(struct bucket *bucket, uint32_t per_s, int64_t now_ms)
{
	/* Full after the burst's time, however long ago it was. */
	int64_t ms = now_ms - bucket->at_ms;

	if (ms < 0 || ms > LINKS_BURST_S * 1000)
		ms = LINKS_BURST_S * 1000;
	bucket->left += (uint64_t)ms * per_s;
	if (bucket->left > most(per_s))
		bucket->left = most(per_s);
	bucket->at_ms = now_ms;
}

/* A full bucket is as good as none. */
static void
sweep(struct links *links, int64_t now_ms)
{
	struct bucket *bucket, *next;

	if (now_ms - links->swept_ms < LINKS_BURST_S * 1000)
		return;
	links->swept_ms = now_ms;
	for (bucket = LIST_FIRST(&links->list); bucket != NULL; bucket = next) {
		next = LIST_NEXT(bucket, link);
		if (now_ms - bucket->at_ms >= LINKS_BURST_S * 1000)
			drop(links, bucket);
	}
}

static struct bucket *
find(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms)
{
	struct bucket *bucket;

	LIST_FOREACH(bucket, &links->list, link)
		if (bucket->uid == uid)
			return bucket;
	bucket = calloc(1, sizeof(*bucket));
	if (bucket == NULL)
		return NULL;
	*bucket = (struct bucket){.uid = uid, .left = most(per_s), .at_ms = now_ms};
	LIST_INSERT_HEAD(&links->list, bucket, link);
	links->count++;
	return bucket;
}

/* His bucket, as full as it is now, if there is one in it. */
static struct bucket *
look(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms)
{
	struct bucket *bucket;

	sweep(links, now_ms);
	bucket = find(links, uid, per_s, now_ms);
	if (bucket == NULL)
		return NULL;
	fill(bucket, per_s, now_ms);
	return bucket->left >= 1000 ? bucket : NULL;
}

bool
links_take(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms)
{
	struct bucket *bucket = look(links, uid, per_s, now_ms);

	if (bucket != NULL)
		bucket->left -= 1000;
	return bucket != NULL;
}

bool
links_left(struct links *links, uid_t uid, uint32_t per_s, int64_t now_ms)
{
	return look(links, uid, per_s, now_ms) != NULL;
}

void
links_charge(struct links *links, uid_t uid, uint64_t n)
{
	struct bucket *bucket;

	LIST_FOREACH(bucket, &links->list, link)
		if (bucket->uid == uid)
			bucket->left -= n < bucket->left / 1000 ? n * 1000 : bucket->left;
}

size_t
links_count(const struct links *links)
{
	return links->count;
}
