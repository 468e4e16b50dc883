/* Any bytes as a greeting, read as they come: what is taken was bounded, and says
 * what its fields say. */
#include "spice/kind.h"
#include "spice/le.h"
#include "spice/link.h"
#include "tests/support/require.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum spice_error error = SPICE_INVALID_DATA;
	struct spice_link link;
	size_t need = SPICE_LINK_HEADER, len;

	for (len = 1; len <= size; len++) {
		uint8_t *in = malloc(len);
		REQUIRE(in != NULL);
		memcpy(in, data, len);
		need = spice_link_read(in, len, &link, &error);
		free(in);
		REQUIRE(need <= SPICE_LINK_MAX);
		if (need <= len)
			break;
		REQUIRE(error != SPICE_OK);
	}
	if (need > size || len > size)
		return 0;
	REQUIRE(error <= SPICE_CHANNEL_NOT_AVAILABLE);
	if (error != SPICE_OK)
		return 0;
	REQUIRE(need == len && memcmp(data, "REDQ", 4) == 0);
	REQUIRE(need == 16 + (size_t)le_get32(data + 12));
	REQUIRE((link.type == SPICE_MAIN) == (link.connection_id == 0));
	REQUIRE(le_get32(data + 22) + le_get32(data + 26) <= SPICE_LINK_WORDS_MAX);
	return 0;
}
