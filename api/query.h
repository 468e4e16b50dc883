/* One OTP, asked of all servers at once, and the verdict out of their answers: the
 * first OK is one; a refusal only when nobody said OK in time. */
#ifndef SALLYPORT_API_QUERY_H
#define SALLYPORT_API_QUERY_H

#include "api/fetch.h"
#include "api/judge.h"
#include "api/server.h"

#include <stdbool.h>

struct query;

/* What all queries share. */
struct query_context {
	struct fetch *fetch;
	const struct crypto *crypto;
	const struct secret *key;
	const char *client; /* api_id */
	struct server *servers;
	size_t count;
	/* Called once for each query, later than query_start; what the servers still
	 * answer goes on after it. */
	void (*on_verdict)(void *arg, uint32_t id, const struct judgement *judgement);
	/* After each answer of a server, with its place. */
	void (*on_server)(void *arg, size_t i, const char *words);
	void *arg;
};

/* otp: normalised. 0, -EIO without random numbers, -ENOMEM. */
int query_start(struct query **query, const struct query_context *context, uint32_t id,
    const char *otp, uint32_t timeout_ms);
/* To be called in each turn: false when it has ended and was freed. */
bool query_step(struct query *query, int64_t now_ms);
/* When query_step must be called at the latest; a time of io_now_ms(). */
int64_t query_deadline_ms(const struct query *query);
/* Without a verdict. Accepts NULL. */
void query_free(struct query *query);

#endif
