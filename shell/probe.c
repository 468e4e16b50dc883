/* sallyport-shell --probe-files. */
#include "shell/probe.h"

#include "files/files.h"
#include "shell/say.h"

#include <unistd.h>

int
probe_files(void)
{
	static const char *const words[] = {[FILES_NOTHING] = "nothing",
	    [FILES_LANDLOCK_WEAK] = "weak",
	    [FILES_LANDLOCK] = "landlock",
	    [FILES_NAMESPACE] = "namespace"};
	unsigned int abi;
	const char *what = "";
	enum files_level level = files_probe(&abi, &what);

	say_format(STDOUT_FILENO, "%s %u %s\n", words[level], abi, what);
	return 0;
}
