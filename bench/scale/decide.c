/* The policy alone, in one process: how long a load, a decision, a VM's whole row takes.
 *   decide CONF USER ROUNDS      lines "what <tab> microseconds of CPU" for each time */
#include "lib/num.h"
#include "lib/proto.h"
#include "policy/decide.h"
#include "policy/policy.h"
#include "policy/vm.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct policy *
load(const char *path)
{
	struct report report = {0};
	struct policy *policy = NULL;
	double since = cpu_us();

	if (policy_load(path, &report, &policy) < 0)
		fprintf(stderr, "%s", report.text != NULL ? report.text : "not loaded\n");
	printf("load\t%.1f\n", cpu_us() - since);
	report_free(&report);
	return policy;
}

/* All that a page asks of a VM, and each of it by itself. */
static void
ask_vm(const struct policy *policy, const char *user, const struct vm *vm)
{
	struct question question = {.user = user, .vm = vm->name, .at = time(NULL)};
	struct answer answer;
	double since, vm_since = cpu_us();

	for (size_t i = 0; i < vm->endpoint_count; i++) {
		question.right = vm->endpoints[i].right;
		since = cpu_us();
		decide(policy, &question, &answer);
		printf("decide\t%.2f\n", cpu_us() - since);
	}
	printf("row\t%.2f\n", cpu_us() - vm_since);
}

/* What the start of a file transfer asks at most, in one turn of the daemon's loop: of each VM
 * one right, of as many as a transfer may have a second one; these are granted. */
static void
ask_all(const struct policy *policy, const char *user)
{
	struct question question = {.user = user, .at = time(NULL)};
	struct answer answer;
	double since = cpu_us();

	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		const struct vm *vm = policy_vm(policy, i);
		bool is_had = i < PROTO_FOLDERS_MAX && vm->endpoint_count > 0;

		question.vm = vm->name;
		question.right = is_had ? vm->endpoints[0].right : "sftp:ro";
		decide(policy, &question, &answer);
		if (is_had)
			decide(policy, &question, &answer);
	}
	printf("transfer\t%.1f\n", cpu_us() - since);
}

int
main(int argc, char **argv)
{
	struct policy *policy = NULL;
	uint64_t rounds = 0;

	if (argc != 4 || num_parse(argv[3], 1, 1000000, &rounds) < 0)
		return 64;
	tzset();
	for (int i = 0; i < 3; i++) {
		policy_free(policy);
		policy = load(argv[1]);
		if (policy == NULL)
			return 1;
	}
	for (size_t i = 0; i < rounds; i++)
		ask_vm(policy, argv[2], policy_vm(policy, i * 7919 % policy_vm_count(policy)));
	for (size_t i = 0; i < rounds / 50; i++)
		ask_all(policy, argv[2]);
	policy_free(policy);
	return 0;
}
