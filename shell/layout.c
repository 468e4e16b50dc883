/* Columns are as wide as what stands in them, within bounds; one that would be empty is
 * left out. */
#include "shell/layout.h"

#include "shell/commands.h"
#include "shell/glyph.h"

#include <stdio.h>
#include <string.h>

#define BLOCKS_MAX 4  /* VMs whose commands are on the page */
#define NAME_MAX_W 24 /* columns; a longer name has a line of its own */
#define USER_MAX_W 12
#define RIGHTS_MIN 24 /* columns that what he may shall have */
#define TITLE_MIN  12 /* a title that would be cut to less is left out */

static bool
is_host(const struct vm_row *vm)
{
	return strcmp(vm->vm, "host") == 0;
}

/* The rights that lead somewhere, or the others, blanks between them. */
static void
join_rights(const struct vm_row *vm, bool is_detail, char *text, size_t cap)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < vm->right_count && used < cap; i++) {
		const char *right = vm->rights[i].right;

		if (commands_is_detail(right) == is_detail)
			used += (size_t)snprintf(
			    text + used, cap - used, "%s%s", used > 0 ? " " : "", right);
	}
}

static const struct seat_row *
find_seat(const struct vm_row *vm, const char *name)
{
	for (size_t i = 0; i < vm->seat_count; i++)
		if (strcmp(vm->seats[i].seat, name) == 0)
			return &vm->seats[i];
	return NULL;
}

/* Whose it is, in a word. */
static const char *
seat_word(const struct seat_row *seat)
{
	if (seat == NULL)
		return "";
	switch (seat->state) {
	case PROTO_SEAT_FREE:
		return "free";
	case PROTO_SEAT_YOURS:
		return "yours";
	case PROTO_SEAT_TAKEN:
		return seat->user;
	case PROTO_SEAT_NONE:
	default:
		return "";
	}
}

void
layout_header(struct sheet *sheet, const struct told *told)
{
	char target[2048], *at;

	commands_target(told, target, sizeof(target));
	at = strrchr(target, '@');
	sheet_put(sheet, sheet->is_styled ? "\033[1m" : "");
	sheet_foreign(sheet, told->user);
	sheet_format(sheet, " on %s", at != NULL ? at + 1 : target);
	sheet_put(sheet, sheet->is_styled ? "\033[0m" : "");
	sheet_put(sheet, ", key ");
	sheet_foreign(sheet, told->key);
	sheet_format(sheet, ", %s\n", told->time);
}

/* --- the table ---------------------------------------------------------------------- */

enum column {
	COLUMN_VM,
	COLUMN_STATE,
	COLUMN_SCREEN,
	COLUMN_SERIAL,
	COLUMN_UNTIL,
	COLUMN_RIGHTS, /* what he may, or from when on */
	COLUMN_TITLE,
	COLUMNS
};

static const char *const heads[COLUMNS] = {
    "VM", "STATE", "SCREEN", "SERIAL", "UNTIL", "YOU MAY", "TITLE"};
static const size_t widest[COLUMNS] = {
    NAME_MAX_W, 10, USER_MAX_W, USER_MAX_W, 16, 0, SHEET_COLUMNS};

struct cells {
	const char *text[COLUMNS];
	char rights[4096], until[64];
};

static void
fill(struct cells *cells, const struct vm_row *vm)
{
	const char *until = "until ";

	join_rights(vm, false, cells->rights, sizeof(cells->rights));
	if (vm->right_count == 0)
		snprintf(cells->rights, sizeof(cells->rights), "nothing now; %s", vm->when);
	snprintf(cells->until, sizeof(cells->until), "%s",
	    strncmp(vm->when, until, strlen(until)) == 0 ? vm->when + strlen(until) : "");
	cells->text[COLUMN_VM] = vm->vm;
	cells->text[COLUMN_STATE] = vm->state;
	cells->text[COLUMN_SCREEN] = seat_word(find_seat(vm, "screen"));
	cells->text[COLUMN_SERIAL] = seat_word(find_seat(vm, "serial"));
	cells->text[COLUMN_UNTIL] = cells->until;
	cells->text[COLUMN_RIGHTS] = cells->rights;
	cells->text[COLUMN_TITLE] = vm->title;
}

struct table {
	size_t width[COLUMNS]; /* 0: left out */
	size_t rights_at;      /* where that column begins */
	bool is_below;         /* there is no room for it but in the next line */
};

static size_t
width_of(const char *foreign)
{
	char text[4096];

	return glyph_width(glyph_escape(text, sizeof(text), foreign));
}

