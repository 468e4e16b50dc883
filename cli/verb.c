/* The table of verbs. */
#include "cli/verb.h"

#include "cli/options.h"

#include <stdint.h>
#include <string.h>

const struct verb verb_table[] = {
    {.name = "status",
	.run = verb_status,
	.synopsis = "",
	.summary = "is all well, and what goes on",
	.details = "The daemon's parts, the policy in force, files changed since, and counts.\n"
		   "Exit status 1 when a part is not as it should be.\n",
	.needs_root = true},
    {.name = "check",
	.run = verb_check,
	.synopsis = "[FILE]",
	.summary = "the configuration, before it is loaded",
	.details =
	    "Reads sallyport.conf (or FILE) and the files beside it as the daemon would,\n"
	    "and says all that is wrong in one run. Compares the files of /etc/pam.d with\n"
	    "it, and looks at the files of api_key, api_ca and store_key.\n"
	    "Exit status 78 when there are errors.\n",
	.most = 1},
    {.name = "show",
	.run = verb_show,
	.synopsis = "",
	.summary = "the settings in force",
	.details = "Every setting of sallyport.conf as the daemon has it, with its default.\n",
	.needs_root = true},
    {.name = "explain",
	.run = verb_explain,
	.synopsis = "USER VM RIGHT [--at TIME]",
	.summary = "may this user do that, and which line says so",
	.details =
	    "Asks the very function that decides at the gate. TIME: \"Wed 10:00\" (the next),\n"
	    "\"10:00\", or \"2026-11-25 10:00\", by the gateway's wall clock.\n"
	    "Exit status 0 allowed, 1 denied.\n",
	.least = 3,
	.most = 3,
	.options = CLI_AT,
	.needs_root = true},
    {.name = "list",
	.run = verb_list,
	.synopsis = "vms|users|connections|channels|seats|locks [--watch [SECONDS]]",
	.summary = "what there is, who is there",
	.details = "vms: VMs, their addresses and rights. users: who is named in vm_mappings.\n"
		   "connections: SSH connections of gated users. channels: what passes now.\n"
		   "seats: who sits at which VM's console. locks: who is kept out.\n"
		   "--watch: again every 2 seconds, or SECONDS, with what flows; ^C leaves.\n",
	.least = 1,
	.most = 2,
	.options = CLI_WATCH,
	.needs_root = true},
    {.name = "reload",
	.run = verb_reload,
	.synopsis = "[--dry-run] [--force]",
	.summary = "put changed files into force",
	.details = "Reads all files anew; with an error nothing changes. Prints what it ends;\n"
		   "--dry-run only says what it would end. --force: also when no grant would "
		   "be left.\n",
	.options = CLI_DRY_RUN | CLI_FORCE,
	.needs_root = true},
    {.name = "disconnect",
	.run = verb_disconnect,
	.synopsis = "USER|cN|chN|sN",
	.summary = "end connections, or one channel, now",
	.details =
	    "All connections of USER, or connection cN, or channel chN of `list`; with a\n"
	    "console's first channel (`list seats`) all of it. sN: a file transfer of `list\n"
	    "channels`, or another session (a user of that name comes first). Grants stay as\n"
	    "they are: to keep USER out, lock him. Exit status 1 when there was none.\n",
	.least = 1,
	.most = 1,
	.needs_root = true},
    {.name = "lock",
	.run = verb_lock,
	.synopsis = "USER|--all [REASON ...]",
	.summary = "keep a user out, and end what he has open",
	.details =
	    "No prompt, no session, no channel for USER, whatever is granted, until unlock.\n"
	    "--all: for every gated user. REASON is for the record and for\n"
	    "`list locks`; the user does not see it.\n",
	.most = 64,
	.options = CLI_ALL,
	.needs_root = true},
    {.name = "unlock",
	.run = verb_unlock,
	.synopsis = "USER|--all",
	.summary = "let a locked user in again",
	.details =
	    "While all are locked, USER alone is let in. --all: takes that lock of all away;\n"
	    "users who were locked by name stay so.\n",
	.most = 1,
	.options = CLI_ALL,
	.needs_root = true},
    {.name = "key import",
	.run = verb_key_import,
	.synopsis = "FILE|- [--dry-run] [--yes]",
	.summary = "add the YubiKeys of a file",
	.details =
	    "FILE as ykman, ykksm-gen-keys, the personalization tools or PSKC write it, or\n"
	    "counters as of ykval-export; \"-\" is standard input, as in:\n"
	    "gpg -d keys.gpg | sallyport key import -\n"
	    "First it is only checked, and what would be done is said; then it asks, unless\n"
	    "--yes is given. --dry-run: checks only. FILE is left as it is.\n",
	.least = 1,
	.most = 1,
	.options = CLI_DRY_RUN | CLI_YES,
	.needs_root = true},
    {.name = "key secret",
	.run = verb_key_secret,
	.synopsis = "PUBLICID [--stdin] [--dry-run]",
	.summary = "add one YubiKey's secret by hand",
	.details =
	    "Asks for private id and AES key on the terminal, unseen. --stdin: reads them as\n"
	    "one line, \"privateid,aeskey\". --dry-run: checks them only.\n",
	.least = 1,
	.most = 1,
	.options = CLI_STDIN | CLI_DRY_RUN,
	.needs_root = true},
    {.name = "key api",
	.run = verb_key_api,
	.synopsis = "PUBLICID",
	.summary = "add a YubiKey that the validation servers know",
	.details =
	    "For keys as they come from the factory: their OTPs are sent to the servers of\n"
	    "api_url in sallyport.conf, once each. The key's secret is nowhere here.\n",
	.least = 1,
	.most = 1,
	.needs_root = true},
    {.name = "key enroll",
	.run = verb_key_enroll,
	.synopsis = "USER [--stdin] [--yes]",
	.summary = "make a YubiKey a user's, by pressing it twice",
	.details =
	    "Two OTPs of the key are checked, then a line is added to yubikey_mappings and\n"
	    "loaded. A key that is not in the store can be one of the validation service,\n"
	    "which is then asked about both; --yes does not ask whether it may be. --stdin: "
	    "reads the OTPs from standard input.\n",
	.least = 1,
	.most = 1,
	.options = CLI_STDIN | CLI_YES,
	.needs_root = true},
    {.name = "key add",
	.run = verb_key_add,
	.synopsis = "USER PUBLICID",
	.summary = "make a YubiKey of the store a user's",
	.details =
	    "Adds a line to yubikey_mappings, and loads it. The key must be in the store.\n",
	.least = 2,
	.most = 2,
	.needs_root = true},
    {.name = "key list",
	.run = verb_key_list,
	.synopsis = "[USER]",
	.summary = "the YubiKeys in the store",
	.details = "Public ids, states, counters, and whose they are; never a secret.\n",
	.most = 1,
	.needs_root = true},
    {.name = "key test",
	.run = verb_key_test,
	.synopsis = "[USER] [--stdin]",
	.summary = "what is this OTP? (it is spent)",
	.details =
	    "Checks an OTP the way a login does, but lets nobody in. With USER: as if he had\n"
	    "typed it. Exit status 1 when it is not good. --stdin: from standard input.\n",
	.most = 1,
	.options = CLI_STDIN,
	.needs_root = true},
    {.name = "key disable",
	.run = verb_key_disable,
	.synopsis = "PUBLICID",
	.summary = "refuse a YubiKey's OTPs from now on",
	.details = "The key stays in the store, and its OTPs are refused.\n",
	.least = 1,
	.most = 1,
	.needs_root = true},
    {.name = "key enable",
	.run = verb_key_enable,
	.synopsis = "PUBLICID",
	.summary = "accept its OTPs again",
	.details = "Those that were typed while it was disabled are spent.\n",
	.least = 1,
	.most = 1,
	.needs_root = true},
    {.name = "key lost",
	.run = verb_key_lost,
	.synopsis = "USER|PUBLICID",
	.summary = "disable a user's keys, end his connections",
	.details = "Or one key, and the connections of its user. Says what to do next.\n",
	.least = 1,
	.most = 1,
	.needs_root = true},
    {.name = "key codes",
	.run = verb_key_codes,
	.synopsis = "USER [--count N]",
	.summary = "new recovery codes for a user",
	.details =
	    "Codes that each let the user in once, in place of an OTP; shown this once, in\n"
	    "place of all older ones. --count 0: takes them away.\n",
	.least = 1,
	.most = 1,
	.options = CLI_COUNT,
	.needs_root = true},
    {.name = "key recover",
	.run = verb_key_recover,
	.synopsis = "[FILE ...] [--dry-run] [--yes]",
	.summary = "after a backup of store or log was put back",
	.details =
	    "Says what disagrees, asks, and makes store and audit log agree again: counters\n"
	    "are raised to what the log (or older FILEs of it, too) has on record.\n"
	    "--dry-run: only says it. --yes: does not ask.\n",
	.most = 64,
	.options = CLI_DRY_RUN | CLI_YES,
	.needs_root = true},
    {.name = "log",
	.run = verb_log,
	.synopsis = "[-f|--follow] [--since TIME] [--until TIME] [--user NAME] [--vm NAME] "
		    "[--event NAME] [--verdict allow|deny]",
	.summary = "what happened, from the audit log",
	.details =
	    "All records, or those of a time, a user, a VM, an event (open), a verdict.\n"
	    "TIME: 2h (ago), 10:00, yesterday, \"2026-11-20 10:00\".\n"
	    "-f: goes on with what comes; without --since from the last 10 on.\n",
	.options = CLI_LOG | CLI_EVENT | CLI_VERDICT | CLI_FOLLOW},
    {.name = "report",
	.run = verb_report,
	.synopsis =
	    "[--by user|vm|day] [--since TIME] [--until TIME] [--user NAME] [--vm NAME]",
	.summary = "logins, denials, channels and bytes, summed",
	.details = "For each user, VM or day; --user, --vm and times as for log.\n",
	.options = CLI_LOG | CLI_BY},
    {.name = "audit show",
	.run = verb_audit_show,
	.synopsis = "[FILE]",
	.summary = "the audit log, to read",
	.details = "FILE instead of /var/log/sallyport/audit.jsonl.\n",
	.most = 1},
    {.name = "audit verify",
	.run = verb_audit_verify,
	.synopsis = "[FILE ...] [--anchor FILE]",
	.summary = "the audit log's hash chain",
	.details =
	    "Is each line there and as it was written? FILEs in their order, instead of all "
	    "in\n"
	    "/var/log/sallyport. --anchor: is what was anchored there as well? FILE holds "
	    "lines\n"
	    "\"seq hash\" or `journalctl -o json`; \"-\" is standard input, \"journal\" this\n"
	    "machine's journal. Exit status 0 whole, 1 not whole, 75 it could not be "
	    "checked.\n",
	.most = SIZE_MAX,
	.options = CLI_ANCHOR,
	.is_text = true},
    {.name = "audit anchor",
	.run = verb_audit_anchor,
	.synopsis = "",
	.summary = "number and hash of the last record, to keep elsewhere",
	.details =
	    "One line \"seq hash\", for a file on another machine. What was written until\n"
	    "then can't be changed or cut unseen by `audit verify --anchor` of that file.\n",
	.is_text = true},
    {.name = "print sshd",
	.run = verb_print_sshd,
	.synopsis = "",
	.summary = "sshd_config for the gated users",
	.details =
	    "From the files as they are now, for /etc/ssh/sshd_config.d/sallyport.conf.\n"
	    "Print it again when grants or VMs have changed; check it with sshd -t.\n",
	.is_text = true},
    {.name = "print pam",
	.run = verb_print_pam,
	.synopsis = "",
	.summary = "/etc/pam.d/sshd with Sallyport in it",
	.details =
	    "This machine's /etc/pam.d/sshd with the lines it needs, and what was changed.\n",
	.is_text = true},
    {.name = "print hosts",
	.run = verb_print_hosts,
	.synopsis = "",
	.summary = "the VMs' names for /etc/hosts",
	.details = "A marked block: each VM's name and its loopback address on this gateway.\n",
	.is_text = true},
    {.name = "vm import",
	.run = verb_vm_import,
	.synopsis = "[--uri URI] [--write FILE.conf]",
	.summary = "libvirt's domains, as text for vms.conf",
	.details =
	    "Prints a section for each domain that has a console; those whose names are\n"
	    "none for a VM here, or declared already, are commented out. Changes nothing;\n"
	    "--write makes a new file in vms.conf.d, and never overwrites one.\n"
	    "URI: which libvirt; without it qemu:///system.\n",
	.options = CLI_URI | CLI_WRITE,
	.needs_root = true,
	.is_text = true},
    {.name = "print firewall",
	.run = verb_print_firewall,
	.synopsis = "",
	.summary = "rules that keep the gated from the VMs' own addresses",
	.details =
	    "For nftables: a table in which the gated users' processes are refused at the\n"
	    "addresses and ports of vms.conf. The gate itself connects as root.\n",
	.is_text = true},
    {.name = "doctor",
	.run = verb_doctor,
	.synopsis = "[--user NAME]... [--list]",
	.summary = "what would let somebody past, or lock somebody out",
	.details =
	    "Looks at sshd's effective configuration for gated and other users, at PAM, "
	    "files,\n"
	    "accounts, listening sockets, daemon and host; changes nothing. --user: whose "
	    "sshd\n"
	    "configuration to look at, instead of some of the gated. --list: all checks.\n"
	    "Exit status 0 clean, 1 warnings, 2 holes or lockouts, 3 could not look.\n",
	.options = CLI_USER | CLI_LIST,
	.needs_root = true},
    {.name = "help",
	.run = verb_help,
	.synopsis = "[VERB]",
	.summary = "this list, or a verb's own help",
	.details = "The same as VERB --help.\n",
	.most = 2},
    {.name = NULL},
};

