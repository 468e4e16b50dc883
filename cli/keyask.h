/* What several verbs about keys ask of the daemon and of the person. */
#ifndef SALLYPORT_CLI_KEYASK_H
#define SALLYPORT_CLI_KEYASK_H

#include "cli/ask.h"
#include "lib/secret.h"

/* Lower-cases word into id. 0; else CLI_USAGE, and it was said. */
int keyask_id(const char *word, char id[PROTO_PUBLIC_ID_MAX + 1]);
/* What a key types, or a line of standard input with --stdin. 0 or an exit status. */
int keyask_otp(const struct cli *cli, const char *prompt, struct secret *otp);
/* The public id of an OTP that was typed on any keyboard; "" when it is none. */
void keyask_id_of(const struct secret *otp, char id[PROTO_PUBLIC_ID_MAX + 1]);

/* Is the key in the store? 0, and *state is a word of `key list`, "" when not; else an
 * exit status. */
int keyask_state(const struct cli *cli, const char *id, char state[16]);
/* A question that is one text; its answer is printed. Returns the exit status. */
int keyask_about(const struct cli *cli, enum proto_type type, const char *text);
/* Tries an OTP: 0 and the answer in *ask (ask_free), one row; else an exit status. */
int keyask_try(const struct cli *cli, struct ask *ask, const char *user, const char *id,
    const struct secret *otp);

#endif
