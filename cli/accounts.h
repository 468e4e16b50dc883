/* Who is gated, who is not, and what the name service says of them: read in a
 * child process, because NSS may hang. */
#ifndef SALLYPORT_CLI_ACCOUNTS_H
#define SALLYPORT_CLI_ACCOUNTS_H

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNTS_TIMEOUT_MS 6000
/* Gated users whose sshd configuration is looked at, unless they are named. */
#define ACCOUNTS_SAMPLE 16

struct account {
	char *name;
	char *shell, *home;
	char *twin;  /* another name of the same uid; "" if none */
	char *power; /* its groups through which machines can be reached past the gate */
	char *open;  /* of a sample: what its PermitOpen should be; "" for nothing */
	uint32_t uid, gid;
	uint32_t key_count; /* YubiKeys mapped to it */
	bool is_known;	    /* NSS has it */
	bool is_gated, is_named; /* in the group; in vm_mappings by name */
	bool is_admin;		 /* not gated, and may become root */
	bool is_sample;
};

struct accounts {
	struct account *list; /* gated; named in the files; root; one who is not gated */
	size_t count;
	bool has_group; /* the gated group exists */
	uint32_t gated_gid;
	bool has_permits; /* the samples' open is known */
};

/* Finds them. samples[n]: the only ones that are to be samples, besides root and the
 * one who is not gated; n 0: some of the gated. accounts_free in any case. 0;
 * -ETIMEDOUT when the name service hangs, -errno. */
int accounts_find(const struct policy *policy, const char *const *samples, size_t n,
    struct accounts *accounts);
void accounts_free(struct accounts *accounts);

/* NULL when there is none of that name. */
const struct account *accounts_get(const struct accounts *accounts, const char *name);

#endif
