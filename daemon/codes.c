/* A short list. */
#include "daemon/codes.h"

#include "lib/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define USERS_MAX 256 /* more are told after the next start */

/* The last code that a user's was. */
struct used {
	TAILQ_ENTRY(used) link;
	char user[PROTO_NAME_MAX + 1];
	unsigned int number, left, count;
	time_t at;
};

struct codes {
	TAILQ_HEAD(, used) list;
	size_t count;
};

struct codes *
codes_new(void)
{
	struct codes *codes = calloc(1, sizeof(*codes));

	if (codes != NULL)
		TAILQ_INIT(&codes->list);
	return codes;
}

static void
drop(struct codes *codes, struct used *used)
{
	TAILQ_REMOVE(&codes->list, used, link);
	codes->count--;
	free(used);
}

void
codes_clear(struct codes *codes)
{
	while (!TAILQ_EMPTY(&codes->list))
		drop(codes, TAILQ_FIRST(&codes->list));
}

void
codes_free(struct codes *codes)
{
	if (codes != NULL)
		codes_clear(codes);
	free(codes);
}

static struct used *
find(const struct codes *codes, const char *user)
{
	struct used *used;

	TAILQ_FOREACH(used, &codes->list, link)
		if (strcmp(used->user, user) == 0)
			return used;
	return NULL;
}

static struct used *
find_or_add(struct codes *codes, const char *user)
{
	struct used *used = find(codes, user);

	if (used != NULL || codes->count == USERS_MAX)
		return used;
	used = calloc(1, sizeof(*used));
	if (used == NULL)
		return NULL;
	memcpy(used->user, user, strlen(user) + 1);
	TAILQ_INSERT_TAIL(&codes->list, used, link);
	codes->count++;
	return used;
}

void
codes_on_notice(struct gateway *gw, struct wire_in *in)
{
	char user[PROTO_NAME_MAX + 1];
	unsigned int number, left;
	struct used *used;
	uint64_t at;

	wire_get_str(in, user, sizeof(user));
	number = wire_get_u8(in);
	at = wire_get_u64(in);
	left = wire_get_u16(in);
	if (wire_end(in) < 0) {
		log_error("verify told of a recovery code, but not which");
		return;
	}
	used = find_or_add(gw->codes, user);
	if (used == NULL)
		return;
	used->count++;
	used->left = left;
	if ((time_t)at >= used->at) {
		used->at = (time_t)at;
		used->number = number;
	}
}

void
codes_words(const struct gateway *gw, const char *user, char *text, size_t cap)
{
	const struct used *used = find(gw->codes, user);
	char when[32] = "";
	struct tm tm;

	text[0] = '\0';
	if (used == NULL)
		return;
	if (localtime_r(&used->at, &tm) != NULL)
		strftime(when, sizeof(when), " on %Y-%m-%d %H:%M", &tm);
	if (used->count == 1)
		snprintf(text, cap, "Recovery code %u was used%s; %u left. ", used->number,
		    when, used->left);
	else
		snprintf(text, cap, "%u recovery codes were used, the last%s; %u left. ",
		    used->count, when, used->left);
}

void
codes_told(struct gateway *gw, const char *user)
{
	struct used *used = find(gw->codes, user);

	if (used == NULL)
		return;
	wire_put_str(servant_begin(gw->verify, PROTO_CODES_TOLD), user);
	(void)servant_tell(gw->verify, NULL, 0);
	drop(gw->codes, used);
}

void
codes_forget(struct gateway *gw, const char *user)
{
	struct used *used = find(gw->codes, user);

	if (used != NULL)
		drop(gw->codes, used);
}
