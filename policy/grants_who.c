/* Found by name, so that a file of a million lines loads in a second. */
#include "policy/grants_who.h"

#include "lib/array.h"
#include "lib/proto.h"
#include "policy/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX (PROTO_GROUPS_MAX - 1) /* the gated group is asked for with them */

static uint32_t
find(const struct grants *grants, uint64_t hash, const char *name, bool is_group)
{
	size_t at;
	uint32_t n = index_first(&grants->names, hash, &at);

	while (n != INDEX_NONE && (grants->whos[n].is_group != is_group ||
				      strcmp(grants->whos[n].name, name) != 0))
		n = index_next(&grants->names, hash, &at);
	return n;
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
	uint64_t hash = hash_str(text + is_group);
	uint32_t known = find(grants, hash, text + is_group, is_group);
	int err;

	*index = known != INDEX_NONE ? known : grants->who_count;
	if (known != INDEX_NONE)
		return 0;
	whos = array_grow(grants->whos, grants->who_count, sizeof(who));
	if (whos == NULL)
		return -ENOMEM;
	grants->whos = whos;
	err = is_group ? add_group(grants) : 0;
	if (err < 0)
		return err;
	who.text = strdup(text);
	err = who.text != NULL && grants->who_count < INDEX_NONE
		  ? index_add(&grants->names, hash, (uint32_t)grants->who_count)
		  : -ENOMEM;
	if (err < 0) { /* the load ends here, and nobody looks at the groups */
		free(who.text);
		return err;
	}
	who.name = who.text + is_group;
	grants->whos[grants->who_count++] = who;
	return 0;
}

const struct grant_who *
grants_who_find(const struct grants *grants, const char *name, bool is_group)
{
	uint32_t n = find(grants, hash_str(name), name, is_group);

	return n != INDEX_NONE ? &grants->whos[n] : NULL;
}
