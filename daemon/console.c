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

/* Main stands first, though it ends last. */
static void
add_word(char *list, const char *word, size_t len, bool is_first)
{
	size_t used = strlen(list);

	if (used == 0) {
		memcpy(list, word, len + 1);
	} else if (is_first) {
		memmove(list + len + 1, list, used + 1);
		memcpy(list, word, len);
		list[len] = ' ';
	} else {
		list[used] = ' ';
		memcpy(list + used + 1, word, len + 1);
	}
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
	len = snprintf(word, sizeof(word), "%s:%u=%" PRIu64 "/%" PRIu64 "/%" PRId64, kind->name,
	    id, up, down, ms);
	if (console->unlisted == 0 && (size_t)len + 1 < room)
		add_word(console->list, word, (size_t)len, type == SPICE_MAIN);
	else
		console->unlisted++;
}
