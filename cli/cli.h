/* What every verb of the program gets: the options, where to write, exit statuses. */
#ifndef SALLYPORT_CLI_CLI_H
#define SALLYPORT_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_FINDING = 1, /* denied; something is wrong, and was said */
	CLI_USAGE = 64,
	CLI_SOFTWARE = 70, /* no memory, output could not be written */
	CLI_UNAVAILABLE = 75, /* the daemon, or a part of it, does not answer */
	CLI_NOPERM = 77,
	CLI_CONFIG = 78,
};

/* Options; a verb takes those of its own besides the first five. */
enum cli_option {
	CLI_JSON = 1 << 0,
	CLI_CONF = 1 << 1,
	CLI_SOCKET = 1 << 2,
	CLI_HELP = 1 << 3,
	CLI_GLOBAL = (1 << 4) - 1,
	CLI_AT = 1 << 4,
	CLI_DRY_RUN = 1 << 5,
	CLI_FORCE = 1 << 6,
	CLI_STDIN = 1 << 7,
	CLI_YES = 1 << 8,
	CLI_COUNT = 1 << 9,
	CLI_ANCHOR = 1 << 16,
	CLI_ALL = 1 << 10,
};

struct cli {
	unsigned int given; /* enum cli_option */
	const char *conf_path;
	const char *socket_path;
	const char *at;  /* as typed; NULL: now */
	const char *count; /* as typed; NULL: the verb's own */
	const char *anchor; /* NULL: none */
	FILE *out;       /* standard output, or what becomes a JSON string */
	const char *const *words; /* what follows the verb */
	size_t word_count;
};

static inline bool
cli_has(const struct cli *cli, enum cli_option option)
{
	return (cli->given & (unsigned int)option) != 0;
}

/* One line on standard error, "sallyport: " in front; returns status. Foreign
 * bytes in the arguments are shown as \xNN. */
int cli_fail(enum cli_exit status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
