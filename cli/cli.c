/* Saying what went wrong. */
#include "cli/cli.h"

#include "cli/printable.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int
cli_fail(enum cli_exit status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputs("sallyport: ", stderr);
	(void)printable_put(stderr, text);
	fputc('\n', stderr);
	return (int)status;
}

int
cli_cannot_read(const char *path, int err)
{
	return cli_fail(
	    err == -EACCES ? CLI_NOPERM : CLI_UNAVAILABLE, "%s: %s", path, strerror(-err));
}