static void
measure_cells(struct table *table, const struct cells *cells)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t width = width_of(cells->text[i]);

		/* A name of its own line says nothing about the column. */
		if (i == COLUMN_VM && width > widest[i])
			continue;
		if (widest[i] > 0 && width > widest[i])
			width = widest[i];
		if (width > table->width[i])
			table->width[i] = width;
	}
}

static void
measure(struct table *table, const struct told *told)
{
	static struct cells cells;
	size_t used = 2, left;

	*table = (struct table){0};
	for (size_t i = 0; i < told->vm_count; i++) {
		fill(&cells, &told->vms[i]);
		measure_cells(table, &cells);
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (table->width[i] > 0 && strlen(heads[i]) > table->width[i])
			table->width[i] = strlen(heads[i]);
	for (size_t i = 0; i < COLUMN_RIGHTS; i++)
		used += table->width[i] > 0 ? table->width[i] + 2 : 0;
	left = used < SHEET_COLUMNS ? SHEET_COLUMNS - used : 0;
	table->is_below = left < RIGHTS_MIN && left < table->width[COLUMN_RIGHTS];
	table->rights_at = table->is_below ? table->width[COLUMN_VM] + 4 : used;
	/* What is right of the rights is the title's, if it is enough for one. */
	if (table->is_below || table->width[COLUMN_TITLE] == 0 ||
	    left < table->width[COLUMN_RIGHTS] + 2 + TITLE_MIN)
		table->width[COLUMN_TITLE] = 0;
	else
		table->width[COLUMN_TITLE] = left - table->width[COLUMN_RIGHTS] - 2;
}

static void
put_line(struct sheet *sheet, const struct table *table, const struct cells *cells)
{
	const char *vm = cells->text[COLUMN_VM];

	sheet_put(sheet, "  ");
	sheet_cell(sheet, vm, table->width[COLUMN_VM], true);
	if (width_of(vm) > table->width[COLUMN_VM])
		sheet_format(sheet, "\n%*s", (int)table->width[COLUMN_VM] + 4, "");
	for (size_t i = COLUMN_VM + 1; i < COLUMN_RIGHTS; i++) {
		char text[4096];

		if (table->width[i] == 0)
			continue;
		glyph_escape(text, sizeof(text), cells->text[i]);
		glyph_cut(text, table->width[i]);
		sheet_format(
		    sheet, "%s%*s", text, (int)(table->width[i] - glyph_width(text)) + 2, "");
	}
	if (table->is_below)
		sheet_format(sheet, "\n%*s", (int)table->rights_at, "");
	if (table->width[COLUMN_TITLE] == 0 || cells->text[COLUMN_TITLE][0] == '\0') {
		sheet_words(sheet, cells->text[COLUMN_RIGHTS], table->rights_at);
		return;
	}
	sheet_cell(sheet, cells->text[COLUMN_RIGHTS], table->width[COLUMN_RIGHTS], false);
	sheet_cut(sheet, cells->text[COLUMN_TITLE], table->width[COLUMN_TITLE]);
	sheet_put(sheet, "\n");
}

void
layout_table(struct sheet *sheet, const struct told *told)
{
	static struct cells cells;
	struct table table;
	bool is_styled = sheet->is_styled;

	measure(&table, told);
	memcpy(cells.text, heads, sizeof(heads));
	sheet->is_styled = false;
	put_line(sheet, &table, &cells);
	sheet->is_styled = is_styled;
	for (size_t i = 0; i < told->vm_count; i++) {
		fill(&cells, &told->vms[i]);
		put_line(sheet, &table, &cells);
	}
}

/* --- a VM with all that belongs to it ------------------------------------------------- */

/* Adds to a list of words, comma between them. */
static void
append(char *text, size_t cap, const char *format, const char *a, const char *b)
{
	size_t used = strlen(text);

	if (used > 0 && used + 2 < cap)
		used += (size_t)snprintf(text + used, cap - used, ", ");
	snprintf(text + used, cap - used, format, a, b);
}

/* "running, screen free, serial maggie's, until Thu 24:00" */
static void
describe(const struct vm_row *vm, char *text, size_t cap)
{
	text[0] = '\0';
	if (vm->state[0] != '\0')
		append(text, cap, "%s%s", vm->state, "");
	for (size_t i = 0; i < vm->seat_count; i++)
		append(text, cap,
		    vm->seats[i].state == PROTO_SEAT_TAKEN ? "%s taken by %s" : "%s %s",
		    vm->seats[i].seat, seat_word(&vm->seats[i]));
	if (vm->right_count == 0)
		append(text, cap, "nothing now, %s%s", vm->when, "");
	else if (vm->when[0] != '\0')
		append(text, cap, "%s%s", vm->when, "");
}

static void
put_line_of_block(struct sheet *sheet, const char *label, const char *text, size_t width)
{
	sheet_put(sheet, "  ");
	sheet_cell(sheet, label, width, false);
	sheet_put(sheet, text);
	sheet_put(sheet, "\n");
}

static void
put_commands(struct sheet *sheet, const struct told *told, const struct vm_row *vm,
    struct ports *ports, size_t width)
{
	static struct command command;

	for (size_t i = 0; i < vm->right_count; i++) {
		const char *right = vm->rights[i].right;

		if (!commands_make(told, vm, i, ports, &command))
			continue;
		right = strncmp(right, "run:", 4) == 0 ? right + 4 : right;
		put_line_of_block(
		    sheet, command.label != NULL ? command.label : right, command.run, width);
		if (command.then[0] != '\0')
			put_line_of_block(sheet, "", command.then, width);
	}
}

/* The widest label, so that all commands begin in one column. */
static size_t
label_width(const struct told *told)
{
	size_t width = 6;

	for (size_t i = 0; i < told->vm_count; i++)
		for (size_t k = 0; k < told->vms[i].right_count; k++) {
			const char *right = told->vms[i].rights[k].right;
			size_t len = strlen(right) - (strncmp(right, "run:", 4) == 0 ? 4 : 0);

			if (len > width && !commands_is_detail(right) &&
			    strchr(right, ':') == NULL)
				width = len;
		}
	return width;
}

static void
put_block(struct sheet *sheet, const struct told *told, const struct vm_row *vm,
    struct ports *ports, size_t width)
{
	char text[4096];

	sheet_put(sheet, "\n");
	sheet_cell(sheet, vm->vm, width + 2, true);
	sheet_foreign(sheet, is_host(vm) ? "this gateway itself" : vm->title);
	describe(vm, text, sizeof(text));
	if (vm->title[0] != '\0' || is_host(vm) || text[0] == '\0')
		sheet_put(sheet, "\n");
	if (text[0] != '\0') {
		if (vm->title[0] != '\0' || is_host(vm))
			sheet_format(sheet, "%*s", (int)width + 4, "");
		sheet_words(sheet, text, width + 4);
	}
	join_rights(vm, true, text, sizeof(text));
	if (text[0] != '\0') {
		sheet_format(sheet, "%*sscreen with ", (int)width + 4, "");
		sheet_words(sheet, text, width + 4 + strlen("screen with "));
	}
	put_commands(sheet, told, vm, ports, width);
}

void
layout_blocks(struct sheet *sheet, const struct told *told)
{
	static struct ports ports;
	size_t width = label_width(told);

	memset(&ports, 0, sizeof(ports));
	for (size_t i = 0; i < told->vm_count; i++)
		put_block(sheet, told, &told->vms[i], &ports, width);
}

void
layout_page(struct sheet *sheet, const struct told *told)
{
	char target[2048];

	commands_target(told, target, sizeof(target));
	layout_header(sheet, told);
	if (told->vm_count == 0) {
		sheet_put(sheet, "  (nothing is open to you on this gateway)\n");
		return;
	}
	if (told->vm_count <= BLOCKS_MAX) {
		layout_blocks(sheet, told);
		sheet_format(
		    sheet, "\nFor ~/.ssh/config: ssh %s vms --config; more: help\n", target);
		return;
	}
	sheet_put(sheet, "\n");
	layout_table(sheet, told);
	sheet_format(sheet,
	    "\nWhat to type for one of them: ssh %s vms VM\n"
	    "For ~/.ssh/config:            ssh %s vms --config\n",
	    target, target);
}

/* --- why, seat ------------------------------------------------------------------------ */

void
layout_rights(struct sheet *sheet, const struct told *told)
{
	for (size_t i = 0; i < told->right_count; i++) {
		const struct right_row *row = &told->rights[i];

		sheet_format(sheet, "%-6s ", row->is_allowed ? "allow" : "deny");
		sheet_foreign(sheet, row->vm);
		sheet_put(sheet, " ");
		sheet_foreign(sheet, row->right);
		sheet_put(sheet, ": ");
		sheet_foreign(sheet, row->why);
		sheet_format(sheet, "%s%s\n", row->when[0] != '\0' ? ", " : "", row->when);
	}
}

void
layout_seats(struct sheet *sheet, const struct told *told)
{
	for (size_t i = 0; i < told->seat_count; i++) {
		const struct seat_row *row = &told->seats[i];

		sheet_foreign(sheet, row->vm);
		sheet_format(sheet, " %s: ", row->seat);
		sheet_foreign(sheet, row->words);
		sheet_put(sheet, "\n");
		if (row->advice[0] == '\0')
			continue;
		sheet_put(sheet, "  ");
		sheet_foreign(sheet, row->advice);
		sheet_put(sheet, "\n");
	}
	layout_rights(sheet, told);
}
