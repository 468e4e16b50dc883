/* What the daemon allows to be executed, and doing it. */
#ifndef SALLYPORT_SHELL_PLAN_H
#define SALLYPORT_SHELL_PLAN_H

#include "lib/proto.h"
#include "lib/wire.h"

#include <stdbool.h>

struct plan {
	enum proto_plan plan;
	char user[PROTO_NAME_MAX + 1];
	char home[PROTO_PATH_MAX + 1], shell[PROTO_PATH_MAX + 1];
	char *words[PROTO_WORDS_MAX + 1]; /* NULL at the end */
	char text[65536];                 /* of the words */
};

/* Takes all of in; false when it is malformed. */
bool plan_unpack(struct plan *plan, struct wire_in *in);
/* Executes it with command (NULL: none) and the environment. Returns only when that
 * failed: -errno, and *what names the program. */
int plan_execute(
    struct plan *plan, const char *command, char *const *environment, const char **what);

#endif
