/* INI by libini_config, and the only file that knows it. The library forgets a
 * section's line, drops all that it read when one line is bad, needs a time that
 * grows with the square of the file, and stumbles over some bytes: so it is given
 * one section at a time, of lines whose form was looked at first; lines that it
 * finds bad are blanked and the section is read again, to hear of the others. */
#include "policy/ini.h"

#include "lib/num.h"
#include "policy/array.h"
#include "policy/text.h"

#include <errno.h>
#include <ini_configobj.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 4096
#define NAME_CHARS     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define COLLISIONS     (INI_MV1S_DETECT | INI_MS_DETECT)
#define STRICTLY       (INI_PARSE_NOWRAP | INI_PARSE_NO_C_COMMENTS)

/* One section as the library gets it: lines of canonical form. */
struct chunk {
	const char *file;
	struct report *report;
	char *text;
	size_t len;
	size_t line; /* of its header; 0 in front of the first one */
};

/* --- what the library says ------------------------------------------------ */

/* The start of line number n (from 1) of the chunk; NULL outside. */
static char *
chunk_line(const struct chunk *chunk, size_t n)
{
	char *at = chunk->text;

	while (n > 1 && at != NULL) {
		at = strchr(at, '\n');
		if (at != NULL)
			at++;
		n--;
	}
	return n == 1 && at != NULL && *at != '\0' ? at : NULL;
}

static const char *
error_text(uint64_t code)
{
	switch (code) {
	case ERR_LONGDATA:
	case ERR_SECTIONLONG:
	case ERR_LONGKEY:
		return "is too long";
	case ERR_NOEQUAL:
		return "is no \"key = value\" line";
	case ERR_NOKEY:
		return "has no key before '='";
	case ERR_DUPKEY:
		return "is given twice in this section";
	default:
		return "is malformed";
	}
}

/* The k-th number (from 0) in the library's sentence, whose words may be in any
 * language: "Error (5) on line 22: …". 0 when there is none. */
static uint64_t
number_in(const char *sentence, size_t k)
{
	char digits[20];
	uint64_t value = 0;
	size_t n;

	for (;; k--) {
		sentence += strcspn(sentence, "0123456789");
		n = strspn(sentence, "0123456789");
		if (k == 0 || n == 0)
			break;
		sentence += n;
	}
	if (n == 0 || n >= sizeof(digits))
		return 0;
	memcpy(digits, sentence, n);
	digits[n] = '\0';
	return num_parse(digits, 0, UINT32_MAX, &value) == 0 ? value : 0;
}

/* Reports one of the library's sentences and blanks the line that it is about.
 * False when that leaves nothing to read again. */
static bool
take_error(struct chunk *chunk, const char *sentence)
{
	uint64_t n = number_in(sentence, 1);
	char *at = n > 1 ? chunk_line(chunk, n) : NULL;
	size_t len, key_len;
	char key[64];

	len = at != NULL ? strcspn(at, "\n") : 0;
	/* A line that was blanked already: reading again would never end. */
	if (at == NULL || strspn(at, " ") == len) {
		report_error(chunk->report, chunk->file, chunk->line, NULL, "%s", sentence);
		return false;
	}
	key_len = strcspn(at, " =\n");
	if (key_len >= sizeof(key))
		key_len = sizeof(key) - 1;
	memcpy(key, at, key_len);
	key[key_len] = '\0';
	report_error(chunk->report, chunk->file, chunk->line + n - 1, key_len > 0 ? key : NULL,
	    "%s", error_text(number_in(sentence, 0)));
	memset(at, ' ', len);
	return true;
}

static bool
take_errors(struct chunk *chunk, struct ini_cfgobj *config)
{
	char **errors = NULL;
	bool again = true;
	size_t i;

	if (ini_config_get_errors(config, &errors) != 0 || errors == NULL)
		return false;
	for (i = 0; errors[i] != NULL; i++)
		again = take_error(chunk, errors[i]) && again;
	ini_config_free_errors(errors);
	return again && i > 0;
}

/* --- what the library read -------------------------------------------------- */

static int
add_entry(const struct chunk *chunk, struct ini_cfgobj *config, const char *name,
    const char *key, struct ini_section *section)
{
	struct ini_entry *grown, entry = {0};
	struct value_obj *value = NULL;
	const char *text = NULL;
	uint32_t line = 0;

	if (ini_get_config_valueobj(name, key, config, INI_GET_FIRST_VALUE, &value) != 0 ||
	    value == NULL || value_get_line(value, &line) != 0 || line == 0 ||
	    (text = ini_get_const_string_config_value(value, NULL)) == NULL) {
		report_error(chunk->report, chunk->file, chunk->line, key, "cannot be read");
		return 0;
	}
	grown = array_grow(section->entries, section->entry_count, sizeof(entry));
	if (grown == NULL)
		return -ENOMEM;
	section->entries = grown;
	entry.key = strdup(key);
	entry.value = strdup(text);
	entry.line = chunk->line + line - 1;
	section->entries[section->entry_count++] = entry; /* freed with the section */
	return entry.key == NULL || entry.value == NULL ? -ENOMEM : 0;
}

static int
add_entries(const struct chunk *chunk, struct ini_cfgobj *config, struct ini_section *section)
{
	char **names = ini_get_section_list(config, NULL, NULL), **keys = NULL;
	int err = 0;

	if (names == NULL || names[0] == NULL)
		goto out;
	keys = ini_get_attribute_list(config, names[0], NULL, NULL);
	for (size_t i = 0; keys != NULL && keys[i] != NULL && err == 0; i++)
		err = add_entry(chunk, config, names[0], keys[i], section);
out:
	if (keys != NULL)
		ini_free_attribute_list(keys);
	if (names != NULL)
		ini_free_section_list(names);
	return err;
}

