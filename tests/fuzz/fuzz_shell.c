/* What a user sends to sallyport-shell (a command, then environment entries, NUL between
 * them) and what the daemon answers (the same bytes as a plan). */
#include "shell/asked.h"
#include "shell/environment.h"
#include "shell/plan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/require.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES 64

static void
read_as_plan(const uint8_t *data, size_t size)
{
	static struct plan plan;
	struct wire_in in;

	memset(&plan, 0, sizeof(plan));
	wire_in_init(&in, data, size);
	if (!plan_unpack(&plan, &in))
		return;
	REQUIRE(plan.user[0] != '\0' && plan.shell[0] == '/');
	for (size_t i = 0; plan.words[i] != NULL; i++)
		REQUIRE(i < PROTO_WORDS_MAX && strlen(plan.words[i]) < sizeof(plan.text));
}

static void
read_as_command(char *text)
{
	char program[] = "sallyport-shell", option[] = "-c";
	char *argv[] = {program, option, text, NULL};
	struct asked asked;
	bool is_help;

	asked_read(&asked, 3, argv, text, &is_help);
	REQUIRE((asked.ask == PROTO_ASK_NOTHING) == (asked.error != NULL));
	REQUIRE(strlen(asked.vm) <= PROTO_NAME_MAX && strlen(asked.right) <= PROTO_NAME_MAX);
}

static void
read_as_environment(char *text, size_t len)
{
	static const struct environment_user user = {
	    .name = "anne", .home = "/home/anne", .shell = "/bin/sh", .uid = 1001};
	static struct environment e;
	char *old[ENTRIES + 1];
	size_t n = 0;

	for (size_t at = 0; at < len && n < ENTRIES; at += strlen(text + at) + 1)
		old[n++] = text + at;
	old[n] = NULL;
	environment_build(&e, old, &user);
	REQUIRE(e.count >= 5 && e.count < ENVIRONMENT_MAX && e.list[e.count] == NULL);
	for (size_t i = 5; i < e.count; i++)
		for (const char *c = e.list[i]; *c != '\0'; c++)
			REQUIRE(*c >= ' ' && *c < 0x7f && *c != '$' && *c != '`');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	REQUIRE(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	read_as_plan(data, size);
	read_as_command(text);
	read_as_environment(text, size);
	free(text);
	return 0;
}
