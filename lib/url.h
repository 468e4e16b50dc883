/* A URL as the configuration may hold one: scheme://host[:port][/path], with no
 * user, query or fragment and nothing that needs escaping. Pure. */
#ifndef SALLYPORT_LIB_URL_H
#define SALLYPORT_LIB_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MAX      512
#define URL_HOST_MAX 253

struct url {
	char host[URL_HOST_MAX + 1]; /* lower case; an IPv6 address without brackets */
	bool is_address;             /* host is a literal IPv4 or IPv6 address */
	uint16_t port;
	char path[URL_MAX + 1]; /* begins with '/', or "" */
};

/* Reads text, which must begin with scheme and "://". 0; -EINVAL, and *why (may be
 * NULL) is a static text; *url is then zero. */
int url_parse(const char *text, const char *scheme, uint16_t default_port, struct url *url,
    const char **why);

/* Is it a host's name: letters, digits, hyphens and dots, no part empty? */
bool url_is_host(const char *text);

#endif
