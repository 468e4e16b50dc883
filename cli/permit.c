/* Grants to PermitOpen. The decision itself is asked, so that the two agree. */
#include "cli/permit.h"

#include "cli/members.h"
#include "policy/decide.h"
#include "policy/vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
	const struct policy *policy;
	const struct member *member;
	time_t now;
};

/* Does a line give this right, now or at another time? */
static bool
is_given(const struct finding *f, const char *vm, const char *right)
{
	struct question question = {.user = f->member->name,
	    .groups = f->member->groups,
	    .group_count = f->member->group_count,
	    .vm = vm,
	    .right = right,
	    .at = f->now};
	struct answer answer;

	decide(f->policy, &question, &answer);
	return answer.verdict == VERDICT_ALLOW || answer.line[0] != '\0';
}

/* Whoever may only look needs the same endpoint. */
static bool
is_open(const struct finding *f, const char *vm, const char *right)
{
	char view[64];

	if (is_given(f, vm, right))
		return true;
	if (strcmp(right, "spice") != 0 && strcmp(right, "vnc") != 0)
		return false;
	snprintf(view, sizeof(view), "%s:view", right);
	return is_given(f, vm, view);
}

static size_t
put_vm(const struct finding *f, const struct vm *vm, FILE *out, size_t entries)
{
	for (size_t i = 0; i < vm->endpoint_count; i++) {
		const struct vm_endpoint *endpoint = &vm->endpoints[i];

		if (!is_open(f, vm->name, endpoint->right))
			continue;
		if (endpoint->port != 0)
			fprintf(
			    out, "%s%s:%u", entries++ > 0 ? " " : "", vm->name, endpoint->port);
		fprintf(out, "%s[/run/sallyport/vm/%s/%s]:*", entries++ > 0 ? " " : "",
		    vm->name, endpoint->right);
	}
	return entries;
}

static int
fill(const struct finding *f, struct permit *permit)
{
	size_t len;
	FILE *out = open_memstream(&permit->open, &len);

	if (out == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < policy_vm_count(f->policy); i++)
		permit->entries = put_vm(f, policy_vm(f->policy, i), out, permit->entries);
	if (fclose(out) != 0)
		return -ENOMEM;
	permit->user = strdup(f->member->name);
	return permit->user != NULL ? 0 : -ENOMEM;
}

static int
compare(const void *a, const void *b)
{
	const struct permit *x = a, *y = b;
	int order = strcmp(x->open, y->open);

	return order != 0 ? order : strcmp(x->user, y->user);
}

int
permit_find(const struct policy *policy, time_t now, struct permits *permits)
{
	struct members members;
	int err = members_find(policy, &members);

	*permits = (struct permits){0};
	if (err == 0)
		permits->list = calloc(members.count + 1, sizeof(*permits->list));
	if (err == 0 && permits->list == NULL)
		err = -ENOMEM;
	for (size_t i = 0; err == 0 && i < members.count; i++) {
		struct finding f = {.policy = policy, .member = &members.list[i], .now = now};
		if (!f.member->is_root)
			err = fill(&f, &permits->list[permits->count++]);
	}
	if (err == 0)
		qsort(permits->list, permits->count, sizeof(*permits->list), compare);
	members_free(&members);
	return err;
}

void
permit_free(struct permits *permits)
{
	for (size_t i = 0; i < permits->count; i++) {
		free(permits->list[i].user);
		free(permits->list[i].open);
	}
	free(permits->list);
	*permits = (struct permits){0};
}
