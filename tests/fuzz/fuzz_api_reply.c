/* A validation server's answer from the network: whatever it is, it is read within its
 * bounds, its pairs are in order and once each, and what is signed can be split back
 * into exactly them. */
#include "api/reply.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
check_order(const struct reply *reply)
{
	for (size_t i = 1; i < reply->count; i++) {
		const struct reply_pair *a = &reply->pairs[i - 1], *b = &reply->pairs[i];
		size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
		int order = memcmp(a->key, b->key, n);
		require(order < 0 || (order == 0 && a->key_len < b->key_len));
	}
}

/* One way to read it: '&' parts pairs, the first '=' of each key and value. */
static void
check_signed_text(const struct reply *reply)
{
	static char text[REPLY_MAX + REPLY_LINES_MAX];
	size_t len = reply_signed_text(reply, text, sizeof(text)), i = 0;
	const char *at = text, *end = text + len;

	for (i = 0; i < reply->count; i++) {
		const struct reply_pair *pair = &reply->pairs[i];
		const char *stop = memchr(at, '&', (size_t)(end - at));
		const char *equals = memchr(at, '=', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		require(equals != NULL && equals < stop);
		require((size_t)(equals - at) == pair->key_len &&
			memcmp(at, pair->key, pair->key_len) == 0);
		require((size_t)(stop - equals - 1) == pair->value_len &&
			memcmp(equals + 1, pair->value, pair->value_len) == 0);
		at = stop < end ? stop + 1 : end;
	}
	require(at == end);
	require(len == 0 || reply_signed_text(reply, text, len - 1) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1); /* exactly as long: reads behind it show */
	struct reply reply;
	const char *why;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	if (reply_parse(copy, size, &reply, &why) == 0) {
		require(why == NULL && reply.count > 0 && reply.status_text[0] != '\0');
		require(!reply.has_counter || reply.counter >> 8 != 0);
		check_order(&reply);
		check_signed_text(&reply);
		(void)reply_is(reply.otp, "cccccccccccccccccccccccccccccccc");
	} else {
		require(why != NULL && reply.status == REPLY_OTHER && !reply.has_mac);
	}
	free(copy);
	return 0;
}
