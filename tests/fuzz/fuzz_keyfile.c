/* Any bytes as a key file of any format: no read outside it, it comes to an end,
 * keys are well-formed, what is refused leaves no secret, and a second pass gives
 * the same. */
#include "tests/fuzz/fuzz.h"
#include "verify/keyfile.h"

#include <stdlib.h>
#include <string.h>

static void
check(enum keyfile_kind kind, const struct keyfile_entry *entry)
{
	static const struct crypt_key none;
	size_t n = strlen(entry->id);

	if (kind != KEYFILE_KEY)
		require(memcmp(&entry->key, &none, sizeof(none)) == 0);
	else
		require(memcmp(entry->key.aes, none.aes, sizeof(none.aes)) != 0);
	if (kind == KEYFILE_OTHER || kind == KEYFILE_BAD) {
		require(entry->why != NULL && entry->line > 0);
		return;
	}
	require(n >= 2 && n <= OTP_ID_MAX && n % 2 == 0 && otp_is_modhex(entry->id, n));
	require(entry->counter <= OTP_COUNTER_MAX);
	for (const char *c = entry->note; *c != '\0'; c++)
		require(*c >= ' ' && *c <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size lets the sanitizer see a step too far. */
	char *text = malloc(size + (size == 0));
	struct keyfile file;
	size_t counts[2] = {0, 0};

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	keyfile_open(&file, text, size, NULL);
	for (int pass = 0; pass < 2; pass++) {
		struct keyfile_entry entry;
		enum keyfile_kind kind;
		while ((kind = keyfile_next(&file, &entry)) != KEYFILE_END) {
			check(kind, &entry);
			require(++counts[pass] <= size);
		}
		keyfile_rewind(&file);
	}
	require(counts[0] == counts[1]);
	free(text);
	return 0;
}
