/* The key file's text. */
#include "lib/api_key.h"

#include "lib/ascii.h"
#include "lib/base64.h"

#include <errno.h>
#include <string.h>

int
api_key_read(const char *text, size_t len, struct secret *key, const char **why)
{
	uint8_t bytes[API_KEY_MAX];
	ssize_t n;
	int err;

	*key = (struct secret){0};
	*why = NULL;
	len = ascii_trim(&text, len);
	n = base64_decode(text, len, bytes, sizeof(bytes));
	if (len == 0)
		*why = "is empty";
	else if (n == -EMSGSIZE)
		*why = "holds more than 64 bytes";
	else if (n < 0)
		*why = "is not one word of base64";
	else if (n < API_KEY_MIN)
		*why = "holds less than 16 bytes";
	err = *why != NULL ? -EINVAL : secret_new(key, (size_t)n);
	if (err == 0)
		memcpy(key->bytes, bytes, (size_t)n);
	secret_wipe(bytes, sizeof(bytes));
	return err;
}
