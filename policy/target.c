/* Back ends: numeric addresses only, so that no resolver can send a user's bytes
 * elsewhere. */
#include "policy/target.h"

#include "lib/num.h"
#include "policy/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)
#define DOMAIN_MAX      255

static bool
read_ipv4(const char *text, uint16_t port, struct target *target)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&target->address;
	uint32_t host;

	if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
		return false;
	host = ntohl(in->sin_addr.s_addr);
	if (host >> 24 == 0 || host >> 28 >= 0xe)
		return false; /* "this host", multicast, broadcast */
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	target->address_len = sizeof(*in);
	return true;
}

static bool
read_ipv6(const char *text, uint16_t port, struct target *target)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&target->address;

	if (inet_pton(AF_INET6, text, &in->sin6_addr) != 1)
		return false;
	/* IPv4 in IPv6's clothes would pass by the test for loopback; a scoped
	 * address says nothing without an interface. */
	if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) || IN6_IS_ADDR_V4COMPAT(&in->sin6_addr) ||
	    IN6_IS_ADDR_LINKLOCAL(&in->sin6_addr) || IN6_IS_ADDR_MULTICAST(&in->sin6_addr) ||
	    IN6_IS_ADDR_UNSPECIFIED(&in->sin6_addr))
		return false;
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(port);
	target->address_len = sizeof(*in);
	return true;
}

static const char *
read_tcp(const char *text, struct target *target)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	bool ok;
	uint64_t port;

	if (colon == NULL || num_parse(colon + 1, 1, 65535, &port) < 0)
		return "needs a port, tcp:ADDRESS:PORT, from 1 to 65535";
	if (len >= sizeof(host))
		return "needs a numeric address, tcp:ADDRESS:PORT";
	memcpy(host, text, len);
	host[len] = '\0';
	if (host[0] == '[' && len > 2 && host[len - 1] == ']') {
		host[len - 1] = '\0';
		ok = read_ipv6(host + 1, (uint16_t)port, target);
	} else {
		ok = read_ipv4(host, (uint16_t)port, target);
	}
	target->kind = TARGET_TCP;
	return ok ? NULL
		  : "needs a numeric address of one host, tcp:ADDRESS:PORT or tcp:[IPV6]:PORT";
}

static int
read_name(const char *text, enum target_kind kind, struct target *target)
{
	target->kind = kind;
	target->name = strdup(text);
	return target->name != NULL ? 0 : -ENOMEM;
}

static const char *
after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

int
target_parse(const char *text, struct target *target, const char **why)
{
	const char *rest;

	*target = (struct target){0};
	*why = NULL;
	if ((rest = after(text, "unix:")) != NULL || (rest = after(text, "qmp:")) != NULL) {
		if (text_is_path(rest, SOCKET_PATH_MAX) && strpbrk(rest, " ") == NULL)
			return read_name(rest, *text == 'u' ? TARGET_UNIX : TARGET_QMP, target);
		*why =
		    "needs an absolute path of at most 107 bytes, without blanks, '.' and '..'";
	} else if ((rest = after(text, "tcp:")) != NULL) {
		*why = read_tcp(rest, target);
	} else if ((rest = after(text, "libvirt:")) != NULL) {
		size_t len = strlen(rest);
		if (len > 0 && len <= DOMAIN_MAX && strpbrk(rest, " /") == NULL && *rest != '-')
			return read_name(rest, TARGET_LIBVIRT, target);
		*why = "needs the name of a libvirt domain";
	} else {
		*why = "is none of unix:/path, tcp:ADDRESS:PORT, libvirt:DOMAIN, qmp:/path";
	}
	return *why == NULL ? 0 : -EINVAL;
}

bool
target_is_local(const struct target *target)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&target->address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&target->address;

	if (target->kind == TARGET_UNIX || target->kind == TARGET_QMP)
		return true;
	if (target->kind != TARGET_TCP)
		return false;
	if (target->address.ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

uint16_t
target_port(const struct target *target)
{
	if (target->kind != TARGET_TCP)
		return 0;
	if (target->address.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&target->address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)&target->address)->sin6_port);
}

bool
target_is_same(const struct target *a, const struct target *b)
{
	if (a->kind != b->kind || a->address_len != b->address_len ||
	    (a->name == NULL) != (b->name == NULL))
		return false;
	if (a->name != NULL && strcmp(a->name, b->name) != 0)
		return false;
	return memcmp(&a->address, &b->address, a->address_len) == 0;
}
