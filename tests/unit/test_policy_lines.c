/* The index of lines finds what a walk through all of them finds. */
#include "policy/rights.h"
#include "tests/support/policy_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define WHOS  40
#define LINES 3000
#define ASKED 4000

static const char *const vms[] = {"webdev", "books", "bare", "*", "host"};
static const char *const rights[][2] = {{"ssh", "web"}, {"spice", "sftp"}, {"ssh", "ssh"},
    {"ssh", "spice"}, {"shell", "run:backup"}};
static unsigned int seed = 1;

static unsigned int
below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static char *
make_lines(void)
{
	char *text = calloc(LINES, 64);
	size_t used = 0;

	assert_non_null(text);
	for (size_t i = 0; i < LINES; i++) {
		unsigned int vm = below(5);
		used += (size_t)snprintf(text + used, 64, "%su%u %s %s %s\n",
		    below(3) == 0 ? "@" : "", below(WHOS), vms[vm], rights[vm][below(2)],
		    below(3) == 0 ? "always" : "always until 1999-12-31");
	}
	return text;
}

/* Has he that word on that VM by any line, and which is the first of them? */
static bool
walk(const struct policy *policy, const struct question *q, size_t *first)
{
	const struct grants *grants = &policy->grants;
	char who[2][32];

	snprintf(who[0], sizeof(who[0]), "%s", q->user);
	snprintf(who[1], sizeof(who[1]), "@%s", q->groups[0]);
	for (size_t i = 0; i < grants->count; i++) {
		const struct grant *grant = &grants->grants[i];
		const char *of = grants->whos[grant->who].text;
		bool is_about = strcmp(grant->vm, q->vm) == 0 ||
				(strcmp(grant->vm, "*") == 0 && strcmp(q->vm, "host") != 0);

		if (!is_about || (strcmp(of, who[0]) != 0 && strcmp(of, who[1]) != 0) ||
		    strstr(grant->text, "until") != NULL)
			continue;
		for (size_t n = 0; grant->names != NULL && grant->names[n] != NULL; n++) {
			if (strcmp(grant->names[n], q->right) != 0)
				continue;
			*first = grant->line;
			return true;
		}
		if ((grant->rights & rights_needed(q->right)) == 0)
			continue;
		*first = grant->line;
		return true;
	}
	return false;
}

static void
as_a_walk_through_all(void **state)
{
	static const char *const asked[] = {"ssh", "spice", "shell"};
	char *text = make_lines(), user[16], group[16], line[32];
	struct policy *policy = policy_of_grants(text);
	const char *groups[] = {group};
	size_t allowed = 0, first = 0;

	(void)state;
	for (size_t i = 0; i < ASKED; i++) {
		unsigned int vm = below(4);
		struct question question = {.user = user,
		    .groups = groups,
		    .group_count = 1,
		    .vm = vms[vm == 3 ? 4 : vm],
		    .right = vm == 3   ? "shell"
			     : vm == 2 ? "ssh"
				       : asked[vm],
		    .at = time(NULL)};
		struct answer answer;

		snprintf(user, sizeof(user), "u%u", below(WHOS + 1));
		snprintf(group, sizeof(group), "u%u", below(WHOS + 1));
		decide(policy, &question, &answer);
		assert_int_equal(
		    answer.verdict == VERDICT_ALLOW, walk(policy, &question, &first));
		if (answer.verdict != VERDICT_ALLOW)
			continue;
		snprintf(line, sizeof(line), "vm_mappings:%zu", first);
		assert_string_equal(answer.line, line);
		allowed++;
	}
	assert_true(allowed > ASKED / 10 && allowed < ASKED);
	policy_free(policy);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_a_walk_through_all)};

	return cmocka_run_group_tests_name("policy_lines", tests, NULL, NULL);
}
