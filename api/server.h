/* A validation server: where it is, and how it has been doing. */
#ifndef SALLYPORT_API_SERVER_H
#define SALLYPORT_API_SERVER_H

#include "lib/proto.h"
#include "lib/url.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define SERVERS_MAX 8
#define SERVER_TIMES 15
#define SERVER_ADDRESS_MAX 46 /* with the final NUL */
/* "host:port:" and addresses with commas, those of IPv6 in brackets */
#define SERVER_RESOLVE_MAX (URL_HOST_MAX + 10 + PROTO_ADDRESSES_MAX * 50)

struct server {
	char url[URL_MAX + 2]; /* with a path */
	struct url via;	       /* where the connection goes: there, or to a proxy */
	/* What libcurl is told in place of a resolver: "" while there is no address. */
	char resolve[SERVER_RESOLVE_MAX];
	uint64_t asked, failed;
	time_t last; /* valid answer; 0: none yet */
	uint32_t times_us[SERVER_TIMES];
	size_t times;
};

/* url: valid by url_parse, and so is what proxy (may be NULL) was read from. */
void server_init(struct server *server, const char *url, const struct url *proxy);
/* It is an address itself, or one is known for it. */
bool server_has_address(const struct server *server);
/* From now on these are the addresses of host; nothing happens if the server's
 * connections don't go there. None: its last ones stay. */
void server_set_addresses(struct server *server, const char *host,
    char (*addresses)[SERVER_ADDRESS_MAX], size_t n);
/* One more answer; is_valid: it proved itself. */
void server_note(struct server *server, bool is_valid, uint32_t us);
/* Of the last valid answers; 0 before the first. */
uint32_t server_median_us(const struct server *server);

#endif
