/* The decision. Everything here denies until a line says otherwise. */
#include "policy/decide.h"

#include "lib/escape.h"
#include "lib/proto.h"
#include "policy/model.h"
#include "policy/next.h"
#include "policy/rights.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The question, looked up in the policy. */
struct matter {
	const struct policy *policy;
	const struct question *question;
	const struct vm *vm; /* NULL for the host */
	uint32_t needed;
	const char *name;                 /* of the service or run when RIGHT_NAMED is needed */
	bool is_member[PROTO_GROUPS_MAX]; /* of the policy's groups */
	size_t *grants;                   /* indexes of the lines that give something needed */
	struct next_line *lines;          /* the same as next.h wants them */
	size_t count;
};

/* --- what is asked ------------------------------------------------------------ */

/* Whether the VM has that which the fixed word needs. */
static bool
vm_has(const struct vm *vm, uint32_t needed)
{
	if ((needed & RIGHT_SHELL) != 0)
		return vm == NULL;
	if (vm == NULL)
		return false;
	if ((needed & (RIGHT_SPICE | RIGHT_SPICE_VIEW | RIGHTS_WITH_SPICE)) != 0)
		return vms_endpoint(vm, "spice") != NULL;
	if ((needed & (RIGHT_VNC | RIGHT_VNC_VIEW)) != 0)
		return vms_endpoint(vm, "vnc") != NULL;
	if ((needed & RIGHT_SERIAL) != 0)
		return vms_endpoint(vm, "serial") != NULL;
	if ((needed & (RIGHT_SFTP | RIGHT_SFTP_RO)) != 0)
		return vm->folder != NULL;
	return false;
}

/* Fills in what is asked for; static text when there is no such thing. */
static const char *
look_up(struct matter *matter)
{
	const struct question *q = matter->question;
	const char *right = q->right;
	bool is_host = strcmp(q->vm, "host") == 0;

	matter->vm = is_host ? NULL : vms_find(&matter->policy->vms, q->vm);
	if (matter->vm == NULL && !is_host)
		return "no such VM";
	matter->needed = rights_needed(right);
	if (matter->needed != 0)
		return vm_has(matter->vm, matter->needed) ? NULL : "no such right on this VM";
	matter->needed = RIGHT_NAMED;
	matter->name = is_host && strncmp(right, "run:", 4) == 0 ? right + 4 : right;
	if (is_host ? matter->name == right ||
			  vms_find_run(&matter->policy->vms, matter->name) == NULL
		    : vms_endpoint(matter->vm, right) == NULL)
		return "no such right on this VM";
	return NULL;
}

/* --- which lines -------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Finds each of the policy's groups among the question's, which come in any order
 * and may be many. False when there is no memory. */
static bool
find_groups(struct matter *matter)
{
	const struct question *q = matter->question;
	const struct grants *grants = &matter->policy->grants;
	const char **sorted;

	if (q->group_count == 0 || grants->group_count == 0)
		return true;
	sorted = calloc(q->group_count, sizeof(*sorted));
	if (sorted == NULL)
		return false;
	memcpy(sorted, q->groups, q->group_count * sizeof(*sorted));
	qsort(sorted, q->group_count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < grants->group_count && i < PROTO_GROUPS_MAX; i++)
		matter->is_member[i] = bsearch(&grants->whos[grants->groups[i]].name, sorted,
					   q->group_count, sizeof(*sorted), by_name) != NULL;
	free(sorted);
	return true;
}

static bool
is_about(const struct matter *matter, const struct grant *grant)
{
	const struct grant_who *who = &matter->policy->grants.whos[grant->who];

	if (grant->scope == GRANT_HOST ? matter->vm != NULL : matter->vm == NULL)
		return false;
	if (grant->scope == GRANT_VM && strcmp(grant->vm, matter->question->vm) != 0)
		return false;
	if (who->is_group)
		return who->group < PROTO_GROUPS_MAX && matter->is_member[who->group];
	return strcmp(who->name, matter->question->user) == 0;
}

