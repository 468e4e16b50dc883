/* A list of (VM, folder, right), and the gate asked for each. */
#include "daemon/transfer.h"

#include "lib/array.h"
#include "lib/proto.h"
#include "policy/next.h"
#include "policy/vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_ROOM 8 /* " +511" */

struct transfer {
	struct transfer_folder *folders;
	size_t count;
	bool is_writable; /* one of them */
};

void
transfer_free(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	for (size_t i = 0; i < transfer->count; i++) {
		free(transfer->folders[i].vm);
		free(transfer->folders[i].path);
	}
	free(transfer->folders);
	free(transfer);
}

static bool
may(const struct gateway *gw, const struct conn *conn, const struct vm *vm, const char *right)
{
	struct answer answer;

	return gate_decide(gw, conn, vm->name, right, &answer) == VERDICT_ALLOW;
}

static bool
add(struct transfer *t, const struct vm *vm, bool is_writable)
{
	struct transfer_folder *grown = array_grow(t->folders, t->count, sizeof(*grown));

	if (grown == NULL)
		return false;
	t->folders = grown;
	grown += t->count++;
	*grown = (struct transfer_folder){
	    .vm = strdup(vm->name), .path = strdup(vm->folder), .is_writable = is_writable};
	t->is_writable = t->is_writable || is_writable;
	return grown->vm != NULL && grown->path != NULL;
}

struct transfer *
transfer_new(const struct gateway *gw, const struct conn *conn)
{
	struct transfer *t = calloc(1, sizeof(*t));
	bool is_whole = t != NULL;

	for (size_t i = 0;
	     is_whole && i < policy_vm_count(gw->policy) && t->count < PROTO_FOLDERS_MAX; i++) {
		const struct vm *vm = policy_vm(gw->policy, i);

		if (vm->folder == NULL || !may(gw, conn, vm, "sftp:ro"))
			continue;
		is_whole = add(t, vm, may(gw, conn, vm, "sftp"));
	}
	if (is_whole && t->count > 0)
		return t;
	transfer_free(t);
	return NULL;
}

static enum verdict
judge_one(const struct transfer_folder *folder, const struct gateway *gw,
    const struct gate_by *by, const struct conn *conn, struct answer *answer)
{
	const struct vm *vm = policy_vm_find(by->policy, folder->vm);

	(void)gate_decide_by(
	    gw, by, conn, folder->vm, folder->is_writable ? "sftp" : "sftp:ro", answer);
	if (answer->verdict == VERDICT_ALLOW &&
	    (vm == NULL || vm->folder == NULL || strcmp(vm->folder, folder->path) != 0)) {
		answer->verdict = VERDICT_DENY;
		answer->reason = "the VM's folder is another one now";
	}
	return answer->verdict;
}

enum verdict
transfer_judge(const struct transfer *transfer, const struct gateway *gw,
    const struct gate_by *by, const struct conn *conn, struct answer *answer)
{
	const struct gate_by now = {.policy = gw->policy, .groups = &conn->groups};
	struct answer one;

	*answer = (struct answer){.reason = "no folder"};
	for (size_t i = 0; i < transfer->count; i++) {
		bool is_allowed = judge_one(&transfer->folders[i], gw, by != NULL ? by : &now,
				      conn, &one) == VERDICT_ALLOW;

		if (i == 0 || !is_allowed)
			*answer = one;
		else
			answer->next_change = next_sooner(answer->next_change, one.next_change);
		if (!is_allowed)
			break;
	}
	return answer->verdict;
}

const char *
transfer_right(const struct transfer *transfer)
{
	return transfer->is_writable ? "sftp" : "sftp:ro";
}

void
transfer_names(const struct transfer *transfer, char *text, size_t cap)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < transfer->count; i++) {
		const struct transfer_folder *folder = &transfer->folders[i];
		bool is_marked = transfer->is_writable && !folder->is_writable;
		size_t more = strlen(folder->vm) + (i > 0) + (is_marked ? 3 : 0);

		if (used + more + COUNT_ROOM >= cap) {
			snprintf(text + used, cap - used, "%s+%zu", i > 0 ? " " : "",
			    transfer->count - i);
			return;
		}
		snprintf(text + used, cap - used, "%s%s%s", i > 0 ? " " : "", folder->vm,
		    is_marked ? ":ro" : "");
		used += more;
	}
}

size_t
transfer_count(const struct transfer *transfer)
{
	return transfer->count;
}

const struct transfer_folder *
transfer_folder(const struct transfer *transfer, size_t i)
{
	return &transfer->folders[i];
}
