/* URLs, read part by part. */
#include "lib/url.h"

#include "lib/ascii.h"
#include "lib/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"
#define UPPER   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool
is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 ||
	       inet_pton(AF_INET6, host, &address) == 1;
}

bool
url_is_host(const char *text)
{
	size_t len = strlen(text), part = 0;

	if (len == 0 || len > URL_HOST_MAX ||
	    text[strspn(text, LETTERS UPPER DIGITS "-.")] != '\0')
		return false;
	/* What is all digits and dots is meant as an address, and is none. */
	if (text[strspn(text, DIGITS ".")] == '\0')
		return false;
	for (size_t i = 0; i <= len; i++, part++) {
		if (text[i] != '.' && text[i] != '\0')
			continue;
		if (part == 0 || part > 63 || text[i - 1] == '-' || text[i - part] == '-')
			return false;
		part = (size_t)-1;
	}
	return true;
}

/* Copies host[len] in lower case. */
static const char *
take_host(struct url *url, const char *host, size_t len, bool is_bracketed)
{
	if (len > URL_HOST_MAX)
		return "its host is too long";
	for (size_t i = 0; i < len; i++)
		url->host[i] = ascii_lower(host[i]);
	url->host[len] = '\0';
	url->is_address = is_address(url->host);
	if (is_bracketed != (url->is_address && strchr(url->host, ':') != NULL))
		return "its host is neither a name nor an address";
	return url->is_address || url_is_host(url->host)
		   ? NULL
		   : "its host is neither a name nor an address";
}

static const char *
take_port(struct url *url, const char *text, size_t len)
{
	char digits[8];
	uint64_t port;

	if (len >= sizeof(digits))
		return "its port is not 1 to 65535";
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (num_parse(digits, 1, 65535, &port) < 0)
		return "its port is not 1 to 65535";
	url->port = (uint16_t)port;
	return NULL;
}

static const char *
take_authority(struct url *url, const char *at, size_t len)
{
	const char *end = at + len, *host_end, *why;
	bool is_bracketed = len > 0 && *at == '[';

	host_end = memchr(at, is_bracketed ? ']' : ':', len);
	if (is_bracketed && host_end == NULL)
		return "its host is neither a name nor an address";
	if (host_end == NULL)
		host_end = end;
	at += is_bracketed;
	why = take_host(url, at, (size_t)(host_end - at), is_bracketed);
	if (why != NULL)
		return why;
	host_end += is_bracketed;
	if (host_end == end)
		return NULL;
	if (*host_end != ':')
		return "its host is neither a name nor an address";
	return take_port(url, host_end + 1, (size_t)(end - host_end - 1));
}

static const char *
parse(const char *text, const char *scheme, struct url *url)
{
	size_t len = strlen(scheme);
	const char *at = text + len, *slash, *why;

	if (strlen(text) > URL_MAX)
		return "is too long";
	if (strncmp(text, scheme, len) != 0 || strncmp(at, "://", 3) != 0)
		return "begins with another scheme than it must";
	at += 3;
	slash = strchr(at, '/');
	if (slash == NULL)
		slash = at + strlen(at);
	why = take_authority(url, at, (size_t)(slash - at));
	if (why != NULL)
		return why;
	if (slash[strspn(slash, LETTERS UPPER DIGITS "/._~-")] != '\0')
		return "its path may hold letters, digits and /._~- only";
	memcpy(url->path, slash, strlen(slash) + 1);
	return NULL;
}

int
url_parse(const char *text, const char *scheme, uint16_t default_port, struct url *url,
    const char **why)
{
	const char *wrong;

	*url = (struct url){.port = default_port};
	wrong = parse(text, scheme, url);
	if (why != NULL)
		*why = wrong;
	if (wrong != NULL)
		*url = (struct url){0};
	return wrong == NULL ? 0 : -EINVAL;
}
