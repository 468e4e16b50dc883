/* Lines to pairs; what a value may hold is the table below. */
#include "api/reply.h"

#include "lib/base64.h"
#include "lib/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOWER   "abcdefghijklmnopqrstuvwxyz"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"
#define MODHEX  "cbdefghijklnrtuv"
#define KEY_MAX 32

/* Of every value: no '&', which would let one signed text be split in two ways. That of
 * t and timestamp differ between servers, and are not used. */
static const struct rule {
	const char *key, *alphabet;
	size_t min, max;
} rules[] = {
    {"h", LOWER UPPER DIGITS "+/=", 28, 28},
    {"t", LOWER UPPER DIGITS ":.+- ", 0, 40},
    {"otp", MODHEX, 32, 64},
    {"nonce", LOWER UPPER DIGITS, 16, 40},
    {"sl", DIGITS, 1, 3},
    {"status", UPPER "_", 1, 31},
    {"timestamp", LOWER UPPER DIGITS ":.+- ", 0, 40},
    {"sessioncounter", DIGITS, 1, 5},
    {"sessionuse", DIGITS, 1, 3},
};
#define OTHER_MAX 128

static bool
has_key(const struct reply_pair *pair, const char *key)
{
	return pair->key_len == strlen(key) && memcmp(pair->key, key, pair->key_len) == 0;
}

static bool
is_all(const char *text, size_t len, const char *alphabet)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(alphabet, text[i]) == NULL)
			return false;
	return true;
}

static bool
value_is_good(const struct reply_pair *pair)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (has_key(pair, rules[i].key))
			return pair->value_len >= rules[i].min &&
			       pair->value_len <= rules[i].max &&
			       is_all(pair->value, pair->value_len, rules[i].alphabet);
	for (size_t i = 0; i < pair->value_len; i++)
		if (pair->value[i] < ' ' || pair->value[i] > '~' || pair->value[i] == '&')
			return false;
	return pair->value_len <= OTHER_MAX;
}

static int
compare(const void *a, const void *b)
{
	const struct reply_pair *x = a, *y = b;
	size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
	int order = memcmp(x->key, y->key, n);

	if (order != 0)
		return order;
	return (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

static const char *
take_line(struct reply *reply, const char *line, size_t len)
{
	struct reply_pair pair = {.key = line};
	const char *equals = memchr(line, '=', len);

	if (equals == NULL)
		return "a line without '='";
	pair.key_len = (size_t)(equals - line);
	pair.value = equals + 1;
	pair.value_len = len - pair.key_len - 1;
	if (pair.key_len == 0 || pair.key_len > KEY_MAX ||
	    !is_all(pair.key, pair.key_len, LOWER UPPER DIGITS "_"))
		return "a malformed key";
	if (!value_is_good(&pair))
		return "a malformed value";
	if (has_key(&pair, "h")) {
		if (reply->has_mac)
			return "a key twice";
		reply->has_mac = true;
		if (base64_decode(pair.value, pair.value_len, reply->mac, REPLY_MAC) !=
		    REPLY_MAC)
			return "a malformed signature";
		return NULL;
	}
	if (reply->count == REPLY_LINES_MAX)
		return "too many lines";
	reply->pairs[reply->count++] = pair;
	return NULL;
}

static const char *
take_lines(struct reply *reply, const char *text, size_t len)
{
	const char *end = text + len, *why = NULL;

	while (text < end && why == NULL) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;
		size_t n = (size_t)(stop - text);

		if (n > 0 && newline != NULL && text[n - 1] == '\r')
			n--;
		if (n > 0)
			why = take_line(reply, text, n);
		text = newline != NULL ? newline + 1 : end;
	}
	return why;
}

static const struct reply_pair *
find(const struct reply *reply, const char *key)
{
	for (size_t i = 0; i < reply->count; i++)
		if (has_key(&reply->pairs[i], key))
			return &reply->pairs[i];
	return NULL;
}

/* Digits, few enough not to overflow. */
static uint32_t
number_of(const struct reply_pair *pair)
{
	uint32_t n = 0;

	for (size_t i = 0; i < pair->value_len; i++)
		n = n * 10 + (uint32_t)(pair->value[i] - '0');
	return n;
}

static const char *
take_counter(struct reply *reply)
{
	const struct reply_pair *use = find(reply, "sessioncounter");
	const struct reply_pair *session = find(reply, "sessionuse");
	uint32_t a, b;

	if (use == NULL && session == NULL)
		return NULL;
	if (use == NULL || session == NULL)
		return "half a counter";
	a = number_of(use);
	b = number_of(session);
	/* Bit 15 tells of Caps Lock. A key that was ever plugged in counts from 1. */
	if (a > 0xffff || (a & 0x7fff) == 0 || b > 0xff)
		return "a counter that no key has";
	reply->counter = (a & 0x7fff) << 8 | b;
	reply->has_counter = true;
	return NULL;
}

static const char *
take_status(struct reply *reply)
{
	static const struct {
		const char *text;
		enum reply_status status;
	} known[] = {
	    {"OK", REPLY_OK}, {"BAD_OTP", REPLY_BAD_OTP}, {"REPLAYED_OTP", REPLY_REPLAYED_OTP}};
	const struct reply_pair *pair = find(reply, "status");

	if (pair == NULL)
		return "no status";
	memcpy(reply->status_text, pair->value, pair->value_len);
	reply->status_text[pair->value_len] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(reply->status_text, known[i].text) == 0)
			reply->status = known[i].status;
	return NULL;
}

static const char *
parse(const char *text, size_t len, struct reply *reply)
{
	const char *why;

	if (len == 0)
		return "an empty reply";
	if (len > REPLY_MAX)
		return "too long a reply";
	why = take_lines(reply, text, len);
	if (why != NULL)
		return why;
	qsort(reply->pairs, reply->count, sizeof(reply->pairs[0]), compare);
	for (size_t i = 1; i < reply->count; i++)
		if (compare(&reply->pairs[i - 1], &reply->pairs[i]) == 0)
			return "a key twice";
	reply->otp = find(reply, "otp");
	reply->nonce = find(reply, "nonce");
	why = take_counter(reply);
	return why != NULL ? why : take_status(reply);
}

int
reply_parse(const char *text, size_t len, struct reply *reply, const char **why)
{
	*reply = (struct reply){.status = REPLY_OTHER};
	*why = parse(text, len, reply);
	if (*why == NULL)
		return 0;
	*reply = (struct reply){.status = REPLY_OTHER};
	return -EBADMSG;
}

size_t
reply_signed_text(const struct reply *reply, char *out, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_pair *pair = &reply->pairs[i];
		size_t need = pair->key_len + 1 + pair->value_len + (i > 0);

		if (need > cap - used)
			return 0;
		if (i > 0)
			out[used++] = '&';
		memcpy(out + used, pair->key, pair->key_len);
		used += pair->key_len;
		out[used++] = '=';
		memcpy(out + used, pair->value, pair->value_len);
		used += pair->value_len;
	}
	return used;
}

bool
reply_is(const struct reply_pair *pair, const char *text)
{
	return pair != NULL && pair->value_len == strlen(text) &&
	       secret_is_equal(pair->value, text, pair->value_len);
}
