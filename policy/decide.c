/* The decision. Everything here denies until a line says otherwise. */
#include "policy/decide.h"

#include "lib/array.h"
#include "lib/escape.h"
#include "policy/grants_lines.h"
#include "policy/grants_who.h"
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
	const char *name;        /* of the service or run when RIGHT_NAMED is needed */
	size_t *grants;          /* indexes of the lines that give something needed */
	struct next_line *lines; /* the same as next.h wants them */
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

static bool
is_about(const struct matter *matter, const struct grant *grant)
{
	if (grant->scope == GRANT_HOST ? matter->vm != NULL : matter->vm == NULL)
		return false;
	return grant->scope != GRANT_VM || strcmp(grant->vm, matter->question->vm) == 0;
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

/* Adds who's lines of that second word that have to do with it. False when there is no
 * memory. */
static bool
gather_lines(struct matter *matter, const struct grant_who *who, const char *vm)
{
	const struct grants *grants = &matter->policy->grants;
	size_t *grown, n = grants_lines_first(grants, who, vm);

	for (; n != 0; n = grants->grants[n - 1].next) {
		const struct grant *grant = &grants->grants[n - 1];
		if (!is_about(matter, grant) || given(matter, grant) == 0)
			continue;
		grown = array_grow(matter->grants, matter->count, sizeof(*grown));
		if (grown == NULL)
			return false;
		matter->grants = grown;
		matter->grants[matter->count++] = n - 1;
	}
	return true;
}

static bool
gather_who(struct matter *matter, const struct grant_who *who)
{
	return gather_lines(matter, who, matter->question->vm) &&
	       (matter->vm == NULL || gather_lines(matter, who, "*"));
}

static int
by_number(const void *a, const void *b)
{
	const size_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* Gathers the lines of the user and of his groups, in the files' order. False when
 * there is no memory. */
static bool
gather(struct matter *matter)
{
	const struct question *q = matter->question;
	const struct grants *grants = &matter->policy->grants;

	if (!gather_who(matter, grants_who_find(grants, q->user, false)))
		return false;
	for (size_t i = 0; i < q->group_count; i++)
		if (q->groups[i] != NULL &&
		    !gather_who(matter, grants_who_find(grants, q->groups[i], true)))
			return false;
	matter->lines = calloc(matter->count + 1, sizeof(*matter->lines));
	if (matter->lines == NULL)
		return false;
	if (matter->count > 1)
		qsort(matter->grants, matter->count, sizeof(*matter->grants), by_number);
	for (size_t i = 0; i < matter->count; i++) {
		const struct grant *grant = &grants->grants[matter->grants[i]];
		matter->lines[i].when = &grant->when;
		matter->lines[i].gives = given(matter, grant);
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
	const struct grant *grant;
	struct when_clock clock;

	answer->reason = "no grant covers it";
	if (!could_ever(matter))
		return;
	if (!when_clock(matter->question->at, &clock))
		return;
	answer->next_change = next_change(&lines, matter->question->at);
	if (next_holds(&lines, &clock)) {
		answer->verdict = VERDICT_ALLOW;
		answer->reason = "granted";
	}
	grant = first_line(matter, &clock, answer->verdict == VERDICT_ALLOW);
	cite(answer, grant);
	if (grant != NULL && answer->verdict != VERDICT_ALLOW)
		when_why_not(&grant->when, &clock, answer->why, sizeof(answer->why));
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
	if (gather(&matter))
		judge(&matter, answer);
	else
		answer->reason = "out of memory";
	free(matter.grants);
	free(matter.lines);
}
