/* inside.so: loaded into the transfer program by ld.so, when the files that it needs to
 * run are open already. Before its main it puts the walls where they stay: the place
 * is the root, Landlock knows nothing but the folders, no system call executes or loads
 * anything. If this object is missing, the program finds no folder at all. */
#include "inside/inside.h"

#include "files/inner.h"
#include "files/landlock.h"
#include "files/userns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EX_OSERR 71

static struct inner inner;

const struct inner *
inside_inner(void)
{
	return &inner;
}

_Noreturn static void
give_up(const char *words)
{
	(void)!write(STDERR_FILENO, words, strlen(words));
	_exit(EX_OSERR);
}

/* The variable was for us; what is loaded is loaded. */
static bool
read_variable(void)
{
	char *text = getenv(INNER_VARIABLE);

	return text != NULL && inner_parse(text, &inner) && unsetenv(INNER_VARIABLE) == 0 &&
	       unsetenv("LD_PRELOAD") == 0;
}

/* chroot(2) needs no path: nobody gets to the place by one. */
static bool
enter_place(void)
{
	if (fchdir(INNER_PLACE) < 0 || close(INNER_PLACE) < 0)
		return false;
	return inner.calls.are_paths_real || (chroot(".") == 0 && userns_drop_all() == 0);
}

static bool
enter_rules(void)
{
	bool has_entered = !inner.has_rules || landlock_enter(INNER_RULES) == 0;

	return close(INNER_RULES) == 0 && has_entered;
}

__attribute__((constructor)) static void
begin(void)
{
	if (!read_variable())
		give_up("sallyport: started by hand\n");
	if (!enter_place())
		give_up("sallyport: the folder cannot be entered\n");
	inside_set_home();
	inner.calls.stage = CALLS_SERVING;
	inner.calls.pid = getpid();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		give_up("sallyport: the transfer could be traced\n");
	if (!enter_rules() || calls_confine(&inner.calls) < 0)
		give_up("sallyport: the transfer cannot be confined\n");
}
