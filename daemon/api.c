/* The helper's arguments, its servers' addresses, what it tells of them. */
#include "daemon/api.h"

#include "lib/io.h"
#include "lib/log.h"
#include "lib/secret.h"
#include "lib/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FRESH_MS  (300 * 1000) /* a look-up counts that long */
#define RETRY_MS  5000         /* after one that failed */
#define RECENT_MS 10000        /* one for a server that does not answer, at most that often */
#define LOOKUP_MS 10000
#define GRACE_MS  1000 /* for the helper's own work, beside api_timeout */
#define ARGS_MAX  (10 + SETTINGS_SERVERS_MAX)
#define WORDS_MAX 127
#define FILES     2 /* key and authorities */

struct address {
	char text[48];
};

/* A name that must be looked up. */
struct host {
	struct api *api;
	char name[URL_HOST_MAX + 1];
	int64_t due_ms, asked_ms;
	bool is_asked;
	struct address addresses[PROTO_ADDRESSES_MAX];
	size_t count;    /* 0: not known */
	bool is_missing; /* the last look-up found nothing */
};

struct server {
	char url[URL_MAX + 1];
	uint64_t asked, failed;
	uint32_t median_us;
	time_t last;
	char words[WORDS_MAX + 1]; /* what the last answer was */
};

struct stamp {
	ino_t inode;
	int64_t mtime_ns;
	off_t size;
};

struct api {
	struct gateway *gw;
	struct servant *helper, *resolver; /* NULL: not needed */
	char *argv[ARGS_MAX + 1];
	struct stamp stamps[FILES];
	struct server servers[SETTINGS_SERVERS_MAX];
	struct host hosts[SETTINGS_SERVERS_MAX];
	size_t server_count, host_count;
	struct loop_watch *timer;
};

/* --- addresses --------------------------------------------------------- */

static void
arm(struct api *api)
{
	int64_t now_ms = io_now_ms(), due_ms = INT64_MAX;

	for (size_t i = 0; i < api->host_count; i++)
		if (!api->hosts[i].is_asked && api->hosts[i].due_ms < due_ms)
			due_ms = api->hosts[i].due_ms;
	if (due_ms == INT64_MAX)
		loop_timer_clear(api->timer);
	else
		(void)loop_timer_set(
		    api->timer, due_ms <= now_ms ? 0 : (uint32_t)(due_ms - now_ms));
}

static void
tell_host(const struct host *host)
{
	struct servant *helper = host->api->helper;
	struct wire_out *out;

	if (host->count == 0 || !servant_is_up(helper))
		return;
	out = servant_begin(helper, PROTO_API_HOST);
	wire_put_str(out, host->name);
	wire_put_u16(out, (uint16_t)host->count);
	for (size_t i = 0; i < host->count; i++)
		wire_put_str(out, host->addresses[i].text);
	(void)servant_tell(helper, NULL, 0);
}

/* Addresses that can't be had now are not forgotten: the old ones may do. */
static void
take_addresses(struct host *host, struct wire_in *in)
{
	struct address fresh[PROTO_ADDRESSES_MAX];
	uint8_t status = wire_get_u8(in);
	uint16_t n = wire_get_u16(in);

	for (uint16_t i = 0; i < n && i < PROTO_ADDRESSES_MAX; i++)
		wire_get_str(in, fresh[i].text, sizeof(fresh[i].text));
	/* More than there is room for, whatever else the resolver says: its word counts
	 * for addresses and for nothing of ours. */
	if (wire_end(in) < 0 || status != PROTO_NAME_FOUND || n == 0 || n > PROTO_ADDRESSES_MAX)
		return;
	memcpy(host->addresses, fresh, n * sizeof(fresh[0]));
	host->count = n;
	host->is_missing = false;
	tell_host(host);
}

static void
on_named(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct host *host = arg;
	bool was_missing = host->is_missing;

	host->is_asked = false;
	host->is_missing = true;
	if (error == 0 && type == PROTO_NAMED_HOST)
		take_addresses(host, in);
	host->due_ms = io_now_ms() + (host->is_missing ? RETRY_MS : FRESH_MS);
	if (host->is_missing && !was_missing)
		log_warn("api_url: the address of %s cannot be looked up", host->name);
	if (error != -ECANCELED)
		arm(host->api);
}

static void
look_up(struct host *host)
{
	struct servant *resolver = host->api->resolver;

	host->asked_ms = io_now_ms();
	host->due_ms = host->asked_ms + RETRY_MS;
	wire_put_str(servant_begin(resolver, PROTO_NAMES_HOST), host->name);
	host->is_asked = servant_ask(resolver, NULL, 0, LOOKUP_MS, on_named, host) == 0;
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct api *api = arg;
	int64_t now_ms = io_now_ms();

	(void)fd;
	(void)events;
	for (size_t i = 0; i < api->host_count; i++)
		if (!api->hosts[i].is_asked && api->hosts[i].due_ms <= now_ms)
			look_up(&api->hosts[i]);
	arm(api);
}

