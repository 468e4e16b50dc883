/* A pull reader: each call takes one token off the text. */
#include "verify/xml.h"

#include "lib/ascii.h"

#include <string.h>

static enum xml_token
bad(struct xml *xml, const char *why)
{
	xml->why = why;
	xml->rest.len = 0;
	xml->depth = 0;
	return XML_BAD;
}

static void
skip(struct xml *xml, size_t n)
{
	for (size_t i = 0; i < n; i++)
		xml->line += xml->rest.at[i] == '\n';
	xml->rest.at += n;
	xml->rest.len -= n;
}

static void
skip_blanks(struct xml *xml)
{
	while (xml->rest.len > 0 && ascii_is_blank(*xml->rest.at))
		skip(xml, 1);
}

/* Up to and with the text end; false if it does not come. */
static bool
skip_past(struct xml *xml, const char *end)
{
	const char *found = memmem(xml->rest.at, xml->rest.len, end, strlen(end));

	if (found == NULL)
		return false;
	skip(xml, (size_t)(found - xml->rest.at) + strlen(end));
	return true;
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == ':';
}

/* Takes a name off the text; false when there is none, or a strange one. */
static bool
take_name(struct xml *xml, struct keyfield *name)
{
	size_t n = 0;

	while (n < xml->rest.len && is_name_char(xml->rest.at[n]))
		n++;
	*name = (struct keyfield){xml->rest.at, n};
	if (n == 0 || n > XML_NAME_MAX)
		return false;
	skip(xml, n);
	return true;
}

static struct keyfield
without_prefix(struct keyfield name)
{
	const char *colon = memchr(name.at, ':', name.len);
	size_t n = colon != NULL ? (size_t)(colon - name.at) + 1 : 0;

	return (struct keyfield){name.at + n, name.len - n};
}

