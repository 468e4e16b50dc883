/* A ring of prints. */
#include "verify/repeat.h"

#include "lib/secret.h"
#include "verify/keyring_key.h"

#include <string.h>

bool
repeat_note(struct repeat *repeat, const struct keyring *ring, const struct otp *otp)
{
	struct crypt_key token = {.uid = {0}};
	uint8_t print[CRYPT_PRINT];
	bool is_known = false;
	int err;

	memcpy(token.aes, otp->token, sizeof(token.aes));
	err = keyring_key_print(ring, &token, print);
	secret_wipe(&token, sizeof(token));
	if (err < 0)
		return false;
	for (size_t i = 0; i < REPEAT_SLOTS; i++)
		is_known = is_known || memcmp(repeat->prints[i], print, sizeof(print)) == 0;
	if (is_known)
		return true;
	memcpy(repeat->prints[repeat->next], print, sizeof(print));
	repeat->next = (repeat->next + 1) % REPEAT_SLOTS;
	return false;
}
