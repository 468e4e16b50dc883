/* What was taken, and the list for the record. */
#include "daemon/console.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX   96 /* " smartcard*256=" and three numbers */
#define NUMBER_MAX 24

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

static void
add(uint64_t *sum, uint64_t bytes)
{
	if (*sum == CONSOLE_UNCOUNTED || bytes == CONSOLE_UNCOUNTED)
		*sum = CONSOLE_UNCOUNTED;
	else
		*sum += bytes;
}

static const char *
in_text(uint64_t bytes, char text[NUMBER_MAX])
{
	if (bytes == CONSOLE_UNCOUNTED)
		return "-";
	snprintf(text, NUMBER_MAX, "%" PRIu64, bytes);
	return text;
}

void
console_add(
    struct console *console, uint8_t type, uint8_t id, uint64_t up, uint64_t down, int64_t ms)
{
	const struct spice_kind *kind = spice_kind_find(type);
	struct console_sum *sum;
	char word[WORD_MAX], a[NUMBER_MAX], b[NUMBER_MAX];
	int len;

	add(&console->up, up);
	add(&console->down, down);
	if (kind == NULL || type >= CONSOLE_TYPES)
		return;
	sum = &console->sums[type];
	sum->count++;
	add(&sum->up, up);
	add(&sum->down, down);
	if (ms > 0 && (uint64_t)ms > sum->ms)
		sum->ms = (uint64_t)ms;
	len = snprintf(word, sizeof(word), "%s:%u=%s/%s/%" PRId64, kind->name, id,
	    in_text(up, a), in_text(down, b), ms);
	if (strlen(console->list) + 1 + (size_t)len < sizeof(console->list))
		add_word(console->list, word, (size_t)len, type == SPICE_MAIN);
	else
		console->is_full = true;
}

void
console_list(const struct console *console, char text[PROTO_TEXT_MAX + 1])
{
	char a[NUMBER_MAX], b[NUMBER_MAX];
	size_t used = 0;

	snprintf(text, PROTO_TEXT_MAX + 1, "%s", console->is_full ? "" : console->list);
	for (uint8_t type = 1; console->is_full && type < CONSOLE_TYPES; type++) {
		const struct console_sum *sum = &console->sums[type];

		if (sum->count == 0 || used + WORD_MAX > PROTO_TEXT_MAX)
			continue; /* not the second: all kinds have room */
		used +=
		    (size_t)snprintf(text + used, WORD_MAX, "%s%s*%" PRIu64 "=%s/%s/%" PRIu64,
			used > 0 ? " " : "", spice_kind_find(type)->name, sum->count,
			in_text(sum->up, a), in_text(sum->down, b), sum->ms);
	}
}
