/* Lists of group names. */
#include "daemon/conn_groups.h"

#include <stdlib.h>
#include <string.h>

bool
conn_groups_copy(struct conn_groups *copy, const struct conn_groups *groups)
{
	*copy = (struct conn_groups){.names = calloc(groups->count + 1, sizeof(char *))};
	while (copy->names != NULL && copy->count < groups->count) {
		char *name = strdup(groups->names[copy->count]);
		if (name == NULL)
			break;
		copy->names[copy->count++] = name;
	}
	if (copy->names != NULL && copy->count == groups->count)
		return true;
	conn_groups_free(copy);
	return false;
}

void
conn_groups_free(struct conn_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->names[i]);
	free(groups->names);
	*groups = (struct conn_groups){0};
}
