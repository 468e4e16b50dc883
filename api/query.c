/* A question and its answers. */
#include "api/query.h"

#include "lib/base64.h"
#include "lib/io.h"
#include "lib/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define NONCE_BYTES 20
#define TEXT_MAX    256

struct part {
	struct query *query;
	struct fetch_job *job; /* NULL: has ended, or could not begin */
	size_t server;
};

struct query {
	const struct query_context *context;
	uint32_t id;
	int64_t deadline_ms;
	struct part parts[SERVERS_MAX];
	size_t open; /* parts with a job */
	bool is_told;
	struct judgement best; /* so far */
	char otp[PROTO_OTP_MAX + 1];
	char nonce[2 * NONCE_BYTES + 1];
};

static void
tell(struct query *q)
{
	if (!q->is_told)
		q->context->on_verdict(q->context->arg, q->id, &q->best);
	q->is_told = true;
}

/* OK before REPLAYED before BAD before nothing. */
static int
rank(enum proto_api verdict)
{
	switch (verdict) {
	case PROTO_API_OK:
		return 3;
	case PROTO_API_REPLAYED:
		return 2;
	case PROTO_API_BAD:
		return 1;
	case PROTO_API_NONE:
	default:
		return 0;
	}
}

static void
take(struct query *q, size_t server, const struct judgement *judgement)
{
	if (rank(judgement->verdict) > rank(q->best.verdict) || q->best.words[0] == '\0')
		q->best = *judgement;
	q->context->on_server(q->context->arg, server, judgement->words);
	if (q->best.verdict == PROTO_API_OK)
		tell(q);
}

static void
on_done(void *arg, const struct fetch_result *result)
{
	struct part *part = arg;
	struct query *q = part->query;
	struct judge judge = {.crypto = q->context->crypto,
	    .key = q->context->key,
	    .otp = q->otp,
	    .nonce = q->nonce};
	struct judgement judgement = {.verdict = PROTO_API_NONE};

	part->job = NULL;
	q->open--;
	if (result->trouble == NULL)
		judge_answer(&judge, result->http, result->body, result->len, &judgement);
	else
		snprintf(judgement.words, sizeof(judgement.words), "%s", result->trouble);
	server_note(&q->context->servers[part->server], judgement.is_valid, result->us);
	take(q, part->server, &judgement);
}

static int
make_nonce(char nonce[2 * NONCE_BYTES + 1])
{
	uint8_t bytes[NONCE_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* The signed parameters of a request, in their order, and the signature. 0, -EIO. */
static int
make_parameters(const struct query *q, char *text, size_t cap)
{
	char h[32], *at;
	uint8_t mac[CRYPTO_MAC];
	int n = snprintf(text, cap, "id=%s&nonce=%s&otp=%s&timestamp=1", q->context->client,
	    q->nonce, q->otp);

	if (n < 0 || (size_t)n >= cap ||
	    crypto_mac(q->context->crypto, q->context->key, text, (size_t)n, mac) < 0 ||
	    base64_encode(mac, sizeof(mac), h, sizeof(h)) < 0 ||
	    (size_t)n + 3 + 3 * strlen(h) + 1 > cap)
		return -EIO;
	memcpy(text + n, "&h=", 3);
	at = text + n + 3;
	/* Of base64 three characters mean something else in a URL. */
	for (const char *c = h; *c != '\0'; c++) {
		if (*c == '+' || *c == '/' || *c == '=')
			at += snprintf(at, 4, "%%%02X", (unsigned int)*c);
		else
			*at++ = *c;
	}
	*at = '\0';
	return 0;
}

static void
ask_server(struct query *q, size_t i, const char *parameters, uint32_t timeout_ms)
{
	struct server *server = &q->context->servers[i];
	struct judgement none = {.verdict = PROTO_API_NONE};
	char url[URL_MAX + 2 + TEXT_MAX + 1];
	struct part *part = &q->parts[i];
	struct fetch_request request = {.url = url,
	    .resolve = server->resolve,
	    .timeout_ms = timeout_ms,
	    .fn = on_done,
	    .arg = part};

	*part = (struct part){.query = q, .server = i};
	snprintf(url, sizeof(url), "%s?%s", server->url, parameters);
	if (server_has_address(server))
		part->job = fetch_start(q->context->fetch, &request);
	secret_wipe(url, sizeof(url));
	if (part->job != NULL) {
		q->open++;
		return;
	}
	snprintf(none.words, sizeof(none.words), "%s",
	    server_has_address(server) ? "no memory" : "no address is known for it");
	server_note(server, false, 0);
	take(q, i, &none);
}

int
query_start(struct query **query, const struct query_context *context, uint32_t id,
    const char *otp, uint32_t timeout_ms)
{
	struct query *q = calloc(1, sizeof(*q));
	char parameters[TEXT_MAX];
	int err;

	if (q == NULL)
		return -ENOMEM;
	q->context = context;
	q->id = id;
	q->deadline_ms = io_now_ms() + timeout_ms;
	snprintf(q->otp, sizeof(q->otp), "%s", otp);
	err = make_nonce(q->nonce);
	if (err == 0)
		err = make_parameters(q, parameters, sizeof(parameters));
	for (size_t i = 0; err == 0 && i < context->count; i++)
		ask_server(q, i, parameters, timeout_ms);
	secret_wipe(parameters, sizeof(parameters));
	if (err < 0)
		query_free(q);
	else
		*query = q;
	return err;
}

static void
give_up(struct query *q)
{
	struct judgement late = {.verdict = PROTO_API_NONE, .words = "no answer in time"};

	for (size_t i = 0; i < q->context->count; i++) {
		if (q->parts[i].job == NULL)
			continue;
		fetch_cancel(q->parts[i].job);
		q->parts[i].job = NULL;
		q->open--;
		server_note(&q->context->servers[i], false, 0);
		take(q, i, &late);
	}
}

bool
query_step(struct query *query, int64_t now_ms)
{
	if (now_ms >= query->deadline_ms)
		give_up(query);
	if (query->open > 0)
		return true;
	tell(query);
	query_free(query);
	return false;
}

int64_t
query_deadline_ms(const struct query *query)
{
	return query->deadline_ms;
}

void
query_free(struct query *query)
{
	if (query == NULL)
		return;
	for (size_t i = 0; i < query->context->count; i++)
		if (query->parts[i].job != NULL)
			fetch_cancel(query->parts[i].job);
	secret_wipe(query, sizeof(*query));
	free(query);
}