/* How many of words[count] name is made of; 0: it is not the name. */
static size_t
match(const char *name, const char *const *words, size_t count)
{
	const char *blank = strchr(name, ' ');
	size_t first = blank != NULL ? (size_t)(blank - name) : strlen(name);

	if (count == 0 || strlen(words[0]) != first || memcmp(words[0], name, first) != 0)
		return 0;
	if (blank == NULL)
		return 1;
	return count > 1 && strcmp(words[1], blank + 1) == 0 ? 2 : 0;
}

const struct verb *
verb_find(const char *const *words, size_t count, size_t *used)
{
	for (const struct verb *v = verb_table; v->name != NULL; v++) {
		*used = match(v->name, words, count);
		if (*used > 0)
			return v;
	}
	return NULL;
}

size_t
verb_print_list(FILE *out, const char *first_word)
{
	size_t n = 0, len = first_word != NULL ? strlen(first_word) : 0;
	char call[80];

	for (const struct verb *v = verb_table; v->name != NULL; v++) {
		if (first_word != NULL &&
		    (strncmp(v->name, first_word, len) != 0 || v->name[len] != ' '))
			continue;
		if (n++ == 0)
			fputs("usage: sallyport [--json] [--config FILE] [--socket PATH] VERB "
			      "…\n",
			    out);
		/* What is long, --help tells. */
		snprintf(call, sizeof(call), "%s %s", v->name,
		    strlen(v->synopsis) > 50 ? "..." : v->synopsis);
		fprintf(out, "  %-42s  %s\n", call, v->summary);
	}
	if (n > 0)
		fputs("VERB --help tells more.\n", out);
	return n;
}

void
verb_print_help(FILE *out, const struct verb *verb)
{
	fprintf(out, "usage: sallyport %s%s%s\n%s", verb->name, verb->synopsis[0] ? " " : "",
	    verb->synopsis, verb->details);
	fputs("Everywhere: --json --config FILE --socket PATH --help. Manual: sallyport(8)\n",
	    out);
}
