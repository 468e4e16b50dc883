/* Any bytes as the files of a policy: the first byte says as which. Whatever is in
 * them, the parsers end, stay inside, and complain in printable lines; and what they
 * took without complaint can be asked about and denies strangers. */
#include "policy/decide.h"
#include "policy/model.h"
#include "policy/source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/policy_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
add(struct policy *policy, enum model_kind kind, const char *text, size_t len,
    struct report *report)
{
	char *copy = malloc(len + 1);

	require(copy != NULL);
	memcpy(copy, text, len);
	copy[len] = '\0';
	source_check("file", copy, len, kind == MODEL_KEYS, report);
	require(model_take(policy, kind, "file", copy, len, report) == 0);
}

/* Each VM and each who of the policy is asked about, at a few times. */
static void
ask(const struct policy *policy)
{
	static const char *const rights[] = {
	    "spice", "spice:full", "vnc:view", "sftp:ro", "ssh", "shell", "run:backup"};
	static const time_t times[] = {0, 1774746000, 1792886400, 4102444800};
	struct answer answer;

	for (size_t i = 0; i < 64; i++) {
		const char *who = policy_who_count(policy) > 0
				      ? policy_who(policy, i % policy_who_count(policy))
				      : "anne";
		const char *group = who + (who[0] == '@');
		const struct vm *vm = policy_vm(policy, i);
		const struct question question = {.user = who,
		    .groups = &group,
		    .group_count = who[0] == '@',
		    .vm = vm != NULL ? vm->name : "host",
		    .right = rights[i % 7],
		    .at = times[i % 4]};

		decide(policy, &question, &answer);
		require(answer.reason != NULL);
		require(answer.next_change == 0 || answer.next_change > question.at);
		require((answer.verdict == VERDICT_ALLOW) ==
			(strcmp(answer.reason, "granted") == 0));
		require(answer.verdict == VERDICT_DENY || answer.line[0] != '\0');
	}
}

static void
stranger(const struct policy *policy)
{
	const struct question question = {
	    .user = "", .vm = "webdev", .right = "spice", .at = 1};
	struct answer answer;
	size_t n;

	decide(policy, &question, &answer);
	require(answer.verdict == VERDICT_DENY);
	require(policy_keys(policy, "", &n) == NULL && n == 0);
}

static void
check_report(const struct report *report)
{
	require((report->text != NULL) == (report->errors + report->warnings > 0));
	for (const char *c = report->text; c != NULL && *c != '\0'; c++)
		require(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy *policy = model_new();
	struct report report = {0};
	enum model_kind kind = size > 0 ? data[0] % 4 : MODEL_KEYS;

	require(policy != NULL);
	if (kind != MODEL_SETTINGS)
		add(policy, MODEL_SETTINGS, POLICY_SETTINGS, strlen(POLICY_SETTINGS), &report);
	if (kind != MODEL_VMS)
		add(policy, MODEL_VMS, POLICY_VMS, strlen(POLICY_VMS), &report);
	if (size > 0)
		add(policy, kind, (const char *)data + 1, size - 1, &report);
	require(model_check(policy, &report) == 0);
	check_report(&report);
	ask(policy);
	stranger(policy);
	policy_free(policy);
	report_free(&report);
	return 0;
}