/* Which of the needed bits the line gives. */
static uint32_t
given(const struct matter *matter, const struct grant *grant)
{
	if (matter->needed != RIGHT_NAMED)
		return grant->rights & matter->needed;
	for (size_t i = 0; grant->names != NULL && grant->names[i] != NULL; i++)
		if (strcmp(grant->names[i], matter->name) == 0)
			return RIGHT_NAMED;
	return 0;
}

/* Gathers the lines that have to do with it. False when there is no memory. */
static bool
gather(struct matter *matter)
{
	const struct grants *grants = &matter->policy->grants;
	size_t count = 0;

	for (size_t i = 0; i < grants->count; i++)
		count += is_about(matter, &grants->grants[i]) &&
			 given(matter, &grants->grants[i]) != 0;
	matter->grants = calloc(count + 1, sizeof(*matter->grants));
	matter->lines = calloc(count + 1, sizeof(*matter->lines));
	if (matter->grants == NULL || matter->lines == NULL)
		return false;
	for (size_t i = 0; i < grants->count; i++) {
		const struct grant *grant = &grants->grants[i];
		uint32_t gives = is_about(matter, grant) ? given(matter, grant) : 0;
		if (gives == 0)
			continue;
		matter->grants[matter->count] = i;
		matter->lines[matter->count].when = &grant->when;
		matter->lines[matter->count++].gives = gives;
	}
	return true;
}

/* --- the answer --------------------------------------------------------------- */

static bool
could_ever(const struct matter *matter)
{
	uint32_t all = 0;

	for (size_t i = 0; i < matter->count; i++)
		all |= matter->lines[i].gives;
	return (all & matter->needed) == matter->needed;
}

/* The first line that holds now, or does not. */
static const struct grant *
first_line(const struct matter *matter, const struct when_clock *clock, bool holds)
{
	for (size_t i = 0; i < matter->count; i++)
		if (when_holds(matter->lines[i].when, clock) == holds)
			return &matter->policy->grants.grants[matter->grants[i]];
	return NULL;
}

static void
cite(struct answer *answer, const struct grant *grant)
{
	char file[64];

	if (grant == NULL)
		return;
	escape_str(file, sizeof(file), grant->file);
	snprintf(answer->line, sizeof(answer->line), "%s:%zu", file, grant->line);
	escape_str(answer->text, sizeof(answer->text), grant->text);
}

static void
judge(const struct matter *matter, struct answer *answer)
{
	struct next_lines lines = {
	    .lines = matter->lines, .count = matter->count, .needed = matter->needed};
	struct when_clock clock;

	answer->reason = "no grant";
	if (!could_ever(matter))
		return;
	answer->reason = "not at this time";
	if (!when_clock(matter->question->at, &clock))
		return;
	answer->next_change = next_change(&lines, matter->question->at);
	if (next_holds(&lines, &clock)) {
		answer->verdict = VERDICT_ALLOW;
		answer->reason = "granted";
	}
	cite(answer, first_line(matter, &clock, answer->verdict == VERDICT_ALLOW));
}

void
decide(const struct policy *policy, const struct question *question, struct answer *answer)
{
	struct matter matter = {.policy = policy, .question = question};
	const char *missing;

	*answer = (struct answer){.verdict = VERDICT_DENY, .reason = "no question"};
	if (question->user == NULL || *question->user == '\0' || question->vm == NULL ||
	    question->right == NULL || (question->group_count > 0 && question->groups == NULL))
		return;
	missing = look_up(&matter);
	if (missing != NULL) {
		answer->reason = missing;
		return;
	}
	if (find_groups(&matter) && gather(&matter))
		judge(&matter, answer);
	else
		answer->reason = "out of memory";
	free(matter.grants);
	free(matter.lines);
}
