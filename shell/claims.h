/* What OpenSSH's sftp-server says that it did (-e -l VERBOSE), made into lines for the
 * record. A file's name may hold a newline, and with it a line of its own: all of this is
 * only claimed. Pure. */
#ifndef SALLYPORT_SHELL_CLAIMS_H
#define SALLYPORT_SHELL_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#define CLAIMS_LINE_MAX 1024 /* with the NUL; what is longer is cut */

struct claims {
	/* Of what was done, or (is_refused) asked for in vain. */
	void (*tell)(void *arg, const char *line, bool is_refused);
	/* What is no line of its log goes to the user as it came, newline and all. */
	void (*pass)(void *arg, const char *bytes, size_t len);
	void *arg;
	char line[CLAIMS_LINE_MAX]; /* being read */
	size_t len;
	bool is_cut;
	char asked[CLAIMS_LINE_MAX]; /* the last one, whose outcome is not known; "" none */
	bool is_change;              /* it is told unless it failed */
};

void claims_read(struct claims *claims, const char *bytes, size_t len);
/* No more comes, for now or ever: the last one did not fail. */
void claims_settle(struct claims *claims);

#endif
