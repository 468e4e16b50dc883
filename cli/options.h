/* The command line: options anywhere, the rest are words. */
#ifndef SALLYPORT_CLI_OPTIONS_H
#define SALLYPORT_CLI_OPTIONS_H

#include "cli/cli.h"

/* Takes the options out of argv[1..] into cli, and puts the words into
 * words[argc], pointed to by cli->words. After "--" all are words. 0; CLI_USAGE,
 * and the reason was said. */
int options_take(struct cli *cli, int argc, char **argv, const char **words);

/* The name of one option, "--at TIME"; "?" if there is none. */
const char *options_form(enum cli_option option);

/* Which of the given options is not in allowed; 0 if all are. */
unsigned int options_foreign(const struct cli *cli, unsigned int allowed);

#endif
