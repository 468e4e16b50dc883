/* What holds file transfers here: sallyport-shell tries it, as nobody in particular. */
#ifndef SALLYPORT_CLI_WALLS_H
#define SALLYPORT_CLI_WALLS_H

#include <stdbool.h>
#include <stddef.h>

enum walls {
	WALLS_UNKNOWN = 0, /* it could not be tried */
	WALLS_NOTHING,	   /* no transfer is begun */
	WALLS_WEAK,	   /* none, or for reading alone: files_fallback */
	WALLS_LANDLOCK,
	WALLS_NAMESPACE,
};

#define WALLS_TEXT_MAX 160

/* Takes at most three seconds. text[WALLS_TEXT_MAX]: in words. */
enum walls walls_try(char *text);
/* Reads what sallyport-shell said. Pure. */
enum walls walls_read(const char *line, char *text);

#endif
