/* argv has four forms. As login shell: "-sallyport-shell" alone, or -c COMMAND; as
 * ForceCommand: no word, or, when it is the login shell as well, -c with ForceCommand's
 * own text. With ForceCommand, and only then, sshd puts the command into
 * SSH_ORIGINAL_COMMAND. */
#include "shell/asked.h"

#include <string.h>

#define SELF "/usr/bin/sallyport-shell"

static bool
is_forced(const char *command)
{
	return strcmp(command, "exec " SELF) == 0 || strcmp(command, SELF) == 0;
}

/* The next blank-separated word of *rest into word[cap]; false at the end. A word
 * that does not fit becomes "" and *fits false. */
static bool
next_word(const char **rest, char *word, size_t cap, bool *fits)
{
	size_t len;

	*rest += strspn(*rest, " \t");
	len = strcspn(*rest, " \t");
	*fits = len < cap;
	if (*fits)
		memcpy(word, *rest, len);
	word[*fits ? len : 0] = '\0';
	*rest += len;
	return len > 0;
}

bool
asked_runs(const char *command, const char *name)
{
	size_t len = strcspn(command, " \t\n"), wanted = strlen(name);

	while (len > wanted && memchr(command, '/', len) != NULL) {
		size_t step = strcspn(command, "/") + 1;
		command += step;
		len -= step;
	}
	return len == wanted && memcmp(command, name, len) == 0;
}

static bool
is_transfer(const char *command)
{
	static const char *const programs[] = {"sftp-server", "internal-sftp", "scp", "rsync"};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (asked_runs(command, programs[i]))
			return true;
	return false;
}

static void
refuse(struct asked *asked, const char *error)
{
	asked->ask = PROTO_ASK_NOTHING;
	asked->error = error;
}

struct words {
	char list[3][PROTO_NAME_MAX + 1];
	size_t count;
	bool is_good; /* no more than these, and none too long */
};

/* The words behind the first; "--json" and its like, where forms says so, are taken out. */
static void
read_words(struct asked *asked, const char *rest, bool has_forms, struct words *words)
{
	static const char *const forms[] = {
	    [ASKED_JSON] = "--json", [ASKED_CONFIG] = "--config", [ASKED_VIEWER] = "--vv"};
	size_t last = has_forms ? ASKED_VIEWER : ASKED_JSON;
	char word[PROTO_NAME_MAX + 1];
	bool fits;

	*words = (struct words){.is_good = true};
	while (next_word(&rest, word, sizeof(word), &fits)) {
		size_t form = ASKED_JSON;

		while (form <= last && strcmp(word, forms[form]) != 0)
			form++;
		if (fits && form <= last && asked->form == ASKED_TEXT)
			asked->form = (enum asked_form)form;
		else if (!fits || word[0] == '-' || words->count == 3)
			words->is_good = false;
		else
			memcpy(words->list[words->count++], word, sizeof(word));
	}
}

static void
read_why(struct asked *asked, const char *rest)
{
	struct words words;

	asked->ask = PROTO_ASK_WHY;
	read_words(asked, rest, false, &words);
	memcpy(asked->vm, words.list[0], sizeof(asked->vm));
	memcpy(asked->right, words.list[1], sizeof(asked->right));
	if (!words.is_good || words.count > 2)
		refuse(asked, "usage: why [VM [RIGHT]] [--json]");
}

static void
read_seat(struct asked *asked, const char *rest)
{
	struct words words;

	asked->ask = PROTO_ASK_SEAT;
	read_words(asked, rest, false, &words);
	memcpy(asked->vm, words.list[0], sizeof(asked->vm));
	if (!words.is_good || words.count != 1)
		refuse(asked, "usage: seat VM [--json]");
}

static void
read_vms(struct asked *asked, const char *rest)
{
	struct words words;

	asked->ask = PROTO_ASK_VMS;
	read_words(asked, rest, true, &words);
	memcpy(asked->vm, words.list[0], sizeof(asked->vm));
	if (!words.is_good || words.count > 1 ||
	    (asked->form == ASKED_VIEWER && words.count == 0))
		refuse(asked, "usage: vms [VM] [--json | --config], vms VM --vv");
}

/* What is no text has no other form. */
static void
read_stream(struct asked *asked, enum proto_ask ask, const char *rest)
{
	struct words words;

	asked->ask = ask;
	read_words(asked, rest, false, &words);
	memcpy(asked->vm, words.list[0], sizeof(asked->vm));
	memcpy(asked->right, words.list[1], sizeof(asked->right));
	if (!words.is_good || asked->form != ASKED_TEXT ||
	    words.count != (ask == PROTO_ASK_CONNECT ? 2 : 1))
		refuse(asked,
		    ask == PROTO_ASK_CONNECT ? "usage: connect VM RIGHT" : "usage: console VM");
}

/* Those about VMs; false when word is none of them. */
static bool
read_about_vms(struct asked *asked, const char *word, const char *rest)
{
	if (strcmp(word, "why") == 0)
		read_why(asked, rest);
	else if (strcmp(word, "seat") == 0)
		read_seat(asked, rest);
	else if (strcmp(word, "vms") == 0)
		read_vms(asked, rest);
	else if (strcmp(word, "console") == 0)
		read_stream(asked, PROTO_ASK_CONSOLE, rest);
	else if (strcmp(word, "connect") == 0)
		read_stream(asked, PROTO_ASK_CONNECT, rest);
	else
		return false;
	return true;
}

/* The words that are ours; false when the first is none of them. */
static bool
read_builtin(struct asked *asked)
{
	const char *rest = asked->command;
	char word[16], more[2];
	bool fits;

	if (!next_word(&rest, word, sizeof(word), &fits) || !fits)
		return false;
	if (read_about_vms(asked, word, rest))
		return true;
	if (strcmp(word, "help") != 0)
		return false;
	asked->ask = PROTO_ASK_HELP;
	if (next_word(&rest, more, sizeof(more), &fits))
		refuse(asked, "help takes no words");
	return true;
}

static void
read_command(struct asked *asked, const char *command)
{
	asked->command = command;
	if (command == NULL)
		asked->ask = PROTO_ASK_LOGIN;
	else if (!read_builtin(asked))
		asked->ask = is_transfer(command) ? PROTO_ASK_TRANSFER : PROTO_ASK_COMMAND;
}

void
asked_read(
    struct asked *asked, int argc, char *const *argv, const char *original, bool *is_help)
{
	*asked = (struct asked){.ask = PROTO_ASK_NOTHING};
	*is_help = false;
	if (argc == 1 && argv[0][0] == '-')
		read_command(asked, NULL);
	else if (argc == 1)
		read_command(asked, original);
	else if (argc == 3 && strcmp(argv[1], "-c") == 0)
		read_command(asked, is_forced(argv[2]) ? original : argv[2]);
	else if (argc == 2 &&
		 (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0))
		*is_help = true;
	else
		refuse(asked, "usage: sallyport-shell [-c COMMAND]");
}
