/* What every verb of the program gets: the options, where to write, exit statuses. */
#ifndef SALLYPORT_CLI_CLI_H
#define SALLYPORT_CLI_CLI_H

#include "cli/log_words.h"
#include "cli/option.h"

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

/* How often --user may be given. */
#define CLI_USERS_MAX 64

struct cli {
	unsigned int given; /* enum cli_option */
	const char *conf_path, *socket_path;
	const char *at;  /* as typed; NULL: now */
	const char *count; /* as typed; NULL: the verb's own */
	const char *anchor; /* NULL: none */
	const char *uri, *write; /* as typed */
	const char *users[CLI_USERS_MAX]; /* of each --user */
	size_t user_count;
	struct log_words log;
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
/* The same of a file that err (-errno) keeps from being read. */
int cli_cannot_read(const char *path, int err);

#endif
