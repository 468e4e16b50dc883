/* Any bytes as a key file: no read outside a line, keys well-formed, nothing
 * secret left behind by lines that are refused. */
#include "verify/keyfile.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_line(enum keyfile_format format, const char *line, size_t len)
{
	static const struct keyfile_key none;
	struct keyfile_key key;
	const char *why = NULL;
	enum keyfile_line got = keyfile_read(format, line, len, &key, &why);
	size_t n;

	if (got != KEYFILE_KEY) {
		require(memcmp(&key, &none, sizeof(key)) == 0);
		require(got == KEYFILE_EMPTY || why != NULL);
		return;
	}
	n = strlen(key.id);
	require(n >= 2 && n <= OTP_ID_MAX && n % 2 == 0 && otp_is_modhex(key.id, n));
	require(memcmp(key.key.aes, none.key.aes, sizeof(key.key.aes)) != 0);
	for (const char *c = key.note; *c != '\0'; c++)
		require(*c >= ' ' && *c <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum keyfile_format format = keyfile_detect((const char *)data, size, NULL);

	while (size > 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t n = end != NULL ? (size_t)(end - data) : size;
		/* A copy of exactly this size lets the sanitizer see a step too far. */
		char *line = malloc(n);
		if (line == NULL && n > 0)
			return 0;
		if (n > 0)
			memcpy(line, data, n);
		check_line(format, line, n);
		free(line);
		n += end != NULL;
		data += n;
		size -= n;
	}
	return 0;
}
