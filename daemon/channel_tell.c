/* Words and amounts as people read them. */
#include "daemon/channel_tell.h"

#include "daemon/sessions.h"
#include "lib/io.h"

#include <inttypes.h>
#include <stdio.h>

/* Three figures at most, rounded down. */
static void
format_bytes(char *text, size_t cap, uint64_t n)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	size_t unit = 0;
	uint64_t tenths = n * 10;

	if (n == 1) {
		snprintf(text, cap, "1 byte");
		return;
	}
	while (n >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths = n / 100;
		n /= 1000;
		unit++;
	}
	if (unit > 0 && n < 100)
		snprintf(text, cap, "%" PRIu64 ".%u %s", n, (unsigned int)(tenths % 10),
		    units[unit]);
	else
		snprintf(text, cap, "%" PRIu64 " %s", n, units[unit]);
}

static void
format_time(char *text, size_t cap, int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 1)
		snprintf(text, cap, "less than 1 s");
	else if (s < 120)
		snprintf(text, cap, "%" PRId64 " s", s);
	else if (s < 7200)
		snprintf(text, cap, "%" PRId64 " min", s / 60);
	else
		snprintf(text, cap, "%" PRId64 " h %" PRId64 " min", s / 3600, s / 60 % 60);
}

void
channel_tell_words(
    char *text, size_t cap, const char *reason, uint64_t up, uint64_t down, int64_t ms)
{
	char received[32], sent[32], time[48];

	if ((up == 0 && down == 0) || up == CONSOLE_UNCOUNTED || down == CONSOLE_UNCOUNTED) {
		snprintf(text, cap, "%s", reason);
		return;
	}
	format_bytes(received, sizeof(received), down);
	format_bytes(sent, sizeof(sent), up);
	format_time(time, sizeof(time), ms);
	snprintf(text, cap, "%s; %s received, %s sent in %s", reason, received, sent, time);
}

void
channel_tell(const struct channel *ch, const char *what)
{
	sessions_tell(ch->gw->sessions, ch->conn_id, ch->vm,
	    ch->granted != NULL ? ch->granted : ch->right, what);
}

void
channel_tell_end(const struct channel *ch, const char *reason, uint64_t up, uint64_t down)
{
	char words[PROTO_NAME_MAX + 160];

	channel_tell_words(words, sizeof(words), reason, up, down, io_now_ms() - ch->opened_ms);
	channel_tell(ch, words);
}

void
channel_tell_console(const struct gateway *gw, const struct console *console)
{
	char words[PROTO_NAME_MAX + 160];

	channel_tell_words(words, sizeof(words), console->reason, console->up, console->down,
	    io_now_ms() - console->opened_ms);
	sessions_tell(gw->sessions, console->conn_id, console->vm, console->right, words);
}
