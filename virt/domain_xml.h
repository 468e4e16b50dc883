/* The few things of a domain's XML (libvirt.org/formatdomain.html) that matter here:
 * its title, its graphics in order, whether it has a console. A scanner and no XML
 * library: libvirt writes this text, well formed, and it only says what to ask for. */
#ifndef SALLYPORT_VIRT_DOMAIN_XML_H
#define SALLYPORT_VIRT_DOMAIN_XML_H

#include "lib/proto.h"

#include <stdbool.h>
#include <stddef.h>

#define DOMAIN_GRAPHICS_MAX 16

struct domain_xml {
	enum proto_console graphics[DOMAIN_GRAPHICS_MAX]; /* NONE: of another kind */
	size_t graphics_count;
	bool has_serial;
	char title[256]; /* as it stands in the XML, cut; "" if none */
};

/* Reads text[len]; what it cannot follow it leaves out. */
void domain_xml_read(const char *text, size_t len, struct domain_xml *domain);

/* The place of the first graphics of that kind; -1: there is none. */
int domain_xml_graphics(const struct domain_xml *domain, enum proto_console what);

#endif
