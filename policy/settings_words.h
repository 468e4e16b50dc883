/* Settings that are lists of words; and where a setting stands, for what is said of it. */
#ifndef SALLYPORT_POLICY_SETTINGS_WORDS_H
#define SALLYPORT_POLICY_SETTINGS_WORDS_H

#include "policy/report.h"

#include <stdbool.h>
#include <stddef.h>

struct settings_place {
	const char *file;
	size_t line;
	const char *key;
	struct report *report;
};

#define SETTINGS_BAD(place, ...)                                                               \
	report_error((place)->report, (place)->file, (place)->line, (place)->key, __VA_ARGS__)

/* What is wrong with a word is said. */
typedef bool settings_word_fn(const struct settings_place *place, const char *word);
settings_word_fn settings_word_is_path, settings_word_is_user, settings_word_is_layout;
settings_word_fn settings_word_is_service, settings_word_is_url;

/* The blank-separated words of text that are good, each once, at most most (no more than
 * SETTINGS_WORDS_MAX): the caller's, also on error. 0 or -ENOMEM. */
int settings_words_read(const struct settings_place *place, settings_word_fn *is_good,
    size_t most, char ***to, size_t *count, const char *text);

#endif
