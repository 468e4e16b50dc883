/* The table of verbs: it dispatches, and it is the help. */
#ifndef SALLYPORT_CLI_VERB_H
#define SALLYPORT_CLI_VERB_H

#include "cli/cli.h"

#include <stddef.h>

typedef int verb_run(struct cli *cli);

struct verb {
	const char *name;     /* one word, or two: "key add" */
	verb_run *run;	      /* returns the exit status */
	const char *synopsis; /* what follows the name */
	const char *summary;  /* a line of the list */
	const char *details;  /* lines, each ended */
	size_t least, most;   /* words */
	unsigned int options; /* enum cli_option, besides the global ones */
	bool needs_root;
	bool is_text; /* writes a text, not rows: in JSON one string */
};

/* The NULL-ended table. */
extern const struct verb verb_table[];

/* The verb that words[count] begin with; *used: how many of the words it is. NULL
 * when there is none. */
const struct verb *verb_find(const char *const *words, size_t count, size_t *used);

/* The list of all verbs, or of those whose first word it is (NULL: all). Returns
 * how many there were. */
size_t verb_print_list(FILE *out, const char *first_word);
void verb_print_help(FILE *out, const struct verb *verb);

/* In verbs_*.c. */
verb_run verb_status, verb_show, verb_explain, verb_list, verb_reload;
verb_run verb_disconnect, verb_lock, verb_unlock;
verb_run verb_key_secret, verb_key_import, verb_key_list, verb_key_disable, verb_key_enable;
verb_run verb_key_enroll, verb_key_add, verb_key_test, verb_key_lost, verb_key_codes;
verb_run verb_key_recover, verb_key_api;
verb_run verb_check, verb_audit_show, verb_audit_verify, verb_audit_anchor, verb_help;
verb_run verb_doctor; /* doctor.c */
verb_run verb_log, verb_report, verb_vm_import;
verb_run verb_print_sshd, verb_print_pam, verb_print_hosts, verb_print_firewall;

#endif
