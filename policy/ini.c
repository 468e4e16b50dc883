/* INI, by hand: what decides who may pass is read by something that accounts for
 * every line by its number, folds nothing over lines, and knows no other case, quote
 * or locale. The form of a line is looked at before anything is done with it. */
#include "policy/ini.h"

#include "lib/array.h"
#include "policy/hash.h"
#include "policy/index.h"
#include "policy/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 4096
#define NAME_CHARS     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

struct reader {
	const char *file;
	struct report *report;
	struct ini *ini;
	struct index names; /* of its sections */
	bool is_open;       /* the last section of ini takes the keys that come */
	bool has_section;
	size_t line;
};

/* Splits line at its first '=' and cuts off the blanks around; NULL if it has none. */
static char *
split(char *line)
{
	char *equals = strchr(line, '='), *end = equals;

	if (equals == NULL)
		return NULL;
	while (end > line && end[-1] == ' ')
		end--;
	*end = '\0';
	if (end != equals)
		*equals = '\0';
	equals++;
	return equals + strspn(equals, " ");
}

/* Static text about a line that is no header; NULL if its form is good. */
static const char *
line_fault(const char *line)
{
	if (strlen(line) > LINE_BYTES_MAX)
		return "the line is too long";
	if (!text_is_clean_utf8(line, strlen(line)))
		return "the line is not plain UTF-8";
	return NULL;
}

static const char *
key_fault(const struct ini_section *section, const char *key)
{
	if (*key == '\0')
		return "has no key before '='";
	if (key[strspn(key, NAME_CHARS)] != '\0')
		return "the key is not of letters, digits, '.', '_', '-'";
	for (size_t i = 0; i < section->entry_count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return "is given twice in this section";
	return NULL;
}

static int
add_entry(struct reader *r, struct ini_section *section, const char *key, const char *value)
{
	struct ini_entry entry = {.line = r->line};
	struct ini_entry *grown =
	    array_grow(section->entries, section->entry_count, sizeof(entry));

	if (grown == NULL)
		return -ENOMEM;
	section->entries = grown;
	entry.key = strdup(key);
	entry.value = strdup(value);
	section->entries[section->entry_count++] = entry; /* freed with the section */
	return entry.key == NULL || entry.value == NULL ? -ENOMEM : 0;
}

static int
take_pair(struct reader *r, char *line)
{
	const char *why = line_fault(line), *key = NULL;
	struct ini_section *section;
	char *value;

	if (why == NULL && !r->has_section)
		why = "stands before the first [section]";
	if (why != NULL || !r->is_open) {
		if (why != NULL)
			report_error(r->report, r->file, r->line, NULL, "%s", why);
		return 0;
	}
	section = &r->ini->sections[r->ini->section_count - 1];
	value = split(line);
	if (value != NULL && (why = key_fault(section, line)) == NULL)
		return add_entry(r, section, line, value);
	if (value == NULL) {
		line[strcspn(line, " ")] = '\0';
		why = "is no \"key = value\" line";
	}
	/* A key of foreign characters is not repeated. */
	if (line[strspn(line, NAME_CHARS)] == '\0' && *line != '\0')
		key = line;
	report_error(r->report, r->file, r->line, key, "%s", why);
	return 0;
}

/* Static text about what is wrong with the header; NULL if nothing is. */
static const char *
header_fault(const char *line)
{
	size_t len = strlen(line);

	if (len < 2 || line[len - 1] != ']')
		return "the section's line does not end in ']'";
	if (len > 256)
		return "the section's name is too long";
	if (strspn(line + 1, NAME_CHARS " ") != len - 2)
		return "the section's name is not of letters, digits, '.', '_', '-'";
	if (strspn(line + 1, " ") == len - 2)
		return "the section has no name";
	return NULL;
}

/* The first one of that name; NULL: none. */
static const struct ini_section *
find_section(const struct reader *r, uint64_t hash, const char *name)
{
	size_t at;
	uint32_t n = index_first(&r->names, hash, &at);

	while (n != INDEX_NONE && strcmp(r->ini->sections[n].name, name) != 0)
		n = index_next(&r->names, hash, &at);
	return n != INDEX_NONE ? &r->ini->sections[n] : NULL;
}

/* Takes the section's name, a fresh copy that may have blanks too many. */
static int
add_section(struct reader *r, char *name)
{
	struct ini *ini = r->ini;
	const struct ini_section *first;
	struct ini_section *grown;
	uint64_t hash;
	int err = 0;

	if (name == NULL)
		return -ENOMEM;
	grown = array_grow(ini->sections, ini->section_count, sizeof(*ini->sections));
	if (grown == NULL) {
		free(name);
		return -ENOMEM;
	}
	text_fold(name);
	ini->sections = grown;
	hash = hash_str(name);
	first = find_section(r, hash, name);
	if (first != NULL)
		report_error(r->report, r->file, r->line, NULL,
		    "section [%s] is there twice, first in line %zu", name, first->line);
	else
		err = index_add(&r->names, hash, (uint32_t)ini->section_count);
	ini->sections[ini->section_count++] =
	    (struct ini_section){.name = name, .line = r->line};
	r->is_open = true;
	return err;
}

static int
take_line(struct reader *r, char *line)
{
	const char *why;

	for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	if (*line == '\0' || *line == ';')
		return 0;
	if (*line != '[')
		return take_pair(r, line);
	r->has_section = true;
	r->is_open = false;
	why = header_fault(line);
	if (why == NULL)
		return add_section(r, strndup(line + 1, strlen(line) - 2));
	report_error(r->report, r->file, r->line, NULL, "%s", why);
	return 0; /* the keys below are left out */
}

int
ini_parse(
    const char *file, const char *text, size_t len, struct report *report, struct ini *ini)
{
	struct reader r = {.file = file, .report = report, .ini = ini};
	char *copy = strndup(text, len), *rest = copy, *line;
	int err = copy == NULL ? -ENOMEM : 0;

	*ini = (struct ini){0};
	while (err == 0 && (line = text_item(&rest, '\n')) != NULL) {
		r.line++;
		err = take_line(&r, text_trim(line));
	}
	free(copy);
	index_free(&r.names);
	if (err < 0)
		ini_free(ini);
	return err;
}

void
ini_free(struct ini *ini)
{
	for (size_t i = 0; i < ini->section_count; i++) {
		struct ini_section *section = &ini->sections[i];
		for (size_t k = 0; k < section->entry_count; k++) {
			free(section->entries[k].key);
			free(section->entries[k].value);
		}
		free(section->entries);
		free(section->name);
	}
	free(ini->sections);
	*ini = (struct ini){0};
}
