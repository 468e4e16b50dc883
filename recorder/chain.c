/* Where the chain stands. */
#include "recorder/chain.h"

#include <string.h>

void
chain_start(struct chain *chain)
{
	chain->seq = 0;
	memset(chain->hash, '0', DIGEST_HEX_LEN);
	chain->hash[DIGEST_HEX_LEN] = '\0';
}

int
chain_go_on(struct chain *chain, uint64_t seq, const void *line, size_t len)
{
	uint8_t digest[DIGEST_LEN];
	int err = digest_sha256(line, len, digest);

	if (err < 0)
		return err;
	digest_hex(digest, chain->hash);
	chain->seq = seq;
	return 0;
}