/* A server that does not answer may have moved. */
static void
look_up_sooner(struct api *api)
{
	for (size_t i = 0; i < api->host_count; i++)
		if (api->hosts[i].due_ms > api->hosts[i].asked_ms + RECENT_MS)
			api->hosts[i].due_ms = api->hosts[i].asked_ms + RECENT_MS;
	arm(api);
}

static void
on_resolver_ready(void *arg, struct wire_in *in)
{
	struct api *api = arg;

	(void)in;
	for (size_t i = 0; i < api->host_count; i++)
		if (api->hosts[i].count == 0)
			api->hosts[i].due_ms = 0;
	arm(api);
}

/* --- the helper -------------------------------------------------------- */

static void
on_ready(void *arg, struct wire_in *in)
{
	struct api *api = arg;

	(void)in;
	for (size_t i = 0; i < api->host_count; i++)
		tell_host(&api->hosts[i]);
}

static void
on_notice(void *arg, uint8_t type, struct wire_in *in)
{
	struct api *api = arg;
	struct server told = {.url = ""}, *server;
	uint16_t i = wire_get_u16(in);

	told.asked = wire_get_u64(in);
	told.failed = wire_get_u64(in);
	told.median_us = wire_get_u32(in);
	told.last = (time_t)wire_get_u64(in);
	wire_get_str(in, told.words, sizeof(told.words));
	if (type != PROTO_API_SERVER || wire_end(in) < 0 || i >= api->server_count) {
		log_error("api sent a malformed notice");
		return;
	}
	server = &api->servers[i];
	memcpy(told.url, server->url, sizeof(told.url));
	if (told.failed > server->failed)
		look_up_sooner(api);
	*server = told;
}

static void
free_args(char **argv)
{
	for (size_t i = 0; i <= ARGS_MAX; i++) {
		free(argv[i]);
		argv[i] = NULL;
	}
}

