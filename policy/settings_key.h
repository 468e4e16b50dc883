/* The keys of sallyport.conf: one table {key, type, default, meaning} feeds the
 * parser, `check`, `show`, the example file and the manual's test. */
#ifndef SALLYPORT_POLICY_SETTINGS_KEY_H
#define SALLYPORT_POLICY_SETTINGS_KEY_H

#include "policy/settings.h"

/* One line of the table, for show, the example and the tests. */
struct settings_key {
	const char *name;
	const char *fallback; /* the default as one would write it; NULL: required */
	const char *meaning;  /* one sentence */
};

size_t settings_key_count(void);
const struct settings_key *settings_key(size_t i);
/* The effective value as one would write it, into text[cap]; "" when empty. */
void settings_value(const struct settings *settings, size_t i, char *text, size_t cap);

#endif
