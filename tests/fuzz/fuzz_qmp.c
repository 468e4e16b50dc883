/* A line of a QMP server, and a domain's XML: whatever they are, they are read within
 * their bounds, and what comes out is of its table. */
#include "virt/domain_xml.h"
#include "virt/qmp_line.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_line(const char *text, size_t size)
{
	struct qmp_line line;

	qmp_line_read(text, size, &line);
	require(line.kind <= QMP_EVENT && line.state <= PROTO_VM_OFF);
	require(line.has_id || line.id == 0);
	require(!line.tells_state || line.kind == QMP_RETURN || line.kind == QMP_EVENT);
	require(size <= QMP_LINE_MAX || line.kind == QMP_BROKEN);
	for (const char *c = line.words; *c != '\0'; c++)
		require(*c >= 0x20 && *c < 0x7f);
}

static void
check_xml(const char *text, size_t size)
{
	struct domain_xml xml;

	domain_xml_read(text, size, &xml);
	require(xml.graphics_count <= DOMAIN_GRAPHICS_MAX);
	require(memchr(xml.title, '\0', sizeof(xml.title)) != NULL);
	require(domain_xml_graphics(&xml, PROTO_CONSOLE_SPICE) < (int)xml.graphics_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1); /* exactly as long: reads behind it show */

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	check_line(copy, size);
	check_xml(copy, size);
	free(copy);
	return 0;
}
