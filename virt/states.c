/* An array; the last thing told of each is kept. */
#include "virt/states.h"

#include "virt/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TELL_MS 200

struct entry {
	char name[PROTO_NAME_MAX + 1];
	enum proto_vm_state now, told;
	bool is_wanted;
};

static struct {
	struct entry *entries;
	size_t count;
	int64_t tell_ms; /* not before */
	bool has_news;
} all;

static struct entry *
find(const char *name)
{
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(all.entries[i].name, name) == 0)
			return &all.entries[i];
	return NULL;
}

static int
want(const char *name)
{
	struct entry *entry = find(name), *grown;

	if (entry == NULL) {
		if (all.count >= WATCH_LIST_MAX)
			return -EMSGSIZE;
		grown = reallocarray(all.entries, all.count + 1, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		all.entries = grown;
		entry = &all.entries[all.count++];
		*entry = (struct entry){.told = PROTO_VM_UNKNOWN};
		memcpy(entry->name, name, strlen(name) + 1);
	}
	entry->is_wanted = true;
	return 0;
}

static void
drop_unwanted(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < all.count; i++)
		if (all.entries[i].is_wanted)
			all.entries[kept++] = all.entries[i];
	all.count = kept;
}

int
states_want(const struct watch_list *list)
{
	int err = 0;

	for (size_t i = 0; list->is_first && i < all.count; i++)
		all.entries[i].is_wanted = false;
	for (size_t i = 0; err == 0 && i < list->count; i++)
		err = want(list->names[i]);
	if (err == 0 && list->is_last)
		drop_unwanted();
	return err;
}

bool
states_has(const char *name)
{
	return find(name) != NULL;
}

size_t
states_count(void)
{
	return all.count;
}

void
states_set(const char *name, enum proto_vm_state state)
{
	struct entry *entry = find(name);

	if (entry != NULL && entry->now != state) {
		entry->now = state;
		all.has_news = true;
	}
}

void
states_forget(void)
{
	for (size_t i = 0; i < all.count; i++)
		all.entries[i].now = PROTO_VM_UNKNOWN;
	all.has_news = all.count > 0;
}

int64_t
states_due_ms(void)
{
	return all.has_news ? all.tell_ms : INT64_MAX;
}

int
states_tell(int64_t now_ms)
{
	int err = 0;

	if (!all.has_news || now_ms < all.tell_ms)
		return 0;
	for (size_t i = 0; i < all.count && err == 0; i++) {
		struct entry *entry = &all.entries[i];
		if (entry->now == entry->told)
			continue;
		entry->told = entry->now;
		err = answer_changed(entry->name, entry->now);
	}
	all.tell_ms = now_ms + TELL_MS;
	all.has_news = false;
	return err;
}
