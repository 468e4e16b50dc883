/* What a validation server answers, read strictly; pure. Lines "key=value" (protocol
 * 2.0 of Yubico's validation servers), in any order, ended by CRLF or LF. Keys that
 * are not known here are kept, because the signature covers them. */
#ifndef SALLYPORT_API_REPLY_H
#define SALLYPORT_API_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_MAX       16384 /* bytes */
#define REPLY_LINES_MAX 32
#define REPLY_MAC       20 /* HMAC-SHA1 */

enum reply_status {
	REPLY_OTHER = 0, /* says nothing about the OTP, or nothing that is known here */
	REPLY_OK,
	REPLY_BAD_OTP,
	REPLY_REPLAYED_OTP,
};

struct reply_pair {
	const char *key, *value; /* in the text; not NUL-terminated */
	size_t key_len, value_len;
};

struct reply {
	struct reply_pair pairs[REPLY_LINES_MAX]; /* all but h, sorted by key */
	size_t count;
	enum reply_status status;
	char status_text[32];                /* as it came: capitals and '_' */
	const struct reply_pair *otp, *nonce; /* NULL when not there */
	bool has_mac, has_counter;
	uint8_t mac[REPLY_MAC];
	uint32_t counter; /* use counter << 8 | session counter */
};

/* 0; -EBADMSG, and *why is a static text: then nothing in *reply counts. text must
 * outlive *reply, which points into it. */
int reply_parse(const char *text, size_t len, struct reply *reply, const char **why);

/* The text that is signed, into out[cap]: its length; 0 when it does not fit. */
size_t reply_signed_text(const struct reply *reply, char *out, size_t cap);

/* Is the pair there, and its value this text? In constant time for its length. */
bool reply_is(const struct reply_pair *pair, const char *text);

#endif