/* 0, -ENOMEM. Of the settings nothing is kept: a reload frees them. */
static int
make_args(const struct settings *settings, char **argv)
{
	static const char path[] = LIBEXECDIR "/api";
	const char *words[ARGS_MAX] = {path, "--id", settings->api.id, "--key",
	    settings->api.key, "--ca", settings->api.ca};
	size_t n = 7;

	if (settings->api.proxy[0] != '\0') {
		words[n++] = "--proxy";
		words[n++] = settings->api.proxy;
	}
	for (size_t i = 0; i < settings->api.url_count; i++)
		words[n++] = settings->api.urls[i];
	for (size_t i = 0; i < n; i++) {
		argv[i] = strdup(words[i]);
		if (argv[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void
take_stamps(const struct settings *settings, struct stamp stamps[FILES])
{
	const char *const paths[FILES] = {settings->api.key, settings->api.ca};
	struct stat st;

	for (size_t i = 0; i < FILES; i++) {
		stamps[i] = (struct stamp){0};
		if (stat(paths[i], &st) == 0)
			stamps[i] = (struct stamp){.inode = st.st_ino,
			    .mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec,
			    .size = st.st_size};
	}
}

static bool
is_unchanged(const struct api *api, char *const *argv, const struct stamp stamps[FILES])
{
	for (size_t i = 0; i < FILES; i++)
		if (stamps[i].inode != api->stamps[i].inode ||
		    stamps[i].mtime_ns != api->stamps[i].mtime_ns ||
		    stamps[i].size != api->stamps[i].size)
			return false;
	for (size_t i = 0; i <= ARGS_MAX; i++) {
		if ((argv[i] == NULL) != (api->argv[i] == NULL) ||
		    (argv[i] != NULL && strcmp(argv[i], api->argv[i]) != 0))
			return false;
	}
	return true;
}

static void
add_host(struct api *api, const char *name)
{
	for (size_t i = 0; i < api->host_count; i++)
		if (strcmp(api->hosts[i].name, name) == 0)
			return;
	api->hosts[api->host_count] = (struct host){.api = api};
	snprintf(api->hosts[api->host_count++].name, sizeof(api->hosts[0].name), "%s", name);
}

static void
set_servers(struct api *api, const struct settings *settings)
{
	struct url url;

	api->server_count = settings->api.url_count;
	for (size_t i = 0; i < api->server_count; i++) {
		api->servers[i] = (struct server){.url = ""};
		snprintf(api->servers[i].url, sizeof(api->servers[i].url), "%s",
		    settings->api.urls[i]);
		if (settings->api.proxy[0] == '\0' &&
		    url_parse(settings->api.urls[i], "https", 443, &url, NULL) == 0 &&
		    !url.is_address)
			add_host(api, url.host);
	}
	if (api->server_count > 0 && settings->api.proxy[0] != '\0' &&
	    url_parse(settings->api.proxy, "http", 0, &url, NULL) == 0 && !url.is_address)
		add_host(api, url.host);
}

/* Ends a process without waiting for it. */
static void
drop(struct servant **servant)
{
	if (*servant == NULL)
		return;
	servant_give_up(*servant, "its settings have changed");
	servant_free(*servant);
	*servant = NULL;
}

static void
stop(struct api *api)
{
	drop(&api->helper);
	drop(&api->resolver);
	free_args(api->argv);
	api->server_count = api->host_count = 0;
	loop_timer_clear(api->timer);
}

static void
start(struct api *api)
{
	static char names_path[] = LIBEXECDIR "/names";
	static char *names[] = {names_path, NULL};
	struct gateway *gw = api->gw;

	set_servers(api, gateway_settings(gw));
	if (api->server_count == 0)
		return;
	api->helper = servant_new(gw->loop, &(struct servant_spec){.name = "api",
						.argv = api->argv,
						.on_ready = on_ready,
						.on_notice = on_notice,
						.arg = api});
	if (api->host_count > 0)
		api->resolver = servant_new(gw->loop, &(struct servant_spec){.name = "resolver",
							  .argv = names,
							  .on_ready = on_resolver_ready,
							  .arg = api});
	if (api->helper == NULL || (api->host_count > 0 && api->resolver == NULL)) {
		log_error("no memory for the validation servers");
		stop(api);
	}
}

void
api_reload(struct api *api)
{
	const struct settings *settings;
	struct stamp stamps[FILES];
	char *argv[ARGS_MAX + 1] = {NULL};

	if (api == NULL)
		return;
	settings = gateway_settings(api->gw);
	take_stamps(settings, stamps);
	if (settings->api.url_count > 0 && make_args(settings, argv) < 0) {
		free_args(argv);
		log_error("no memory for the validation servers");
		return;
	}
	if (is_unchanged(api, argv, stamps)) {
		free_args(argv);
		return;
	}
	stop(api);
	memcpy(api->argv, argv, sizeof(argv));
	memcpy(api->stamps, stamps, sizeof(stamps));
	start(api);
}

struct api *
api_new(struct gateway *gw)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return NULL;
	api->gw = gw;
	api->timer = loop_timer(gw->loop, on_timer, api);
	if (api->timer == NULL) {
		free(api);
		return NULL;
	}
	api_reload(api);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	stop(api);
	loop_watch_free(api->timer);
	free(api);
}

int
api_ask(struct api *api, const char *otp, servant_answer_fn *fn, void *arg)
{
	uint32_t timeout_ms;
	struct wire_out *out;
	size_t at;
	int err;

	if (api == NULL || api->helper == NULL)
		return -ENOENT;
	timeout_ms = gateway_settings(api->gw)->api.timeout_ms;
	out = servant_begin(api->helper, PROTO_API_OTP);
	at = out->len;
	wire_put_str(out, otp);
	wire_put_u32(out, timeout_ms);
	err = servant_ask(api->helper, NULL, 0, timeout_ms + GRACE_MS, fn, arg);
	secret_wipe(out->buf + at, strlen(otp) + 2);
	return err;
}

/* --- status ------------------------------------------------------------ */

static const struct host *
missing(const struct api *api, const struct server *server)
{
	struct url url;

	if (url_parse(server->url, "https", 443, &url, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < api->host_count; i++)
		if (api->hosts[i].count == 0 && strcmp(api->hosts[i].name, url.host) == 0)
			return &api->hosts[i];
	return NULL;
}

static void
put_server(const struct api *api, size_t i, struct row *row)
{
	const struct server *server = &api->servers[i];
	char key[32], last[48] = "no valid answer yet";

	snprintf(key, sizeof(key), "api %zu", i + 1);
	if (server->last != 0)
		snprintf(last, sizeof(last), "last valid answer %lld s ago",
		    (long long)(time(NULL) - server->last));
	if (missing(api, server) != NULL)
		row_format(row, key, "%s: its address cannot be looked up", server->url);
	else if (server->asked == 0)
		row_format(row, key, "%s: not asked yet", server->url);
	else
		row_format(row, key,
		    "%s: %s, %s, median %u.%u ms, %llu of %llu without a valid answer",
		    server->url, server->words, last, server->median_us / 1000,
		    server->median_us / 100 % 10, (unsigned long long)server->failed,
		    (unsigned long long)server->asked);
}

void
api_put_status(const struct api *api, struct row *row)
{
	if (api == NULL || api->helper == NULL) {
		row_text(row, "api", "no validation servers (api_url)");
		return;
	}
	row_format(row, "api", "%s (pid %d, started %u times)",
	    servant_is_up(api->helper) ? "up" : "DOWN", (int)servant_pid(api->helper),
	    servant_starts(api->helper));
	for (size_t i = 0; i < api->server_count; i++)
		put_server(api, i, row);
}
