/* What the audit log has on record of the OTPs that a restored store does not know. */
#ifndef SALLYPORT_CLI_RECOVERED_H
#define SALLYPORT_CLI_RECOVERED_H

#include "cli/sealed.h"

#include <stdint.h>

struct recovered {
	uint64_t above, upto; /* only records whose store_seq is in (above, upto] */
	uint64_t seen;	      /* how many there were */
	struct recovered_key *keys; /* the highest counter of each key; owned */
	size_t key_count;
	char **users; /* whose recovery codes were used; owned */
	size_t user_count;
};

/* Adds what the log file at path has. 0; else an exit status, and it was said. */
int recovered_read(struct recovered *recovered, const char *path);
/* The counters as a file that an import reads (ykval-export). 0, -EINVAL: none; -errno. */
int recovered_seal(const struct recovered *recovered, struct sealed *sealed);
void recovered_free(struct recovered *recovered);

#endif
