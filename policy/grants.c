/* Reads vm_mappings line by line; what needs the VMs is in grants_check.c. */
#include "policy/grants.h"

#include "lib/array.h"
#include "lib/proto.h"
#include "policy/grants_lines.h"
#include "policy/grants_read.h"
#include "policy/grants_who.h"
#include "policy/rights.h"
#include "policy/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 256 /* services on one line */

/* The line that is being read. */
struct place {
	const char *file;
	size_t line;
	struct report *report;
};

#define BAD(place, key, ...)                                                                   \
	report_error((place)->report, (place)->file, (place)->line, key, __VA_ARGS__)

/* --- words ---------------------------------------------------------------- */

/* Puts bytes in place of their escapes, "\040" as in fstab. -EINVAL with a
 * report. */
static int
unescape(const struct place *place, const char *key, char *word)
{
	char *to = word;

	for (const char *from = word; *from != '\0'; from++) {
		unsigned int value = 0;
		if (*from != '\\') {
			*to++ = *from;
			continue;
		}
		if (strspn(from + 1, "01234567") < 3) {
			BAD(place, key,
			    "a backslash needs three octal digits: 040 for a blank, 134 "
			    "for the backslash itself");
			return -EINVAL;
		}
		for (int i = 1; i <= 3; i++)
			value = value * 8 + (unsigned int)(from[i] - '0');
		if (value < 0x20 || value == 0x7f || value > 0xff) {
			BAD(place, key, "the escape %.3s is no character for a name", from + 1);
			return -EINVAL;
		}
		*to++ = (char)value;
		from += 3;
	}
	*to = '\0';
	return 0;
}

/* Decodes and checks; the user or group is counted only when the line is good. */
static int
read_who(const struct place *place, char *word, bool is_group)
{
	if (unescape(place, "who", word) < 0)
		return -EINVAL;
	if (strcmp(word, "*") == 0 || strcmp(word, "@") == 0 || strpbrk(word, ",:/") != NULL ||
	    (word[0] == '@' && !is_group) || strlen(word) - is_group > PROTO_NAME_MAX) {
		BAD(place, "who", "'%s' is neither a user nor a @group", word);
		return -EINVAL;
	}
	return 0;
}

static int
read_vm(const struct place *place, char *word, struct grant *grant)
{
	if (unescape(place, "VM", word) < 0)
		return -EINVAL;
	if (strcmp(word, "*") == 0) {
		grant->scope = GRANT_ANY;
	} else if (strcmp(word, "host") == 0) {
		grant->scope = GRANT_HOST;
	} else if (!text_is_name(word, VMS_NAME_MAX)) {
		BAD(place, "VM", "'%s' is not the name of a VM", word);
		return -EINVAL;
	}
	grant->vm = strdup(word);
	return grant->vm != NULL ? 0 : -ENOMEM;
}

/* --- rights ---------------------------------------------------------------- */

