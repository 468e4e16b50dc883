/* The supervisor's messages, answered. */
#ifndef SALLYPORT_API_SERVE_H
#define SALLYPORT_API_SERVE_H

#include "api/fetch.h"
#include "api/server.h"

struct serve_spec {
	struct fetch *fetch;
	const struct crypto *crypto;
	const struct secret *key;
	const char *client; /* api_id */
	struct server *servers;
	size_t count;
};

/* Says READY on HELPER_FD, then serves it until the supervisor has gone (0), or it
 * breaks the protocol, or libcurl can't go on: -errno. */
int serve_run(const struct serve_spec *spec);

#endif
