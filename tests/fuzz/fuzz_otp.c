/* Any bytes as an OTP: what is taken is modhex, bounded, and comes back from its
 * parts; what is refused leaves nothing. */
#include "lib/layout.h"
#include "tests/fuzz/fuzz.h"
#include "verify/code.h"
#include "verify/otp.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct otp none;
	static const char digits[] = "cbdefghijklnrtuv";
	static const uint8_t uid[OTP_UID];
	char text[OTP_ID_MAX + 2 * OTP_BLOCK];
	char typed[CODE_TEXT_MAX + 1];
	struct code code, same;
	struct otp otp, again;
	uint32_t counter;
	size_t n;

	if (code_read(data, size, &code) == 0) {
		code_write(&code, typed);
		require(code_read(typed, strlen(typed), &same) == 0);
		require(memcmp(&code, &same, sizeof(code)) == 0);
		require(otp_read(data, size, &otp) < 0); /* never both */
	}
	for (size_t i = 0; i <= LAYOUT_COUNT; i++) {
		if (otp_read_on(i, data, size, &otp) < 0)
			require(memcmp(&otp, &none, sizeof(otp)) == 0);
		else
			require(otp_is_modhex(otp.id, strlen(otp.id)));
	}
	if (otp_read(data, size, &otp) < 0) {
		require(memcmp(&otp, &none, sizeof(otp)) == 0);
		return 0;
	}
	n = strlen(otp.id);
	require(n <= OTP_ID_MAX && n % 2 == 0 && otp_is_modhex(otp.id, n));
	require(size >= n + 2 * OTP_BLOCK);
	memcpy(text, otp.id, n);
	for (size_t i = 0; i < OTP_BLOCK; i++) {
		text[n++] = digits[otp.token[i] >> 4];
		text[n++] = digits[otp.token[i] & 15];
	}
	require(otp_read(text, n, &again) == 0);
	require(memcmp(&otp, &again, sizeof(otp)) == 0);
	if (otp_open(otp.token, uid, &counter))
		require(memcmp(otp.token, uid, OTP_UID) == 0);
	require(counter <= OTP_COUNTER_MAX);
	return 0;
}
