/* What was taken, and the list for the record. */
#include "daemon/console.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIST_END 24 /* bytes kept for " and N more" */

bool
console_is_same_seat(enum console_kind a, enum console_kind b)
{
	return (a == CONSOLE_SERIAL) == (b == CONSOLE_SERIAL);
}

bool
console_take(struct console *console, uint8_t type, uint8_t id)
{
	uint8_t *place, bit = (uint8_t)(1u << (id % 8));

	if (type >= CONSOLE_TYPES)
		return false;
	place = &console->taken[type][id / 8];
	if ((*place & bit) != 0)
		return false;
	*place |= bit;
	return true;
}

void
console_give_back(struct console *console, uint8_t type, uint8_t id)
{
	if (type < CONSOLE_TYPES)
		console->taken[type][id / 8] &= (uint8_t) ~(1u << (id % 8));
}

void
console_sum(
    struct console *console, uint8_t type, uint8_t id, uint64_t up, uint64_t down, int64_t ms)
{
	const struct spice_kind *kind = spice_kind_find(type);
	size_t used = strlen(console->list), room = sizeof(console->list) - used - LIST_END;
	char word[96];
	int len;

	console->up += up;
	console->down += down;
	if (kind == NULL)
		return;
	len = snprintf(word, sizeof(word), "%s%s:%u=%" PRIu64 "/%" PRIu64 "/%" PRId64,
	    used > 0 ? " " : "", kind->name, id, up, down, ms);
	if (console->unlisted == 0 && (size_t)len < room)
		memcpy(console->list + used, word, (size_t)len + 1);
	else
		console->unlisted++;
}
