/* Flags, names. */
#include "virt/watch_list.h"

#include "lib/proto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 1
#define LAST  2

int
watch_list_read(struct wire_in *in, struct watch_list *list)
{
	uint8_t flags = wire_get_u8(in);
	size_t n = wire_get_u16(in);
	char name[PROTO_NAME_MAX + 1];
	int err = -EBADMSG;

	*list = (struct watch_list){.is_first = flags & FIRST, .is_last = flags & LAST};
	if (in->failed || n > WATCH_LIST_MAX)
		return -EBADMSG;
	list->names = calloc(n + 1, sizeof(*list->names));
	if (list->names == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		wire_get_str(in, name, sizeof(name));
		list->names[i] = in->failed ? NULL : strdup(name);
		if (list->names[i] == NULL)
			break;
		list->count++;
	}
	if (!in->failed && list->count < n)
		err = -ENOMEM;
	else if (wire_end(in) == 0)
		return 0;
	watch_list_free(list);
	return err;
}

void
watch_list_free(struct watch_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct watch_list){0};
}
