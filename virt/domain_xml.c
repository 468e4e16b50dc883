/* Tags, one after the other, with their depth. */
#include "virt/domain_xml.h"

#include <string.h>

struct tag {
	const char *at; /* behind '<' */
	size_t len;     /* to '>' */
	bool is_end, is_empty;
};

static const char *
find(const char *at, const char *end, const char *what)
{
	const char *found = memmem(at, (size_t)(end - at), what, strlen(what));

	return found != NULL ? found + strlen(what) : end;
}

static bool
begins(const char *at, const char *end, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(end - at) >= len && memcmp(at, what, len) == 0;
}

/* The next element's tag, from *at on; comments and the like are passed over. */
static bool
next_tag(const char **at, const char *end, struct tag *tag)
{
	char quote = '\0';
	const char *c;

	for (;;) {
		c = memchr(*at, '<', (size_t)(end - *at));
		if (c == NULL || end - c < 3)
			return false;
		if (begins(c, end, "<!--"))
			*at = find(c + 1, end, "-->");
		else if (c[1] == '!' && c[2] == '[')
			*at = find(c + 1, end, "]]>");
		else if (c[1] == '!' || c[1] == '?')
			*at = find(c + 1, end, ">");
		else
			break;
	}
	tag->is_end = c[1] == '/';
	tag->at = c + 1 + tag->is_end;
	for (c = tag->at; c < end && (quote != '\0' || *c != '>'); c++) {
		if (quote != '\0' && *c == quote)
			quote = '\0';
		else if (quote == '\0' && (*c == '"' || *c == '\''))
			quote = *c;
	}
	if (c == end)
		return false;
	tag->len = (size_t)(c - tag->at);
	tag->is_empty = tag->len > 0 && c[-1] == '/';
	*at = c + 1;
	return true;
}

static bool
is_named(const struct tag *tag, const char *name)
{
	size_t len = strlen(name);

	return tag->len >= len && memcmp(tag->at, name, len) == 0 &&
	       (tag->len == len || strchr(" \t\n/", tag->at[len]) != NULL);
}

static bool
has(const struct tag *tag, const char *text)
{
	return memmem(tag->at, tag->len, text, strlen(text)) != NULL;
}

static void
take_device(const struct tag *tag, struct domain_xml *domain)
{
	enum proto_console kind = PROTO_CONSOLE_NONE;

	if (is_named(tag, "console") || is_named(tag, "serial"))
		domain->has_serial = true;
	if (!is_named(tag, "graphics") || domain->graphics_count == DOMAIN_GRAPHICS_MAX)
		return;
	if (has(tag, " type='spice'") || has(tag, " type=\"spice\""))
		kind = PROTO_CONSOLE_SPICE;
	else if (has(tag, " type='vnc'") || has(tag, " type=\"vnc\""))
		kind = PROTO_CONSOLE_VNC;
	domain->graphics[domain->graphics_count++] = kind;
}

static void
take_title(const char *at, const char *end, struct domain_xml *domain)
{
	const char *stop = memchr(at, '<', (size_t)(end - at));
	size_t len = stop != NULL ? (size_t)(stop - at) : 0;

	if (len >= sizeof(domain->title))
		len = sizeof(domain->title) - 1;
	memcpy(domain->title, at, len);
	domain->title[len] = '\0';
}

void
domain_xml_read(const char *text, size_t len, struct domain_xml *domain)
{
	const char *at = text, *end = text + len;
	bool in_devices = false;
	size_t depth = 0;
	struct tag tag;

	*domain = (struct domain_xml){0};
	while (next_tag(&at, end, &tag)) {
		if (tag.is_end) {
			if (depth > 0)
				depth--;
			if (depth == 1)
				in_devices = false;
			continue;
		}
		if (depth == 1 && is_named(&tag, "title") && !tag.is_empty)
			take_title(at, end, domain);
		if (depth == 2 && in_devices)
			take_device(&tag, domain);
		if (depth == 1 && is_named(&tag, "devices") && !tag.is_empty)
			in_devices = true;
		if (!tag.is_empty)
			depth++;
	}
}

int
domain_xml_graphics(const struct domain_xml *domain, enum proto_console what)
{
	for (size_t i = 0; what != PROTO_CONSOLE_NONE && i < domain->graphics_count; i++)
		if (domain->graphics[i] == what)
			return (int)i;
	return -1;
}
