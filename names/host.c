/* getaddrinfo, and its answer as text. */
#include "names/host.h"

#include "lib/url.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

static void
add(struct host *host, const struct addrinfo *info)
{
	char text[INET6_ADDRSTRLEN];

	if (host->count == PROTO_ADDRESSES_MAX ||
	    getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
		NI_NUMERICHOST) != 0)
		return;
	/* A scope ("%eth0") has no place in a global name. */
	if (strchr(text, '%') != NULL)
		return;
	for (size_t i = 0; i < host->count; i++)
		if (strcmp(host->addresses[i], text) == 0)
			return;
	memcpy(host->addresses[host->count++], text, sizeof(text));
}

enum proto_name
host_look_up(const char *name, struct host *host)
{
	const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int error;

	*host = (struct host){0};
	if (!url_is_host(name))
		return PROTO_NAME_ABSENT;
	error = getaddrinfo(name, NULL, &wanted, &found);
	if (error == EAI_NONAME || error == EAI_NODATA)
		return PROTO_NAME_ABSENT;
	if (error != 0)
		return PROTO_NAME_FAILED;
	for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
		add(host, at);
	freeaddrinfo(found);
	return host->count > 0 ? PROTO_NAME_FOUND : PROTO_NAME_FAILED;
}
