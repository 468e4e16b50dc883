/* What is found in a domain's XML, and what is not. */
#include "virt/domain_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct domain_xml xml;

static void
take(const char *text)
{
	domain_xml_read(text, strlen(text), &xml);
}

static void
a_domain(void **state)
{
	(void)state;
	take("<?xml version='1.0'?><!-- <devices> -->\n<domain type='kvm' id='3'>\n"
	     "<name>a</name><title>x > y &amp; z</title>\n<metadata><m:devices xmlns:m='u'>"
	     "<graphics type='vnc'/></m:devices><title>other</title></metadata>\n<devices>"
	     "<disk type='file'><graphics type='spice'/></disk><graphics type='sdl'/>\n"
	     "<graphics type='vnc' port='-1'><listen type='none'/></graphics>\n"
	     "<graphics passwd='>' type='spice'/><console type='pty'/></devices></domain>");
	assert_string_equal(xml.title, "x > y &amp; z");
	assert_int_equal(xml.graphics_count, 3);
	assert_int_equal(domain_xml_graphics(&xml, PROTO_CONSOLE_VNC), 1);
	assert_int_equal(domain_xml_graphics(&xml, PROTO_CONSOLE_SPICE), 2);
	assert_int_equal(domain_xml_graphics(&xml, PROTO_CONSOLE_NONE), -1);
	assert_true(xml.has_serial);
}

static void
nothing(void **state)
{
	static const char *const texts[] = {"", "<", "<a", "<a b='>", "<domain/>", "</domain>",
	    "<!--", "<![CDATA[<domain><devices><graphics type='spice'/>]]>",
	    "<domain><graphics type='spice'/><console/></domain>",
	    "<domain><devices/><graphics type='spice'/></domain>",
	    "<domain><devices></devices><x><graphics type='spice'/></x></domain>",
	    "<domain><devices><graphicsx type='spice'/><graphics xtype='spice'/></devices>"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		take(texts[i]);
		assert_int_equal(domain_xml_graphics(&xml, PROTO_CONSOLE_SPICE), -1);
		assert_false(xml.has_serial);
		assert_string_equal(xml.title, "");
	}
}

static void
too_many(void **state)
{
	static char text[65536] = "<domain><devices>";

	(void)state;
	for (int i = 0; i < 1000; i++)
		strncat(text, "<graphics type='vnc'/>", sizeof(text) - strlen(text) - 1);
	take(text);
	assert_int_equal(xml.graphics_count, DOMAIN_GRAPHICS_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_domain), cmocka_unit_test(nothing), cmocka_unit_test(too_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
