/* Addresses, counts, times. */
#include "api/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
server_init(struct server *server, const char *url, const struct url *proxy)
{
	struct url at;

	*server = (struct server){.url = ""};
	(void)url_parse(url, "https", 443, &at, NULL);
	snprintf(server->url, sizeof(server->url), "%s%s", url, at.path[0] == '\0' ? "/" : "");
	server->via = proxy != NULL ? *proxy : at;
}

bool
server_has_address(const struct server *server)
{
	return server->via.is_address || server->resolve[0] != '\0';
}

void
server_set_addresses(
    struct server *server, const char *host, char (*addresses)[SERVER_ADDRESS_MAX], size_t n)
{
	char text[SERVER_RESOLVE_MAX];
	size_t used;

	if (n == 0 || server->via.is_address || strcmp(server->via.host, host) != 0)
		return;
	used = (size_t)snprintf(
	    text, sizeof(text), "%s:%u:", host, (unsigned int)server->via.port);
	for (size_t i = 0; i < n && used < sizeof(text); i++) {
		bool is_v6 = strchr(addresses[i], ':') != NULL;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s",
		    i > 0 ? "," : "", is_v6 ? "[" : "", addresses[i], is_v6 ? "]" : "");
	}
	if (used < sizeof(text))
		memcpy(server->resolve, text, sizeof(text));
}

void
server_note(struct server *server, bool is_valid, uint32_t us)
{
	server->asked++;
	if (!is_valid) {
		server->failed++;
		return;
	}
	server->last = time(NULL);
	server->times_us[server->times++ % SERVER_TIMES] = us;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint32_t
server_median_us(const struct server *server)
{
	size_t n = server->times < SERVER_TIMES ? server->times : SERVER_TIMES;
	uint32_t sorted[SERVER_TIMES];

	if (n == 0)
		return 0;
	memcpy(sorted, server->times_us, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), compare);
	return sorted[n / 2];
}
