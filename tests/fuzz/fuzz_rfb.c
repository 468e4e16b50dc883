/* Both ways of a VNC connection. Input: who may what; then records of {u8 way, u16
 * length, bytes}. What comes out does not depend on the reads, passes unchanged a
 * second time, and of a viewer's messages holds only those that show him more. */
#include "rfb/be.h"
#include "rfb/rfb.h"
#include "rfb/view.h"
#include "tests/support/sieve_play.h"

#define RECORDS_MAX 256

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct played out[2], bytewise[2], second[2];

/* SetPixelFormat, SetEncodings, FramebufferUpdateRequest; else nothing. */
static void
walk_view(const uint8_t *at, size_t len)
{
	while (len >= 4) {
		size_t n = at[0] == 0 ? 20 : at[0] == 3 ? 10 : 4 + 4 * (size_t)be_get16(at + 2);
		REQUIRE(at[0] == 0 || at[0] == 2 || at[0] == 3);
		if (n > len)
			return;
		for (size_t i = 4; at[0] == 2 && i < n; i += 4)
			REQUIRE(rfb_view_encoding((int32_t)be_get32(at + i)));
		at += n;
		len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rfb rfb[3];
	size_t talk = SIZE_MAX; /* where the client's messages begin */

	if (size < 1)
		return 0;
	for (size_t i = 0; i < 3; i++)
		rfb_init(&rfb[i], data[0] & 1 ? RFB_MAY_CONTROL : RFB_MAY_VIEW);
	for (size_t way = 0; way < 2; way++)
		out[way].len = bytewise[way].len = second[way].len = 0;
	for (size_t at = 1, n = 0; at + 3 <= size && n < RECORDS_MAX; n++) {
		size_t way = data[at] & 1, len = data[at + 1] | (size_t)data[at + 2] << 8;
		size_t before = out[way].len;
		at += 3;
		if (len > size - at)
			len = size - at;
		for (size_t i = 0; i < len; i++) {
			play(way ? &rfb[0].up : &rfb[0].down, data + at + i, 1, 1, &out[way]);
			if (rfb[0].client == RFB_TALKING && talk == SIZE_MAX)
				talk = out[1].len;
		}
		play(way ? &rfb[1].up : &rfb[1].down, data + at, len, len + 1, &bytewise[way]);
		play(way ? &rfb[2].up : &rfb[2].down, out[way].bytes + before,
		    out[way].len - before, 5, &second[way]);
		at += len;
	}
	for (size_t way = 0; way < 2; way++) {
		REQUIRE(out[way].len == bytewise[way].len && out[way].len == second[way].len);
		REQUIRE(memcmp(out[way].bytes, bytewise[way].bytes, out[way].len) == 0);
		REQUIRE(memcmp(out[way].bytes, second[way].bytes, out[way].len) == 0);
	}
	if (talk != SIZE_MAX) {
		REQUIRE(out[1].bytes[talk - 1] == 1);
		if (rfb[0].may == RFB_MAY_VIEW)
			walk_view(out[1].bytes + talk, out[1].len - talk);
	}
	REQUIRE(rfb[0].may == RFB_MAY_CONTROL || !sieve_is_open(&rfb[0].up));
	return 0;
}
