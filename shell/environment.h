/* The environment of what is executed, rebuilt from a list: what the user's client, his
 * files and PAM put into ours passes only by name and only in a harmless form. */
#ifndef SALLYPORT_SHELL_ENVIRONMENT_H
#define SALLYPORT_SHELL_ENVIRONMENT_H

#include <stddef.h>
#include <sys/types.h>

#define ENVIRONMENT_MAX 32 /* variables, with the NULL at the end */

struct environment {
	char *list[ENVIRONMENT_MAX]; /* of text, or of the caller's old environment */
	size_t count;
	char text[8192];
	size_t used;
};

struct environment_user {
	const char *name, *home, *shell;
	uid_t uid;
};

/* old is environ as it was, and must outlive *environment. */
void environment_build(struct environment *environment, char *const *old,
    const struct environment_user *user);

#endif
