/* The variable: numbers and names between colons, in the order of the struct. */
#include "files/inner.h"

#include "lib/num.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool
is_name(const char *name)
{
	return strlen(name) < INNER_NAME_MAX && strchr(name, ':') == NULL;
}

bool
inner_pack(const struct inner *inner, char *text)
{
	int len;

	if (!is_name(inner->user) || !is_name(inner->group) || inner->user[0] == '\0')
		return false;
	len = snprintf(text, INNER_TEXT_MAX,
	    "%d:%d:%d:%d:%d:%lu:%lu:%s:%s:", (int)inner->calls.program,
	    inner->calls.are_paths_real, inner->calls.is_reading, inner->calls.keeps_metadata,
	    inner->has_rules, (unsigned long)inner->uid, (unsigned long)inner->gid, inner->user,
	    inner->group);
	return len > 0 && len < INNER_TEXT_MAX;
}

/* Takes what stands before the next colon into field[cap]. */
static bool
take(const char **text, char *field, size_t cap)
{
	const char *colon = strchr(*text, ':');
	size_t len;

	if (colon == NULL)
		return false;
	len = (size_t)(colon - *text);
	if (len >= cap)
		return false;
	memcpy(field, *text, len);
	field[len] = '\0';
	*text = colon + 1;
	return true;
}

static bool
take_number(const char **text, uint64_t max, uint64_t *number)
{
	char field[24];

	return take(text, field, sizeof(field)) && num_parse(field, 0, max, number) == 0;
}

bool
inner_parse(const char *text, struct inner *inner)
{
	uint64_t program, real, reading, keeps, rules, uid, gid;

	*inner = (struct inner){0};
	if (!take_number(&text, CALLS_PROGRAMS - 1, &program) ||
	    !take_number(&text, 1, &real) || !take_number(&text, 1, &reading) ||
	    !take_number(&text, 1, &keeps) || !take_number(&text, 1, &rules) ||
	    !take_number(&text, UINT32_MAX - 1, &uid) ||
	    !take_number(&text, UINT32_MAX - 1, &gid) ||
	    !take(&text, inner->user, sizeof(inner->user)) ||
	    !take(&text, inner->group, sizeof(inner->group)) || *text != '\0')
		return false;
	inner->calls.program = (enum calls_program)program;
	inner->calls.are_paths_real = real != 0;
	inner->calls.is_reading = reading != 0;
	inner->calls.keeps_metadata = keeps != 0;
	inner->has_rules = rules != 0;
	inner->uid = (uid_t)uid;
	inner->gid = (gid_t)gid;
	return inner->user[0] != '\0';
}
