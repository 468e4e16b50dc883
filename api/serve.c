/* The loop of api. */
#include "api/serve.h"

#include "api/query.h"
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEND_TIMEOUT_MS 5000
#define QUERIES_MAX     128
#define ANSWER_MS_MAX   60000
#define IDLE_MS         60000 /* kept connections are looked after that often */

struct api {
	struct query_context context;
	struct query *queries[QUERIES_MAX];
	size_t count;
	int send_error; /* of what was to be told from within a query */
	uint8_t in[IO_MESSAGE_MAX];
};

typedef int
handler_fn(struct api *api, uint32_t id, struct wire_in *in);

static handler_fn on_otp, on_host;

/* What the supervisor may ask. */
static const struct request {
	uint8_t type;
	handler_fn *handler;
} requests[] = {
    {PROTO_API_OTP, on_otp},
    {PROTO_API_HOST, on_host},
};

static int
send_message(const struct wire_out *out)
{
	return out->failed ? -EMSGSIZE : helper_send(out->buf, out->len, SEND_TIMEOUT_MS);
}

static void
send_verdict(void *arg, uint32_t id, const struct judgement *judgement)
{
	struct api *api = arg;
	uint8_t buf[JUDGE_WORDS_MAX + 32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_API_ANSWER, id);
	wire_put_u8(&out, (uint8_t)judgement->verdict);
	wire_put_u8(&out, judgement->has_counter);
	wire_put_u32(&out, judgement->counter);
	wire_put_str(&out, judgement->words);
	if (api->send_error == 0)
		api->send_error = send_message(&out);
}

static void
send_server(void *arg, size_t i, const char *words)
{
	struct api *api = arg;
	const struct server *server = &api->context.servers[i];
	uint8_t buf[JUDGE_WORDS_MAX + 64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_API_SERVER, 0);
	wire_put_u16(&out, (uint16_t)i);
	wire_put_u64(&out, server->asked);
	wire_put_u64(&out, server->failed);
	wire_put_u32(&out, server_median_us(server));
	wire_put_u64(&out, (uint64_t)server->last);
	wire_put_str(&out, words);
	if (api->send_error == 0)
		api->send_error = send_message(&out);
}

static int
refuse(struct api *api, uint32_t id, const char *words)
{
	struct judgement none = {.verdict = PROTO_API_NONE};

	strncpy(none.words, words, sizeof(none.words) - 1);
	send_verdict(api, id, &none);
	return 0;
}

static int
on_otp(struct api *api, uint32_t id, struct wire_in *in)
{
	char otp[PROTO_OTP_MAX + 1];
	uint32_t timeout_ms;
	int err;

	wire_get_str(in, otp, sizeof(otp));
	timeout_ms = wire_get_u32(in);
	if (wire_end(in) < 0 || timeout_ms > ANSWER_MS_MAX)
		return -EBADMSG;
	/* verify has seen to this already: nothing else ever goes into a URL. */
	if (otp[0] == '\0' || otp[strspn(otp, "cbdefghijklnrtuv")] != '\0')
		return -EBADMSG;
	if (api->count == QUERIES_MAX)
		err = -EAGAIN;
	else
		err =
		    query_start(&api->queries[api->count], &api->context, id, otp, timeout_ms);
	secret_wipe(otp, sizeof(otp));
	if (err < 0)
		return refuse(api, id,
		    err == -EAGAIN ? "too many questions at once" : "it cannot be asked");
	api->count++;
	return 0;
}

static int
on_host(struct api *api, uint32_t id, struct wire_in *in)
{
	char addresses[PROTO_ADDRESSES_MAX][SERVER_ADDRESS_MAX], host[PROTO_NAME_MAX + 1];
	struct in6_addr address;
	uint16_t n;

	(void)id;
	wire_get_str(in, host, sizeof(host));
	n = wire_get_u16(in);
	if (n > PROTO_ADDRESSES_MAX)
		return -EBADMSG;
	for (uint16_t i = 0; i < n; i++)
		wire_get_str(in, addresses[i], sizeof(addresses[i]));
	if (wire_end(in) < 0)
		return -EBADMSG;
	for (uint16_t i = 0; i < n; i++)
		if (inet_pton(AF_INET, addresses[i], &address) != 1 &&
		    inet_pton(AF_INET6, addresses[i], &address) != 1)
			return -EBADMSG;
	for (size_t i = 0; i < api->context.count; i++)
		server_set_addresses(&api->context.servers[i], host, addresses, n);
	return 0;
}

static int
dispatch(struct api *api, size_t len)
{
	struct proto_header header;
	struct wire_in in;

	wire_in_init(&in, api->in, len);
	if (proto_get_header(&in, &header) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		if (requests[i].type == header.type)
			return requests[i].handler(api, header.id, &in);
	return -EBADMSG;
}

/* Takes what is waiting. 0, -ESHUTDOWN when the supervisor has gone, -errno. */
static int
drain(struct api *api)
{
	int err = 0;

	while (err == 0) {
		ssize_t n = io_receive(HELPER_FD, api->in, sizeof(api->in), NULL);

		if (n == -EAGAIN)
			return 0;
		if (n == 0)
			return -ESHUTDOWN;
		err = n < 0 ? (int)n : dispatch(api, (size_t)n);
		if (n > 0)
			secret_wipe(api->in, (size_t)n);
	}
	return err;
}

static void
step_all(struct api *api)
{
	int64_t now_ms = io_now_ms();
	size_t kept = 0;

	for (size_t i = 0; i < api->count; i++)
		if (query_step(api->queries[i], now_ms))
			api->queries[kept++] = api->queries[i];
	api->count = kept;
}

static int
wait_ms(const struct api *api)
{
	int64_t now_ms = io_now_ms(), wait = IDLE_MS;

	for (size_t i = 0; i < api->count; i++) {
		int64_t left = query_deadline_ms(api->queries[i]) - now_ms;
		if (left < wait)
			wait = left < 0 ? 0 : left;
	}
	return (int)wait;
}

static int
turn(struct api *api)
{
	int err = fetch_turn(api->context.fetch, HELPER_FD, wait_ms(api));

	if (err == 0)
		err = drain(api);
	step_all(api);
	return err < 0 ? err : api->send_error;
}

int
serve_run(const struct serve_spec *spec)
{
	struct api *api = calloc(1, sizeof(*api));
	int err;

	if (api == NULL)
		return -ENOMEM;
	api->context = (struct query_context){.fetch = spec->fetch,
	    .crypto = spec->crypto,
	    .key = spec->key,
	    .client = spec->client,
	    .servers = spec->servers,
	    .count = spec->count,
	    .on_verdict = send_verdict,
	    .on_server = send_server,
	    .arg = api};
	err = helper_ready();
	while (err == 0)
		err = turn(api);
	for (size_t i = 0; i < api->count; i++)
		query_free(api->queries[i]);
	free(api);
	return helper_ended(err);
}
