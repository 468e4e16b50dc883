/* The addresses of a host, from the resolver. May block for as long as it does. */
#ifndef SALLYPORT_NAMES_HOST_H
#define SALLYPORT_NAMES_HOST_H

#include "lib/proto.h"

#include <arpa/inet.h>
#include <stddef.h>

struct host {
	size_t count;
	char addresses[PROTO_ADDRESSES_MAX][INET6_ADDRSTRLEN];
};

/* FOUND: with at least one address, each once, IPv4 and IPv6 in the resolver's order. */
enum proto_name host_look_up(const char *name, struct host *host);

#endif
