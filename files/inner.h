/* What the outer step (files/) hands to the inner one (inside/): three descriptors and
 * one variable. */
#ifndef SALLYPORT_FILES_INNER_H
#define SALLYPORT_FILES_INNER_H

#include "files/calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define INNER_OBJECT   LIBEXECDIR "/inside.so"
#define INNER_VARIABLE "SALLYPORT_INSIDE"
#define INNER_TEXT_MAX 640
#define INNER_NAME_MAX 256

/* From INNER_PLACE to INNER_NULL, and none after. */
enum {
	INNER_PLACE = 3, /* the folder to be the root, or where the paths begin */
	INNER_RULES = 4, /* a Landlock ruleset; or the null device, where there is none */
	INNER_NULL = 5,  /* /dev/null, which the programs want to open */
};

struct inner {
	struct calls_ask calls; /* stage and pid are not handed over */
	bool has_rules;
	uid_t uid;
	gid_t gid;
	char user[INNER_NAME_MAX], group[INNER_NAME_MAX]; /* group may be empty */
};

/* text[INNER_TEXT_MAX]; false: a name does not fit or holds a colon. */
bool inner_pack(const struct inner *inner, char *text);
/* false: not what inner_pack writes. */
bool inner_parse(const char *text, struct inner *inner);

#endif
