/* What the user asked for, from the words that sshd gave this program. */
#ifndef SALLYPORT_SHELL_ASKED_H
#define SALLYPORT_SHELL_ASKED_H

#include "lib/proto.h"

#include <stdbool.h>

enum asked_form {
	ASKED_TEXT = 0,
	ASKED_JSON,
	ASKED_CONFIG, /* for ~/.ssh/config */
	ASKED_VIEWER, /* a file for remote-viewer */
};

struct asked {
	enum proto_ask ask; /* PROTO_ASK_NOTHING: error says why */
	const char *command; /* NULL: none; as it came */
	/* Of why and connect; vm: of seat, vms and console. */
	char vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	enum asked_form form;
	const char *error;   /* static; for the user */
};

/* argv as of main; original is SSH_ORIGINAL_COMMAND or NULL. Started by hand with
 * --help, *is_help. */
void asked_read(
    struct asked *asked, int argc, char *const *argv, const char *original, bool *is_help);
/* Is the program of the command's first word, whatever its folder, called name? */
bool asked_runs(const char *command, const char *name);

#endif