/* 1 when lines were blanked and the chunk should be read again. */
static int
read_chunk(struct chunk *chunk, struct ini_section *section)
{
	struct ini_cfgobj *config = NULL;
	struct ini_cfgfile *file = NULL;
	int err = -ENOMEM;

	if (ini_config_create(&config) != 0)
		goto out;
	err = -ini_config_file_from_mem(chunk->text, (uint32_t)chunk->len, &file);
	if (err != 0)
		goto out;
	if (ini_config_parse(file, INI_STOP_ON_NONE, COLLISIONS, STRICTLY, config) == 0 &&
	    ini_config_error_count(config) == 0)
		err = add_entries(chunk, config, section);
	else
		err = take_errors(chunk, config) ? 1 : -EINVAL;
out:
	if (file != NULL)
		ini_config_file_destroy(file);
	if (config != NULL)
		ini_config_destroy(config);
	return err;
}

/* --- what the library may see ------------------------------------------------ */

/* Whether a line that is no header has a form that the library stands. */
static bool
line_is_fit(const struct chunk *chunk, size_t number, const char *line)
{
	size_t n = strcspn(line, "=");
	const char *why = NULL;

	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (strlen(line) > LINE_BYTES_MAX)
		why = "the line is too long";
	else if (!text_is_clean_utf8(line, strlen(line)))
		why = "the line is not plain UTF-8";
	else if (chunk->line == 0)
		why = "stands before the first [section]";
	else if (strchr(line, '=') != NULL && strspn(line, NAME_CHARS) < n)
		why = "the key is not of letters, digits, '.', '_', '-'";
	if (why != NULL)
		report_error(chunk->report, chunk->file, number, NULL, "%s", why);
	return why == NULL;
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

/* Takes the section's name, a fresh copy that may have blanks too many. */
static int
new_section(struct ini *ini, const struct chunk *chunk, char *name)
{
	struct ini_section *grown;

	if (name == NULL)
		return -ENOMEM;
	grown = array_grow(ini->sections, ini->section_count, sizeof(*ini->sections));
	if (grown == NULL) {
		free(name);
		return -ENOMEM;
	}
	text_fold(name);
	ini->sections = grown;
	for (size_t i = 0; i < ini->section_count; i++)
		if (strcmp(ini->sections[i].name, name) == 0) {
			report_error(chunk->report, chunk->file, chunk->line, NULL,
			    "section [%s] is there twice, first in line %zu", name,
			    ini->sections[i].line);
			break;
		}
	ini->sections[ini->section_count++] =
	    (struct ini_section){.name = name, .line = chunk->line};
	return 0;
}

/* Reads the finished chunk, if it has a header, as often as it has bad lines. */
static int
end_chunk(struct ini *ini, struct chunk *chunk)
{
	size_t errors = chunk->report->errors;
	int err = 0;

	if (chunk->len == 0)
		return 0;
	do
		err = read_chunk(chunk, &ini->sections[ini->section_count - 1]);
	while (err == 1);
	chunk->len = 0;
	if (err != 0 && err != -ENOMEM && chunk->report->errors == errors)
		report_error(chunk->report, chunk->file, chunk->line, NULL,
		    "the section cannot be read");
	return err == -ENOMEM ? err : 0;
}

static void
add_line(struct chunk *chunk, const char *line)
{
	size_t len = strlen(line);

	memcpy(chunk->text + chunk->len, line, len);
	chunk->len += len;
	chunk->text[chunk->len++] = '\n';
	chunk->text[chunk->len] = '\0';
}

static int
take_line(struct ini *ini, struct chunk *chunk, size_t number, char *line)
{
	const char *why;
	int err;

	for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	if (*line != '[') {
		if (*line == '\0' || *line == ';' || !line_is_fit(chunk, number, line))
			line = line + strlen(line);
		if (chunk->len > 0)
			add_line(chunk, line);
		return 0;
	}
	err = end_chunk(ini, chunk);
	if (err < 0)
		return err;
	chunk->line = number;
	why = header_fault(line);
	if (why != NULL) {
		report_error(chunk->report, chunk->file, number, NULL, "%s", why);
		return 0; /* the keys below are left out */
	}
	/* The library needs no more of the header than that there is one. */
	add_line(chunk, "[section]");
	return new_section(ini, chunk, strndup(line + 1, strlen(line) - 2));
}

int
ini_parse(
    const char *file, const char *text, size_t len, struct report *report, struct ini *ini)
{
	/* A chunk is no longer than its lines, but for "[section]" in place of "[a]"
	 * and the newline that the last line may lack. */
	struct chunk chunk = {.file = file, .report = report, .text = malloc(len + 64)};
	char *copy = strndup(text, len), *rest = copy, *line;
	size_t number = 0;
	int err = chunk.text == NULL || copy == NULL || len > UINT32_MAX / 2 ? -ENOMEM : 0;

	*ini = (struct ini){0};
	while (err == 0 && (line = text_item(&rest, '\n')) != NULL)
		err = take_line(ini, &chunk, ++number, text_trim(line));
	if (err == 0)
		err = end_chunk(ini, &chunk);
	free(chunk.text);
	free(copy);
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
