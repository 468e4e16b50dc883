/* A hash table, so that a file of a million lines loads in a second. */
#include "policy/grants_who.h"

#include "lib/proto.h"
#include "policy/array.h"
#include "policy/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MIN  1024
#define GROUPS_MAX (PROTO_GROUPS_MAX - 1) /* the gated group is asked for with them */

/* Where who stands in the table, or would. */
static uint32_t *
slot(const struct grants *grants, const char *name, bool is_group)
{
	size_t at = (size_t)hash_str(name) & (grants->index_size - 1);

	for (;; at = (at + 1) & (grants->index_size - 1)) {
		uint32_t n = grants->index[at];
		if (n == 0 || (grants->whos[n - 1].is_group == is_group &&
				  strcmp(grants->whos[n - 1].name, name) == 0))
			return &grants->index[at];
	}
}

/* Keeps the table at most half full. */
static int
make_room(struct grants *grants)
{
	size_t size = grants->index_size > 0 ? grants->index_size : INDEX_MIN;
	uint32_t *old = grants->index;

	if (grants->who_count >= UINT32_MAX / 4)
		return -ENOMEM;
	while (size < 2 * (grants->who_count + 1))
		size *= 2;
	if (size == grants->index_size)
		return 0;
	grants->index = calloc(size, sizeof(*grants->index));
	if (grants->index == NULL) {
		grants->index = old;
		return -ENOMEM;
	}
	grants->index_size = size;
	for (size_t i = 0; i < grants->who_count; i++)
		*slot(grants, grants->whos[i].name, grants->whos[i].is_group) = (uint32_t)i + 1;
	free(old);
	return 0;
}

static int
add_group(struct grants *grants)
{
	size_t *grown;

	if (grants->group_count == GROUPS_MAX)
		return -ENOSPC;
	grown = array_grow(grants->groups, grants->group_count, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	grants->groups = grown;
	grants->groups[grants->group_count++] = grants->who_count;
	return 0;
}

int
grants_who_add(struct grants *grants, const char *text, bool is_group, size_t *index)
{
	struct grant_who *whos, who = {.is_group = is_group};
	uint32_t *at;
	int err = make_room(grants);

	if (err < 0)
		return err;
	at = slot(grants, text + is_group, is_group);
	if (*at != 0) {
		*index = *at - 1;
		return 0;
	}
	whos = array_grow(grants->whos, grants->who_count, sizeof(who));
	if (whos == NULL)
		return -ENOMEM;
	grants->whos = whos;
	err = is_group ? add_group(grants) : 0;
	if (err < 0)
		return err;
	who.text = strdup(text);
	if (who.text == NULL)
		return -ENOMEM; /* the load ends here, and nobody looks at the groups */
	who.name = who.text + is_group;
	grants->whos[grants->who_count] = who;
	*index = grants->who_count++;
	*at = (uint32_t)grants->who_count;
	return 0;
}

const struct grant_who *
grants_who_find(const struct grants *grants, const char *name, bool is_group)
{
	uint32_t n = grants->index != NULL ? *slot(grants, name, is_group) : 0;

	return n != 0 ? &grants->whos[n - 1] : NULL;
}
