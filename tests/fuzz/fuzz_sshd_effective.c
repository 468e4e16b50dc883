/* Any text as sshd -T's output, as a Match line, as /proc/net. */
#include "cli/listeners.h"
#include "cli/sshd_effective.h"
#include "cli/sshd_sample.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
read_effective(const char *text)
{
	struct sshd_effective e;

	if (sshd_effective_take(&e, strdup(text)) < 0)
		return;
	for (size_t i = 0; i < e.count; i++) {
		require(*e.lines[i].keyword != '\0');
		require(sshd_effective_get(&e, e.lines[i].keyword) != NULL);
		require(sshd_effective_words(e.lines[i].value) <= strlen(e.lines[i].value));
	}
	sshd_effective_free(&e);
}

static void
read_listeners(const char *text)
{
	struct listeners l = {0};
	char name[256];

	(void)listeners_add_tcp(&l, text, false);
	(void)listeners_add_tcp(&l, text, true);
	(void)listeners_add_unix(&l, text);
	for (size_t i = 0; i < l.count; i++)
		require(*listener_name(&l.list[i], name, sizeof(name)) != '\0');
	listeners_free(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	char spec[512], label[200];

	if (text == NULL)
		return 0;
	read_effective(text);
	read_listeners(text);
	sshd_sample_spec(text, spec, sizeof(spec), label, sizeof(label));
	require(strlen(spec) < sizeof(spec) && strlen(label) < sizeof(label));
	free(text);
	return 0;
}
