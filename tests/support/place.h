/* For tests: where to listen or to go, as unix:PATH or tcp:ADDRESS:PORT. */
#ifndef SALLYPORT_TESTS_SUPPORT_PLACE_H
#define SALLYPORT_TESTS_SUPPORT_PLACE_H

#include "lib/num.h"
#include "tests/support/require.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct place {
	struct sockaddr_storage address;
	socklen_t len;
};

static inline struct place
place_read(const char *text)
{
	struct place place = {.len = sizeof(struct sockaddr_un)};
	struct sockaddr_un *sun = (struct sockaddr_un *)&place.address;
	struct sockaddr_in *sin = (struct sockaddr_in *)&place.address;
	const char *colon = strrchr(text, ':');
	char address[64];
	uint64_t port;

	if (strncmp(text, "unix:", 5) == 0) {
		REQUIRE(strlen(text + 5) < sizeof(sun->sun_path));
		sun->sun_family = AF_UNIX;
		memcpy(sun->sun_path, text + 5, strlen(text + 5));
		return place;
	}
	REQUIRE(strncmp(text, "tcp:", 4) == 0 && num_parse(colon + 1, 1, 65535, &port) == 0);
	snprintf(address, sizeof(address), "%.*s", (int)(colon - text - 4), text + 4);
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)port);
	REQUIRE(inet_pton(AF_INET, address, &sin->sin_addr) == 1);
	place.len = sizeof(*sin);
	return place;
}

/* -1 when nobody takes it. */
static inline int
place_connect(const struct place *place)
{
	int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&place->address, place->len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

#endif
