/* doctor: what its checks share. Each group of checks is a table; a finding
 * belongs to one line of it. */
#ifndef SALLYPORT_CLI_DOCTOR_H
#define SALLYPORT_CLI_DOCTOR_H

#include "cli/accounts.h"
#include "cli/cli.h"
#include "cli/findings.h"
#include "policy/settings.h"

struct doctor {
	const struct cli *cli;
	const struct policy *policy;	   /* NULL when it has errors: some checks are left out */
	const struct settings *settings;   /* the policy's */
	const struct accounts *accounts;   /* NULL when they could not be read */
	const struct report *report;	   /* of reading the policy */
	struct findings findings;
	size_t blind; /* what could not be looked at; was said */
	void *group;  /* the group's own, between its begin and its end */
};

struct doctor_check {
	const char *id; /* never changes: what monitoring knows it by */
	enum finding_severity severity;
	void (*run)(struct doctor *doctor, const struct doctor_check *check);
	const char *meaning; /* what can happen; a sentence */
	const char *keyword, *good; /* for checks of one keyword: sshd's, and what it may be */
};

/* Rows of a table of checks: one without keyword, and the last. */
#define DOCTOR_CHECK(id, severity, run, meaning) {id, severity, run, meaning, NULL, NULL}
#define DOCTOR_CHECKS_END			 {NULL, FINDING_NOTE, NULL, NULL, NULL, NULL}

struct doctor_group {
	const char *name;
	const struct doctor_check *checks; /* ended by an id of NULL */
	bool needs_policy;
	/* Reads what the checks look at. false: nothing can be checked, and it was said
	 * why (doctor_blind) or found. Both may be NULL. */
	bool (*begin)(struct doctor *doctor);
	void (*end)(struct doctor *doctor);
};

extern const struct doctor_group doctor_config, doctor_accounts, doctor_sshd, doctor_pam,
    doctor_files, doctor_listen, doctor_gate, doctor_host;

/* A finding of this check: what is wrong, in words. NULL without memory. */
struct finding *doctor_find(struct doctor *doctor, const struct doctor_check *check,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Something could not be looked at: said on standard error, and in the exit status. */
void doctor_blind(struct doctor *doctor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The command by which sshd loads its configuration, tested before. */
const char *doctor_reload_sshd(void);

#endif
