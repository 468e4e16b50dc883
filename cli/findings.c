/* A list that says the same thing once, for all whom it concerns. */
#include "cli/findings.h"

#include "lib/array.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *
finding_severity_name(enum finding_severity severity)
{
	static const char *const names[FINDING_SEVERITIES] = {
	    "note", "warning", "lockout", "hole"};

	return severity < FINDING_SEVERITIES ? names[severity] : "hole";
}

struct finding *
findings_take(struct findings *findings, const char *id, char *what)
{
	struct finding *finding, **grown;

	if (what == NULL) {
		findings->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < findings->count; i++) {
		finding = findings->list[i];
		if (strcmp(finding->id, id) == 0 && strcmp(finding->what, what) == 0) {
			free(what);
			return finding;
		}
	}
	finding = calloc(1, sizeof(*finding));
	grown = array_grow(findings->list, findings->count, sizeof(struct finding *));
	if (grown != NULL)
		findings->list = grown;
	if (finding == NULL || grown == NULL) {
		findings->failed = true;
		free(finding);
		free(what);
		return NULL;
	}
	finding->id = id;
	finding->what = what;
	findings->list[findings->count++] = finding;
	return finding;
}

void
findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *finding = findings->list[i];
		free(finding->what);
		free(finding->where);
		free(finding->users);
		free(finding->mend);
		free(finding);
	}
	free(findings->list);
	*findings = (struct findings){0};
}

void
finding_at(struct finding *finding, const char *path, size_t line)
{
	char *text = NULL;
	int n;

	if (finding == NULL || finding->where != NULL)
		return;
	n = line > 0 ? asprintf(&text, "%s:%zu", path, line) : asprintf(&text, "%s", path);
	finding->where = n >= 0 ? text : NULL;
}

void
finding_user(struct finding *finding, const char *user)
{
	char *text = NULL;

	if (finding == NULL)
		return;
	if (asprintf(&text, "%s%s%s", finding->users != NULL ? finding->users : "",
		finding->users != NULL ? ", " : "", user) < 0)
		return;
	free(finding->users);
	finding->users = text;
}

static void
set_mend(struct finding *finding, bool is_command, const char *format, va_list args)
{
	char *text = NULL;

	if (finding == NULL || finding->mend != NULL)
		return;
	if (vasprintf(&text, format, args) < 0)
		return;
	finding->mend = text;
	finding->is_command = is_command;
}

void
finding_mend(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_mend(finding, false, format, args);
	va_end(args);
}

void
finding_command(struct finding *finding, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_mend(finding, true, format, args);
	va_end(args);
}

const char *
finding_quote(char *word, size_t cap, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+-";
	size_t used = 0;

	word[0] = '\0';
	if (*text != '\0' && *text != '-' && text[strspn(text, plain)] == '\0') {
		if (strlen(text) < cap)
			memcpy(word, text, strlen(text) + 1);
		return word;
	}
	if (4 * strlen(text) + 3 > cap)
		return word;
	word[used++] = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			memcpy(word + used, "'\\''", 4);
			used += 4;
		} else {
			word[used++] = *text;
		}
	}
	word[used++] = '\'';
	word[used] = '\0';
	return word;
}
