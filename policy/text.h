/* Words, names and paths as the configuration files write them. */
#ifndef SALLYPORT_POLICY_TEXT_H
#define SALLYPORT_POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The next word of *rest, cut off in place at a space or tab, and *rest behind
 * it; NULL when only blanks are left. */
char *text_word(char **rest);

/* The next item of *rest, cut off in place at sep; may be ""; NULL at the end,
 * when *rest is NULL. */
char *text_item(char **rest, char sep);

/* Ends text at a comment ('#' at its start or after a blank) and at the blanks
 * before that. Returns text, behind leading blanks. */
char *text_trim(char *text);

/* Ends text at blanks and, where it stands, a final CR. Returns text, behind
 * leading blanks. */
char *text_strip(char *text);

/* Takes the blanks at both ends out of text, in place, and makes all others one
 * space. */
void text_fold(char *text);

/* [a-z0-9][a-z0-9-]*, at most max bytes: fit for a host name and a folder. */
bool text_is_name(const char *text, size_t max);

/* An absolute path without empty, "." or ".." parts, of at most max bytes. */
bool text_is_path(const char *text, size_t max);

/* A host's name or IPv4 address, perhaps with ":PORT": nothing that a shell or ssh would
 * take for anything else. */
bool text_is_host(const char *text);
/* Whole UTF-8 (RFC 3629: shortest forms, no surrogates) without control
 * characters U+0000-001F, U+007F-009F. */
bool text_is_clean_utf8(const char *text, size_t len);

#endif