static bool
is_same(struct keyfield a, struct keyfield b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* name="value"; NULL or what is wrong. */
static const char *
take_attr(struct xml *xml)
{
	struct xml_attr *attr = &xml->attrs[xml->nattrs];
	const char *end;
	char quote;

	if (xml->nattrs == XML_ATTRS_MAX)
		return "an element has more than 16 attributes";
	if (!take_name(xml, &attr->name))
		return "an attribute's name cannot be read";
	for (size_t i = 0; i < xml->nattrs; i++)
		if (is_same(xml->attrs[i].name, attr->name))
			return "an attribute is there twice";
	skip_blanks(xml);
	if (xml->rest.len == 0 || *xml->rest.at != '=')
		return "an attribute has no value";
	skip(xml, 1);
	skip_blanks(xml);
	quote = xml->rest.len > 0 ? *xml->rest.at : '\0';
	if (quote != '"' && quote != '\'')
		return "an attribute's value is not quoted";
	skip(xml, 1);
	end = xml->rest.len > 0 ? memchr(xml->rest.at, quote, xml->rest.len) : NULL;
	if (end == NULL)
		return "an attribute's value has no end";
	attr->value = (struct keyfield){xml->rest.at, (size_t)(end - xml->rest.at)};
	if (attr->value.len > 0 && memchr(attr->value.at, '<', attr->value.len) != NULL)
		return "an attribute's value holds '<'";
	skip(xml, attr->value.len + 1);
	xml->nattrs++;
	return NULL;
}

/* Behind "<". */
static enum xml_token
take_open(struct xml *xml)
{
	struct keyfield whole;
	const char *why;

	if (xml->depth == 0 && xml->has_root)
		return bad(xml, "there is something behind the end");
	if (xml->depth == XML_DEPTH_MAX)
		return bad(xml, "elements are nested more than 16 deep");
	if (!take_name(xml, &whole))
		return bad(xml, "an element's name cannot be read");
	xml->nattrs = 0;
	for (;;) {
		size_t before = xml->rest.len;
		skip_blanks(xml);
		if (xml->rest.len == 0)
			return bad(xml, "an element's beginning has no end");
		if (*xml->rest.at == '>' || keyfield_begins(xml->rest, "/>"))
			break;
		why = before == xml->rest.len ? "an element's beginning cannot be read"
					      : take_attr(xml);
		if (why != NULL)
			return bad(xml, why);
	}
	xml->is_empty = *xml->rest.at == '/';
	skip(xml, xml->is_empty ? 2 : 1);
	xml->stack[xml->depth++] = whole;
	xml->has_root = true;
	xml->name = without_prefix(whole);
	return XML_OPEN;
}

static enum xml_token
close_it(struct xml *xml)
{
	xml->is_empty = false;
	xml->nattrs = 0;
	xml->name = without_prefix(xml->stack[--xml->depth]);
	return XML_CLOSE;
}

/* Behind "</". */
static enum xml_token
take_close(struct xml *xml)
{
	struct keyfield whole;

	if (!take_name(xml, &whole))
		return bad(xml, "an element's name cannot be read");
	skip_blanks(xml);
	if (xml->rest.len == 0 || *xml->rest.at != '>')
		return bad(xml, "an element's end cannot be read");
	skip(xml, 1);
	if (xml->depth == 0 || !is_same(whole, xml->stack[xml->depth - 1]))
		return bad(xml, "an element ends that did not begin");
	return close_it(xml);
}

/* Up to the next "<". XML_END: it was only blanks. */
static enum xml_token
take_text(struct xml *xml)
{
	const char *end = memchr(xml->rest.at, '<', xml->rest.len);
	struct keyfield text = {
	    xml->rest.at, end != NULL ? (size_t)(end - xml->rest.at) : xml->rest.len};
	size_t blanks = 0;

	while (blanks < text.len && ascii_is_blank(text.at[blanks]))
		blanks++;
	if (blanks < text.len && xml->depth == 0)
		return bad(xml, "there is text outside all elements");
	skip(xml, text.len);
	xml->text = text;
	return blanks < text.len ? XML_TEXT : XML_END;
}

void
xml_open(struct xml *xml, struct keyfield text)
{
	*xml = (struct xml){.rest = text, .line = 1};
	skip_blanks(xml);
	if (keyfield_begins(xml->rest, "<?xml ") && !skip_past(xml, "?>"))
		xml->rest.len = 0;
}

enum xml_token
xml_next(struct xml *xml)
{
	enum xml_token token;

	if (xml->why != NULL)
		return XML_BAD;
	if (xml->is_empty)
		return close_it(xml);
	while (xml->rest.len > 0) {
		if (*xml->rest.at != '<') {
			token = take_text(xml);
			if (token != XML_END)
				return token;
			continue;
		}
		if (keyfield_begins(xml->rest, "<!--")) {
			skip(xml, 4);
			if (!skip_past(xml, "-->"))
				return bad(xml, "a comment has no end");
			continue;
		}
		if (keyfield_begins(xml->rest, "<!") || keyfield_begins(xml->rest, "<?"))
			return bad(xml, "document types, CDATA and instructions are not read "
					"here");
		if (keyfield_begins(xml->rest, "</")) {
			skip(xml, 2);
			return take_close(xml);
		}
		skip(xml, 1);
		return take_open(xml);
	}
	if (xml->depth > 0 || !xml->has_root)
		return bad(xml, "the file ends too early");
	return XML_END;
}

struct keyfield
xml_above(const struct xml *xml, size_t n)
{
	if (n >= xml->depth)
		return (struct keyfield){"", 0};
	return without_prefix(xml->stack[xml->depth - 1 - n]);
}

struct keyfield
xml_attr(const struct xml *xml, const char *name)
{
	for (size_t i = 0; i < xml->nattrs; i++)
		if (keyfield_is(without_prefix(xml->attrs[i].name), name))
			return xml->attrs[i].value;
	return (struct keyfield){"", 0};
}