static int
add_name(const struct place *place, struct grant *grant, size_t *count, const char *name)
{
	char **grown;

	for (size_t i = 0; i < *count; i++)
		if (strcmp(grant->names[i], name) == 0) {
			BAD(place, name, "is there twice");
			return -EINVAL;
		}
	if (*count == NAMES_MAX) {
		BAD(place, name, "one service too many: at most %d a line", NAMES_MAX);
		return -EINVAL;
	}
	grown = reallocarray(grant->names, *count + 2, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	grant->names = grown;
	grown[*count] = strdup(name);
	grown[*count + 1] = NULL;
	return grown[(*count)++] != NULL ? 0 : -ENOMEM;
}

/* A word of "may" that is none of the fixed ones. */
static int
read_named(const struct place *place, struct grant *grant, size_t *count, const char *word)
{
	const char *run = strncmp(word, "run:", 4) == 0 ? word + 4 : NULL;

	if (run != NULL && grant->scope != GRANT_HOST)
		BAD(place, word, "is only for the VM 'host'");
	else if (run != NULL && !text_is_name(run, VMS_SERVICE_MAX))
		BAD(place, word, "'%s' is not the name of a run.NAME", run);
	else if (run == NULL && !vms_is_service_name(word))
		BAD(place, *word != '\0' ? word : "may",
		    *word != '\0' ? "is not a right" : "a right is empty: write them as a,b,c");
	else if (run == NULL && grant->scope == GRANT_HOST)
		BAD(place, word, "is not a right on host: there are shell and run:NAME");
	else
		return add_name(place, grant, count, run != NULL ? run : word);
	return -EINVAL;
}

static int
read_fixed(const struct place *place, struct grant *grant, uint32_t *seen, const char *word)
{
	uint32_t bits = rights_given(word);

	if (((bits & RIGHTS_HOST) != 0) != (grant->scope == GRANT_HOST)) {
		BAD(place, word,
		    grant->scope == GRANT_HOST
			? "is not a right on host: there are shell and run:NAME"
			: "is only for the VM 'host'");
		return -EINVAL;
	}
	if ((*seen & rights_word(word)) != 0) {
		BAD(place, word, "is there twice");
		return -EINVAL;
	}
	*seen |= rights_word(word);
	grant->rights |= bits;
	return 0;
}

static int
read_rights(const struct place *place, char *word, struct grant *grant)
{
	char *rest = word, *item;
	size_t names = 0;
	uint32_t seen = 0;
	int err = 0, one;

	if (unescape(place, "may", word) < 0)
		return -EINVAL;
	while ((item = text_item(&rest, ',')) != NULL) {
		one = rights_given(item) != 0 ? read_fixed(place, grant, &seen, item)
					      : read_named(place, grant, &names, item);
		if (one == -ENOMEM)
			return one;
		if (one < 0)
			err = one;
	}
	if (err == 0 && (grant->rights & RIGHTS_WITH_SPICE) != 0 &&
	    (grant->rights & RIGHT_SPICE) == 0) {
		BAD(place, "may",
		    "mic, usb, smartcard, clipboard, share and takeover need spice on "
		    "the same line");
		return -EINVAL;
	}
	return err;
}

/* --- lines ---------------------------------------------------------------- */

static int
read_when(const struct place *place, char *text, struct grant *grant)
{
	char why[256];
	int err = when_parse(text, &grant->when, why, sizeof(why));

	if (err == -EINVAL)
		BAD(place, "when", "%s", why);
	return err;
}

static void
free_grant(struct grant *grant)
{
	for (size_t i = 0; grant->names != NULL && grant->names[i] != NULL; i++)
		free(grant->names[i]);
	free(grant->names);
	free(grant->vm);
	free(grant->text);
	when_free(&grant->when);
}

/* Reads the words of the line into *grant; all that is wrong with them is said. */
static int
read_words(const struct place *place, char *line, struct grants *grants, struct grant *grant)
{
	char *rest = line, *who = text_word(&rest), *vm = text_word(&rest);
	char *may = text_word(&rest);
	bool is_group = who[0] == '@';
	int err[4];

	if (may == NULL || rest[strspn(rest, " \t")] == '\0') {
		BAD(place, NULL, "has no %s: a line is WHO VM MAY WHEN",
		    vm == NULL    ? "VM"
		    : may == NULL ? "rights"
				  : "time, as always");
		return -EINVAL;
	}
	err[0] = read_who(place, who, is_group);
	err[1] = read_vm(place, vm, grant);
	err[2] = err[1] == 0 ? read_rights(place, may, grant) : 0;
	err[3] = read_when(place, rest, grant);
	for (size_t i = 0; i < 4; i++)
		if (err[i] != 0)
			return err[i];
	err[0] = grants_who_add(grants, who, is_group, &grant->who);
	if (err[0] == -ENOSPC)
		BAD(place, "who", "one group too many: at most %d", PROTO_GROUPS_MAX - 1);
	return err[0];
}

/* Takes the grant over; if there is no memory it is still the caller's. */
static int
add(struct grants *grants, const struct grant *grant)
{
	struct grant *grown = array_grow(grants->grants, grants->count, sizeof(*grant));

	if (grown == NULL)
		return -ENOMEM;
	grants->grants = grown;
	grants->grants[grants->count] = *grant;
	if (grants_lines_add(grants, grants->count) < 0)
		return -ENOMEM;
	grants->whos[grant->who].lines++;
	grants->count++;
	return 0;
}

static int
take_line(struct grants *grants, const struct place *place, char *line)
{
	struct grant grant = {.file = place->file, .line = place->line};
	char *text = strdup(line);
	int err;

	if (text == NULL)
		return -ENOMEM;
	text_fold(text);
	err = read_words(place, line, grants, &grant);
	grant.text = text;
	if (err == 0)
		err = add(grants, &grant);
	if (err != 0)
		free_grant(&grant);
	return err == -ENOMEM ? err : 0;
}

int
grants_read_begin(struct grants_reader *reader, struct grants *grants, const char *file,
    const char *text, size_t len, struct report *report)
{
	char *copy = strndup(text, len);

	*reader = (struct grants_reader){
	    .grants = grants, .report = report, .file = file, .text = copy, .rest = copy};
	return copy != NULL ? 0 : -ENOMEM;
}

int
grants_read_some(struct grants_reader *reader, size_t lines)
{
	struct place place = {.file = reader->file, .report = reader->report};
	char *line = NULL;
	int err = 0;

	while (err == 0 && lines-- > 0 && (line = text_item(&reader->rest, '\n')) != NULL) {
		place.line = ++reader->line;
		line = text_trim(line);
		if (*line != '\0')
			err = take_line(reader->grants, &place, line);
	}
	if (err == 0 && line != NULL)
		return 1;
	grants_read_end(reader);
	return err;
}

void
grants_read_end(struct grants_reader *reader)
{
	free(reader->text);
	*reader = (struct grants_reader){0};
}

int
grants_parse(struct grants *grants, const char *file, const char *text, size_t len,
    struct report *report)
{
	struct grants_reader reader;
	int err = grants_read_begin(&reader, grants, file, text, len, report);

	return err == 0 ? grants_read_some(&reader, SIZE_MAX) : err;
}

void
grants_free(struct grants *grants)
{
	for (size_t i = 0; i < grants->count; i++)
		free_grant(&grants->grants[i]);
	for (size_t i = 0; i < grants->who_count; i++)
		free(grants->whos[i].text);
	free(grants->grants);
	free(grants->whos);
	free(grants->groups);
	index_free(&grants->names);
	index_free(&grants->lines);
	*grants = (struct grants){0};
}
