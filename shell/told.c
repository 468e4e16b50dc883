/* Unpacks told. */
#include "shell/told.h"

#include "lib/array.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX   131072
#define SEATS_MAX  2
#define RIGHTS_MAX 256

static char *
get_text(struct wire_in *in)
{
	char raw[PROTO_TEXT_MAX + 1], *text;

	wire_get_str(in, raw, sizeof(raw));
	text = strdup(raw);
	if (text == NULL)
		in->failed = true;
	return text;
}

/* list with room for one more than count, and that one zeroed; NULL, and in failed: too
 * many, or no memory. */
static void *
grow(void *list, size_t count, size_t size, struct wire_in *in)
{
	char *grown = count < ROWS_MAX ? array_grow(list, count, size) : NULL;

	if (grown == NULL)
		in->failed = true;
	else
		memset(grown + count * size, 0, size);
	return grown;
}

static void
take_header(struct told *told, struct wire_in *in)
{
	if (told->has_header) {
		in->failed = true;
		return;
	}
	told->has_header = true;
	told->user = get_text(in);
	told->key = get_text(in);
	told->time = get_text(in);
	told->now = wire_get_u64(in);
	told->gateway = get_text(in);
	told->port = wire_get_u16(in);
	told->may_have_shell = wire_get_u8(in) == 1;
}

static void
take_seats(struct vm_row *vm, struct wire_in *in)
{
	size_t n = wire_get_u8(in);

	in->failed |= n > SEATS_MAX;
	for (size_t i = 0; i < n && !in->failed; i++) {
		struct seat_row *grown = grow(vm->seats, vm->seat_count, sizeof(*grown), in);
		struct seat_row *row;

		if (grown == NULL)
			return;
		vm->seats = grown;
		row = &grown[vm->seat_count++];
		row->seat = get_text(in);
		row->state = (enum proto_seat)wire_get_u8(in);
		row->user = get_text(in);
		row->since = wire_get_u64(in);
	}
}

static void
take_rights(struct vm_row *vm, struct wire_in *in)
{
	size_t n = wire_get_u16(in);

	in->failed |= n > RIGHTS_MAX;
	for (size_t i = 0; i < n && !in->failed; i++) {
		struct right_row *grown = grow(vm->rights, vm->right_count, sizeof(*grown), in);
		struct right_row *row;

		if (grown == NULL)
			return;
		vm->rights = grown;
		row = &grown[vm->right_count++];
		row->right = get_text(in);
		row->port = wire_get_u16(in);
	}
}

static void
take_vm(struct told *told, struct wire_in *in)
{
	struct vm_row *grown = grow(told->vms, told->vm_count, sizeof(*grown), in);
	struct vm_row *vm;

	if (grown == NULL)
		return;
	told->vms = grown;
	vm = &grown[told->vm_count++];
	vm->vm = get_text(in);
	vm->title = get_text(in);
	vm->state = get_text(in);
	vm->when = get_text(in);
	vm->from = wire_get_u64(in);
	vm->until = wire_get_u64(in);
	take_seats(vm, in);
	take_rights(vm, in);
}

static void
take_right(struct told *told, struct wire_in *in)
{
	struct right_row *grown = grow(told->rights, told->right_count, sizeof(*grown), in);
	struct right_row *row;

	if (grown == NULL)
		return;
	told->rights = grown;
	row = &grown[told->right_count++];
	row->vm = get_text(in);
	row->right = get_text(in);
	row->is_allowed = wire_get_u8(in) == 1;
	row->why = get_text(in);
	row->when = get_text(in);
	row->from = wire_get_u64(in);
	row->until = wire_get_u64(in);
}

static void
take_seat(struct told *told, struct wire_in *in)
{
	struct seat_row *grown = grow(told->seats, told->seat_count, sizeof(*grown), in);
	struct seat_row *row;

	if (grown == NULL)
		return;
	told->seats = grown;
	row = &grown[told->seat_count++];
	row->vm = get_text(in);
	row->seat = get_text(in);
	row->state = (enum proto_seat)wire_get_u8(in);
	row->user = get_text(in);
	row->since = wire_get_u64(in);
	row->until = wire_get_u64(in);
	row->words = get_text(in);
	row->advice = get_text(in);
}

static void
free_seats(struct seat_row *seats, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(seats[i].vm);
		free(seats[i].seat);
		free(seats[i].user);
		free(seats[i].words);
		free(seats[i].advice);
	}
	free(seats);
}

static void
free_rights(struct right_row *rights, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rights[i].vm);
		free(rights[i].right);
		free(rights[i].why);
		free(rights[i].when);
	}
	free(rights);
}

/* All but the header. */
static void
forget(struct told *told)
{
	for (size_t i = 0; i < told->vm_count; i++) {
		struct vm_row *vm = &told->vms[i];

		free(vm->vm);
		free(vm->title);
		free(vm->state);
		free(vm->when);
		free_seats(vm->seats, vm->seat_count);
		free_rights(vm->rights, vm->right_count);
	}
	free(told->vms);
	free_seats(told->seats, told->seat_count);
	free_rights(told->rights, told->right_count);
	told->vms = NULL;
	told->seats = NULL;
	told->rights = NULL;
	told->vm_count = told->seat_count = told->right_count = 0;
}

void
told_free(struct told *told)
{
	forget(told);
	free(told->user);
	free(told->key);
	free(told->time);
	free(told->gateway);
	*told = (struct told){0};
}

void
told_take(struct told *told, uint8_t type, struct wire_in *in)
{
	switch (type) {
	case PROTO_SHELL_PAGE:
		take_header(told, in);
		break;
	case PROTO_SHELL_VM:
		take_vm(told, in);
		break;
	case PROTO_SHELL_RIGHT:
		take_right(told, in);
		break;
	case PROTO_SHELL_SEAT:
		take_seat(told, in);
		break;
	case PROTO_SHELL_AFRESH:
		forget(told);
		break;
	default:
		return; /* of a later version: not needed to understand the others */
	}
	if (wire_end(in) < 0)
		told->failed = true;
}
