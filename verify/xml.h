/* The little XML that key containers are made of, and not more: elements,
 * attributes, texts, comments. Document types, entities of one's own, CDATA and
 * processing instructions are refused, and nothing is ever expanded: so that
 * nothing can be made to grow. No library, because the process that reads this
 * holds all secrets; a general one would bring some hundred times the code. */
#ifndef SALLYPORT_VERIFY_XML_H
#define SALLYPORT_VERIFY_XML_H

#include "verify/keyfield.h"

#define XML_DEPTH_MAX 16
#define XML_NAME_MAX  64
#define XML_ATTRS_MAX 16

enum xml_token {
	XML_BAD = 0, /* why says what; nothing follows */
	XML_END,
	XML_OPEN,  /* of name, with attrs */
	XML_CLOSE, /* of name */
	XML_TEXT,  /* text, as it stands, not only blanks */
};

struct xml_attr {
	struct keyfield name, value; /* the value as it stands */
};

struct xml {
	struct keyfield rest;
	size_t line; /* where the reader is, from 1 */
	struct keyfield stack[XML_DEPTH_MAX]; /* the elements that are open */
	size_t depth;
	bool has_root;	  /* the first element has begun */
	bool is_empty;	  /* it was <name/>: its end is still to be told */
	struct keyfield name; /* without a prefix */
	struct xml_attr attrs[XML_ATTRS_MAX];
	size_t nattrs;
	struct keyfield text;
	const char *why;
};

void xml_open(struct xml *xml, struct keyfield text);
enum xml_token xml_next(struct xml *xml);
/* The open element that is n levels up, 0 the innermost; empty if there is none. */
struct keyfield xml_above(const struct xml *xml, size_t n);
/* The attribute of that name; empty if there is none. */
struct keyfield xml_attr(const struct xml *xml, const char *name);

#endif
