/* nftables, from vms.conf and the gated users' uids. */
#include "cli/firewall.h"

#include "policy/vm.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const char head[] =
    "# Gated users' own processes may not reach what VMs listen on: the way there is the\n"
    "# gate, which connects as root. For /etc/nftables.conf (`nft -c -f FILE` checks it).\n"
    "# Print it again when VMs or gated users have changed.\n"
    "table inet sallyport\n"
    "delete table inet sallyport\n"
    "table inet sallyport {\n";

static void
print_set(FILE *out, const struct accounts *accounts)
{
	const char *before = "\t\telements = {";

	fputs("\tset gated {\n\t\ttype uid\n", out);
	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->list[i];

		if (!account->is_gated || !account->is_known || account->uid == 0)
			continue;
		fprintf(out, "%s %u", before, account->uid);
		before = ",";
	}
	fputs(before[0] == ',' ? " }\n\t}\n" : "\t}\n", out);
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
