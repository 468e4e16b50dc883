/* Printing the daemon's answer, for people or programs. */
#ifndef SALLYPORT_CLI_ANSWER_H
#define SALLYPORT_CLI_ANSWER_H

#include "cli/ask.h"
#include "cli/cli.h"

typedef void answer_form(FILE *out, const struct rows *rows);

/* Prints rows by form, or as JSON, then the daemon's last words: with a status of
 * 0 or 1 they belong to the answer, else to standard error. Returns the status. */
int answer_print(const struct cli *cli, const struct ask *ask, answer_form *form);

/* ask_daemon, answer_print and ask_free. */
int answer_ask(const struct cli *cli, struct ask *ask, answer_form *form);

/* rows as JSON or by form. CLI_OK or CLI_SOFTWARE. */
int answer_rows(const struct cli *cli, const struct rows *rows, answer_form *form);

#endif
