/* What sshd would do for some users, from where its Match lines make a difference:
 * asked of sshd itself (sshd -T), with a deadline. */
#ifndef SALLYPORT_CLI_SSHD_SAMPLE_H
#define SALLYPORT_CLI_SSHD_SAMPLE_H

#include "cli/accounts.h"
#include "cli/sshd_effective.h"
#include "cli/sshd_files.h"

#define SSHD_CONFIG "/etc/ssh/sshd_config"

struct sshd_sample {
	const struct account *account;
	char label[320]; /* "anne", "anne from 10.0.0.1" */
	struct sshd_effective effective;
};

struct sshd_samples {
	struct sshd_sample *list; /* owned, with all below */
	size_t count;
	size_t unasked; /* Match lines that ask whence, and were too many to be asked about */
	char *error; /* why sshd -T failed, its own words; NULL: it did not */
};

/* Asks sshd (an absolute path) for every sample among accounts, and for the gated
 * ones again as the criteria of each Match line of files want them. 0, -ENOMEM,
 * -ETIMEDOUT, -errno; or 0 with an error. sshd_samples_free in any case. */
int sshd_samples_ask(const char *sshd, const struct sshd_files *files,
    const struct accounts *accounts, struct sshd_samples *samples);
void sshd_samples_free(struct sshd_samples *samples);

/* Fills spec[cap] with "host=…,addr=…,laddr=…,lport=…" that a Match line with these
 * criteria applies to; label[label_cap]: what is special in it, "" for nothing. */
void sshd_sample_spec(const char *criteria, char *spec, size_t cap, char *label,
    size_t label_cap);

#endif
