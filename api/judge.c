/* Form, signature, status, echo: in that order. */
#include "api/judge.h"

#include "api/reply.h"

#include <stdio.h>
#include <string.h>

static bool
is_signed(const struct judge *judge, const struct reply *reply)
{
	static char text[REPLY_MAX + REPLY_LINES_MAX];
	uint8_t mac[CRYPTO_MAC];
	size_t len = reply_signed_text(reply, text, sizeof(text));

	return reply->has_mac && len > 0 &&
	       crypto_mac(judge->crypto, judge->key, text, len, mac) == 0 &&
	       secret_is_equal(mac, reply->mac, CRYPTO_MAC);
}

/* OK must be about this OTP and this question. What refuses need not be: servers leave
 * both away then; but where they are, they must fit. */
static bool
is_about_this(const struct judge *judge, const struct reply *reply)
{
	bool has_both = reply->otp != NULL && reply->nonce != NULL;

	if (reply->status == REPLY_OK && !has_both)
		return false;
	return (reply->otp == NULL || reply_is(reply->otp, judge->otp)) &&
	       (reply->nonce == NULL || reply_is(reply->nonce, judge->nonce));
}

static enum proto_api
verdict_of(enum reply_status status)
{
	switch (status) {
	case REPLY_OK:
		return PROTO_API_OK;
	case REPLY_BAD_OTP:
		return PROTO_API_BAD;
	case REPLY_REPLAYED_OTP:
		return PROTO_API_REPLAYED;
	case REPLY_OTHER:
	default:
		return PROTO_API_NONE;
	}
}

void
judge_answer(const struct judge *judge, long http, const char *body, size_t len,
    struct judgement *judgement)
{
	struct reply reply;
	const char *why = "";

	*judgement = (struct judgement){.verdict = PROTO_API_NONE};
	if (http != 200)
		snprintf(judgement->words, sizeof(judgement->words), "HTTP %ld", http);
	else if (reply_parse(body, len, &reply, &why) < 0)
		snprintf(judgement->words, sizeof(judgement->words), "%s", why);
	else if (!is_signed(judge, &reply))
		snprintf(judgement->words, sizeof(judgement->words), "%s, %s",
		    reply.status_text, reply.has_mac ? "wrongly signed" : "unsigned");
	else if (!is_about_this(judge, &reply))
		snprintf(judgement->words, sizeof(judgement->words),
		    "%s, but to another question", reply.status_text);
	else {
		snprintf(judgement->words, sizeof(judgement->words), "%s", reply.status_text);
		judgement->is_valid = true;
		judgement->verdict = verdict_of(reply.status);
		judgement->has_counter = reply.status == REPLY_OK && reply.has_counter;
		judgement->counter = judgement->has_counter ? reply.counter : 0;
	}
}
