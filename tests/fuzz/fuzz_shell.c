/* What a user sends to sallyport-shell (a command, then environment entries, NUL between
 * them), what the daemon answers (the same bytes as a plan), and what a file server logs. */
#include "shell/asked.h"
#include "shell/environment.h"
#include "shell/claims.h"
#include "shell/plan.h"
#include "shell/transfer_words.h"
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

/* What passes is what the lists say, whatever quotes stand around it. */
static void
read_as_transfer(const char *text)
{
	static struct transfer_words w;

	if (!transfer_words_read(&w, text)) {
		REQUIRE(w.program == TRANSFER_NONE && w.error != NULL);
		return;
	}
	REQUIRE(w.count >= 1 && w.count <= TRANSFER_WORDS_MAX && w.list[w.count] == NULL);
	REQUIRE(w.program != TRANSFER_SFTP || w.count == 1);
	REQUIRE(w.program == TRANSFER_SFTP || (w.paths > 1 && w.paths < w.count));
	for (size_t i = 1; i < w.count; i++) {
		const char *word = w.list[i];

		REQUIRE(word >= w.text ? word < w.text + sizeof(w.text) : true);
		REQUIRE(i < w.paths || w.program == TRANSFER_SCP || word[0] != '-');
		if (i >= w.paths)
			continue;
		REQUIRE(strstr(word, "--log-file") != word && strstr(word, "--daemon") != word);
		REQUIRE(strstr(word, "--rsh") != word && strcmp(word, "-e") != 0);
	}
	/* What ends the options, so that no path is one. */
	REQUIRE(w.program != TRANSFER_SCP || strcmp(w.list[w.paths - 1], "--") == 0);
	REQUIRE(w.program != TRANSFER_RSYNC || strcmp(w.list[w.paths - 1], ".") == 0);
}

static void
tell(void *arg, const char *line, bool is_refused)
{
	(void)arg;
	(void)is_refused;
	REQUIRE(strlen(line) < CLAIMS_LINE_MAX && strchr(line, '\n') == NULL);
}

static void
pass(void *arg, const char *bytes, size_t len)
{
	(void)arg;
	REQUIRE(len > 0 && len < CLAIMS_LINE_MAX && bytes[len - 1] == '\n');
}

static void
read_as_log(const uint8_t *data, size_t size)
{
	struct claims claims = {.tell = tell, .pass = pass};

	claims_read(&claims, (const char *)data, size / 2);
	claims_read(&claims, (const char *)data + size / 2, size - size / 2);
	claims_settle(&claims);
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
	read_as_transfer(text);
	read_as_log(data, size);
	read_as_environment(text, size);
	free(text);
	return 0;
}
