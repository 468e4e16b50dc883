/* The shell is executed, not its code called here: what a user may do can depend on the
 * program (AppArmor), and on not being root. */
#include "cli/walls.h"

#include "cli/bounded.h"
#include "lib/num.h"

#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHELL      "/usr/bin/sallyport-shell"
#define NOBODY     65534
#define TIMEOUT_MS 3000
#define SAID_MAX   512

static int
try(void *arg, int fd)
{
	static char shell[] = SHELL, probe[] = "--probe-files";
	char *const argv[] = {shell, probe, NULL}, *const environment[] = {NULL};

	(void)arg;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return 127;
	execve(shell, argv, environment);
	return 127;
}

enum walls
walls_read(const char *line, char *text)
{
	char level[16] = "", number[8] = "", what[80] = "";
	const char *blank = strchr(line, ' '),
		   *second = blank != NULL ? strchr(blank + 1, ' ') : NULL;
	uint64_t abi;

	snprintf(text, WALLS_TEXT_MAX, "UNKNOWN: sallyport-shell did not say");
	if (second == NULL)
		return WALLS_UNKNOWN;
	snprintf(level, sizeof(level), "%.*s", (int)(blank - line), line);
	snprintf(number, sizeof(number), "%.*s", (int)(second - blank - 1), blank + 1);
	snprintf(what, sizeof(what), "%.*s", (int)strcspn(second + 1, "\n"), second + 1);
	if (num_parse(number, 0, 99, &abi) < 0)
		return WALLS_UNKNOWN;
	if (strcmp(level, "namespace") == 0) {
		if (abi == 0)
			snprintf(text, WALLS_TEXT_MAX, "in namespaces of their own");
		else
			snprintf(text, WALLS_TEXT_MAX,
			    "in namespaces of their own, and by Landlock (ABI %u)",
			    (unsigned int)abi);
		return WALLS_NAMESPACE;
	}
	if (strcmp(level, "landlock") == 0) {
		snprintf(text, WALLS_TEXT_MAX,
		    "by Landlock (ABI %u) alone: no user namespaces here", (unsigned int)abi);
		return WALLS_LANDLOCK;
	}
	if (strcmp(level, "weak") == 0) {
		snprintf(text, WALLS_TEXT_MAX,
		    "WEAK: Landlock (ABI %u), no user namespaces; see files_fallback",
		    (unsigned int)abi);
		return WALLS_WEAK;
	}
	if (strcmp(level, "nothing") != 0)
		return WALLS_UNKNOWN;
	snprintf(text, WALLS_TEXT_MAX, "REFUSED, nothing holds them: %s", what);
	return WALLS_NOTHING;
}

enum walls
walls_try(char *text)
{
	struct bounded out;
	enum walls walls;
	int err = bounded_call(try, NULL, TIMEOUT_MS, SAID_MAX, &out);

	if (err < 0 || out.status != 0) {
		snprintf(text, WALLS_TEXT_MAX, "UNKNOWN: " SHELL " could not try it");
		if (err == 0)
			bounded_free(&out);
		return WALLS_UNKNOWN;
	}
	walls = walls_read(out.bytes, text);
	bounded_free(&out);
	return walls;
}
