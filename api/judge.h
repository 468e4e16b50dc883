/* What one server's answer is worth. Only one that proves itself says anything. */
#ifndef SALLYPORT_API_JUDGE_H
#define SALLYPORT_API_JUDGE_H

#include "api/crypto.h"
#include "lib/proto.h"

#define JUDGE_WORDS_MAX 80

/* The question that it must be an answer to. */
struct judge {
	const struct crypto *crypto;
	const struct secret *key;
	const char *otp, *nonce;
};

struct judgement {
	enum proto_api verdict;
	bool is_valid; /* it proved itself, whatever it says */
	bool has_counter;
	uint32_t counter; /* use << 8 | session */
	char words[JUDGE_WORDS_MAX]; /* for the admin; nothing of the server's but its status */
};

/* http: the status code of the answer; body[len] as it came. */
void judge_answer(const struct judge *judge, long http, const char *body, size_t len,
    struct judgement *judgement);

#endif
