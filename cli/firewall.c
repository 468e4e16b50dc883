/* nftables, from vms.conf and the gated users' uids. */
#include "cli/firewall.h"

#include "lib/num.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define SUBUIDS "/etc/subuid" /* subuid(5): NAME-OR-UID:FIRST:COUNT */

static const char head[] =
    "# Gated users' own processes may not reach what VMs listen on: the way there is the\n"
    "# gate, which connects as root. For /etc/nftables.conf (`nft -c -f FILE` checks it).\n"
    "# Print it again when VMs or gated users have changed.\n"
    "table inet sallyport\n"
    "delete table inet sallyport\n"
    "table inet sallyport {\n";

static bool
is_of(const struct account *account, const char *owner)
{
	uint64_t uid;

	return strcmp(owner, account->name) == 0 ||
	       (num_parse(owner, 0, UINT32_MAX, &uid) == 0 && uid == account->uid);
}

/* A line of subuid, if it is one and account's: first and last. */
static bool
read_range(char *line, const struct account *account, uint64_t *first, uint64_t *last)
{
	char *rest = line, *owner, *from, *count;
	uint64_t n;

	line[strcspn(line, "\n")] = '\0';
	owner = strsep(&rest, ":");
	from = strsep(&rest, ":");
	count = strsep(&rest, ":");
	if (from == NULL || count == NULL || !is_of(account, owner) ||
	    num_parse(from, 1, UINT32_MAX - 1, first) < 0 ||
	    num_parse(count, 1, UINT32_MAX, &n) < 0)
		return false;
	*last = *first + n - 1 < UINT32_MAX ? *first + n - 1 : UINT32_MAX - 1;
	return true;
}

/* As whom his programs may run as well, in a user namespace. */
static void
print_ranges(FILE *out, FILE *subuids, const struct account *account)
{
	uint64_t first, last;
	char *line = NULL;
	size_t size = 0;

	if (subuids == NULL)
		return;
	rewind(subuids);
	while (getline(&line, &size, subuids) >= 0)
		if (read_range(line, account, &first, &last))
			fprintf(out, ", %" PRIu64 "-%" PRIu64, first, last);
	free(line);
}

static void
print_set(FILE *out, const struct accounts *accounts)
{
	const char *before = "\t\telements = {";
	FILE *subuids = fopen(SUBUIDS, "re");

	fputs("\tset gated {\n\t\ttype uid\n\t\tflags interval\n\t\tauto-merge\n", out);
	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->list[i];

		if (!account->is_gated || !account->is_known || account->uid == 0)
			continue;
		fprintf(out, "%s %u", before, account->uid);
		print_ranges(out, subuids, account);
		before = ",";
	}
	fputs(before[0] == ',' ? " }\n\t}\n" : "\t}\n", out);
	if (subuids != NULL)
		fclose(subuids);
}

static void
print_rule(FILE *out, const struct vm *vm, const struct vm_endpoint *endpoint)
{
	const struct sockaddr *any = (const struct sockaddr *)&endpoint->target.address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)any;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)any;
	bool is_old = any->sa_family == AF_INET;
	char address[INET6_ADDRSTRLEN];

	if (inet_ntop(any->sa_family, is_old ? (const void *)&in->sin_addr : &in6->sin6_addr,
		address, sizeof(address)) == NULL)
		return;
	fprintf(out,
	    "\t\t%s daddr %s tcp dport %u counter reject with tcp reset comment \"%s %s\"\n",
	    is_old ? "ip" : "ip6", address, ntohs(is_old ? in->sin_port : in6->sin6_port),
	    vm->name, endpoint->right);
}

void
firewall_print(FILE *out, const struct policy *policy, const struct accounts *accounts)
{
	fputs(head, out);
	print_set(out, accounts);
	fputs("\tchain output {\n"
	      "\t\ttype filter hook output priority filter; policy accept;\n"
	      /* Later packets may be without their socket's owner. */
	      "\t\ttcp flags & (fin | syn | rst | ack) != syn accept\n"
	      "\t\tmeta skuid != @gated accept\n",
	    out);
	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		const struct vm *vm = policy_vm(policy, i);

		for (size_t j = 0; j < vm->endpoint_count; j++)
			if (vm->endpoints[j].target.kind == TARGET_TCP)
				print_rule(out, vm, &vm->endpoints[j]);
	}
	fputs("\t}\n}\n", out);
}
