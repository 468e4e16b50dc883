/* A line without echo. One newline ends it; what was typed after that is dropped. */
#include "shell/prompt.h"

#include "lib/secret.h"
#include "shell/say.h"
#include "shell/terminal.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX 4096 /* of one line: nobody types that */

enum {
	KEY_INTR = 0x03,
	KEY_EOT = 0x04,
	KEY_BACKSPACE = 0x08,
	KEY_KILL = 0x15,
	KEY_SUSPEND = 0x1a,
	KEY_QUIT = 0x1c,
	KEY_DELETE = 0x7f,
};

struct line {
	char *text; /* of PROTO_OTP_MAX + 1 */
	size_t len;
	bool is_bad;
};

/* False at the line's end. */
static bool
take(struct line *line, int key)
{
	switch (key) {
	case '\n':
	case '\r':
		return false;
	case KEY_BACKSPACE:
	case KEY_DELETE:
		if (line->len > 0)
			line->len--;
		break;
	case KEY_KILL:
		line->len = 0;
		line->is_bad = false;
		break;
	default:
		if (key >= ' ' && key < KEY_DELETE && line->len < PROTO_OTP_MAX)
			line->text[line->len++] = (char)key;
		else
			line->is_bad = true;
	}
	return true;
}

static bool
is_end(int key)
{
	return key == TERMINAL_END || key == KEY_INTR || key == KEY_EOT || key == KEY_QUIT ||
	       key == KEY_SUSPEND;
}

static int
read_line(const struct terminal *terminal, struct line *line, int64_t deadline_ms)
{
	for (size_t keys = 0; keys < KEYS_MAX; keys++) {
		int key = terminal_key(terminal, -1, deadline_ms);

		if (is_end(key))
			return -ECANCELED;
		if (!take(line, key))
			return 0;
	}
	return -ECANCELED;
}

int
prompt_read(const char *text, int64_t deadline_ms, char *otp)
{
	struct line line = {.text = otp};
	struct terminal terminal;
	int err = terminal_open(&terminal);

	if (err < 0)
		return err;
	say_foreign(STDIN_FILENO, text);
	err = read_line(&terminal, &line, deadline_ms);
	say(STDIN_FILENO, "\n");
	terminal_close(&terminal);
	if (err < 0)
		secret_wipe(otp, PROTO_OTP_MAX + 1);
	else if (line.is_bad)
		memcpy(otp, "?", 2);
	else
		otp[line.len] = '\0';
	return err;
}
