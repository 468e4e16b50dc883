/* print sshd, pam, hosts, firewall. */
#include "cli/accounts.h"
#include "cli/ask.h"
#include "cli/configured.h"
#include "cli/firewall.h"
#include "cli/line_diff.h"
#include "cli/pam_file.h"
#include "cli/permit.h"
#include "cli/sshd_config.h"
#include "cli/verb.h"
#include "policy/address.h"
#include "policy/settings.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESSES_PATH "/var/lib/sallyport/addresses"

/* What is left out of sshd's configuration is closed: said, and no reason to stop. */
static int
check_permits(const struct permits *permits)
{
	for (size_t i = 0; i < permits->count; i++) {
		const struct permit *p = &permits->list[i];

		if (p->entries > PERMIT_MAX)
			return cli_fail(CLI_CONFIG,
			    "%s: %zu endpoints; sshd's PermitOpen must not have over %d",
			    p->user, p->entries, PERMIT_MAX);
		if (!sshd_config_takes_name(p->user))
			(void)cli_fail(CLI_FINDING,
			    "%s: left out, sshd_config cannot name this user", p->user);
	}
	return 0;
}

int
verb_print_sshd(struct cli *cli)
{
	struct policy *policy = NULL;
	struct permits permits = {0};
	int err, status = configured_load(cli, &policy);

	if (status != 0)
		return status;
	err = permit_find(policy, time(NULL), &permits);
	if (err < 0)
		status = cli_fail(CLI_UNAVAILABLE, "users and groups: %s", strerror(-err));
	else if (!sshd_config_takes_name(policy_settings(policy)->gated))
		status = cli_fail(CLI_CONFIG, "sshd_config cannot name the group %s",
		    policy_settings(policy)->gated);
	else
		status = check_permits(&permits);
	if (status == 0)
		sshd_config_print(cli->out, policy_settings(policy), &permits);
	permit_free(&permits);
	policy_free(policy);
	return status;
}

static void
print_changes(FILE *out, const char *before, const char *after)
{
	if (before == NULL)
		fputs("# This machine has no " PAM_FILE_PATH ": this is Debian's, changed.\n",
		    out);
	else if (strcmp(before, after) == 0)
		fputs("# This machine's " PAM_FILE_PATH " is like that.\n", out);
	else {
		fputs("# Changed in this machine's " PAM_FILE_PATH " (lines counted there):\n",
		    out);
		if (line_diff(out, before, after, "# ") < 0)
			fputs("# (too long to compare)\n", out);
	}
}

int
verb_print_pam(struct cli *cli)
{
	struct policy *policy = NULL;
	char *before = NULL, *after = NULL;
	size_t len = 0;
	FILE *file;
	int status = configured_load(cli, &policy);

	if (status == 0)
		status = configured_pam_file(&before);
	if (status == 0 && strpbrk(policy_settings(policy)->gated, "[]\\\n") != NULL)
		status = cli_fail(CLI_CONFIG, "a PAM file cannot name the group %s",
		    policy_settings(policy)->gated);
	if (status != 0)
		goto out;
	file = open_memstream(&after, &len);
	if (file != NULL)
		pam_file_print(
		    file, before != NULL ? before : pam_file_stock, policy_settings(policy));
	if (file == NULL || fclose(file) != 0) {
		status = cli_fail(CLI_SOFTWARE, "out of memory");
		goto out;
	}
	fputs(after, cli->out);
	print_changes(cli->out, before, after);
out:
	free(before);
	free(after);
	policy_free(policy);
	return status;
}

static void
put_host(FILE *out, const char *address, const char *name)
{
	/* Nothing else could stand in that file. */
	if (*address != '\0' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0')
		fprintf(out, "%s %s\n", address, name);
}

/* From the daemon, which has handed the addresses out. 0, or it does not answer. */
static int
hosts_by_daemon(const struct cli *cli, FILE *out)
{
	struct ask ask;
	int status;

	ask_begin(&ask, PROTO_ADMIN_LIST);
	ask.is_quiet = true;
	wire_put_str(&ask.out, "vms");
	status = ask_daemon(cli, &ask);
	if (status == 0)
		status = ask.status;
	for (size_t i = 0; status == 0 && i < ask.rows.count; i++)
		put_host(out, rows_value(&ask.rows.rows[i], "address"),
		    rows_value(&ask.rows.rows[i], "vm"));
	ask_free(&ask);
	return status;
}

/* As the daemon will hand them out when it starts. */
static int
hosts_by_files(const struct cli *cli, FILE *out)
{
	struct address_kept *kept = NULL;
	struct in_addr *addresses = NULL;
	struct policy *policy = NULL;
	size_t n = 0;
	char text[INET_ADDRSTRLEN];
	int err, status = configured_load(cli, &policy);

	if (status != 0)
		return status;
	err = address_read_kept(ADDRESSES_PATH, &kept, &n);
	if (err < 0 && err != -ENOENT)
		(void)cli_fail(CLI_FINDING, ADDRESSES_PATH ": %s", strerror(-err));
	addresses = calloc(policy_vm_count(policy) + 1, sizeof(*addresses));
	err = addresses == NULL ? -ENOMEM : address_allot(policy, kept, n, addresses);
	if (err < 0)
		status = cli_fail(CLI_CONFIG, "no addresses: %s", strerror(-err));
	for (size_t i = 0; status == 0 && i < policy_vm_count(policy); i++)
		if (inet_ntop(AF_INET, &addresses[i], text, sizeof(text)) != NULL)
			put_host(out, text, policy_vm(policy, i)->name);
	free(addresses);
	free(kept);
	policy_free(policy);
	return status;
}

int
verb_print_hosts(struct cli *cli)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status;

	if (out == NULL)
		return cli_fail(CLI_SOFTWARE, "out of memory");
	status = hosts_by_daemon(cli, out);
	if (status != 0)
		status = hosts_by_files(cli, out);
	if (fclose(out) != 0)
		status = cli_fail(CLI_SOFTWARE, "out of memory");
	if (status == 0)
		fprintf(cli->out, "# BEGIN sallyport\n%s# END sallyport\n", text);
	free(text);
	return status;
}

int
verb_print_firewall(struct cli *cli)
{
	struct policy *policy = NULL;
	struct accounts accounts = {0};
	int err, status = configured_load(cli, &policy);

	if (status != 0)
		return status;
	err = accounts_find(policy, NULL, 0, &accounts);
	if (err < 0)
		status = cli_fail(CLI_UNAVAILABLE, "users and groups: %s", strerror(-err));
	else if (!accounts.has_group)
		status = cli_fail(
		    CLI_UNAVAILABLE, "there is no group %s", policy_settings(policy)->gated);
	else
		firewall_print(cli->out, policy, &accounts);
	accounts_free(&accounts);
	policy_free(policy);
	return status;
}
