/* View-only: these tables are the policy. Sizes: RFC 6143, section 7.5; type 255 and
 * the encodings: the RFB community's list. */
#include "rfb/view.h"

#include "rfb/be.h"

#include <string.h>

enum {
	SET_PIXEL_FORMAT = 0,
	SET_ENCODINGS = 2,
	UPDATE_REQUEST = 3,
	KEY_EVENT = 4,
	POINTER_EVENT = 5,
	CUT_TEXT = 6,
	QEMU = 255,
};

/* Ranges. An encoding that is not here is taken out. */
static const struct {
	int32_t from, to;
} encodings[] = {
    {0, 2},                   /* Raw, CopyRect, RRE */
    {4, 8},                   /* CoRRE, Hextile, Zlib, Tight, ZlibHex */
    {15, 17},                 /* TRLE, ZRLE, ZYWRLE */
    {21, 21},                 /* JPEG */
    {-32, -23},               /* JPEG quality */
    {-224, -223},             /* LastRect, DesktopSize (told by the server only) */
    {-232, -232},             /* PointerPos */
    {-240, -239},             /* XCursor, Cursor */
    {-256, -247},             /* compression level */
    {-257, -257},             /* QEMU: whether the pointer is absolute */
    {-260, -260},             /* Tight with PNG */
    {-261, -261},             /* QEMU: lights of the keyboard */
    {-307, -307},             /* DesktopName */
    {-314, -314},             /* Cursor with alpha */
    {-512, -412},             /* JPEG quality, finer */
    {-768, -763},             /* JPEG subsampling */
    {0x574d5664, 0x574d5666}, /* VMware: cursor, its state and place */
    {0x574d5668, 0x574d5669}, /* lights, display mode */
};

bool
rfb_view_encoding(int32_t encoding)
{
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (encoding >= encodings[i].from && encoding <= encodings[i].to)
			return true;
	return false;
}

/* Type, padding, u16 count, then s32 each. */
static enum sieve_verdict
judge_encodings(struct sieve *sieve)
{
	uint8_t *at = sieve->hold;
	uint16_t count, left = 0;

	sieve->need = 4;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	count = be_get16(at + 2);
	if (count > RFB_ENCODINGS_MAX)
		return sieve_refuse(sieve, "too many encodings");
	sieve->need = 4 + 4 * (size_t)count;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	for (size_t i = 0; i < count; i++)
		if (rfb_view_encoding((int32_t)be_get32(at + 4 + 4 * i)))
			memmove(at + 4 + 4 * (size_t)left++, at + 4 + 4 * i, 4);
	be_put16(at + 2, left);
	sieve->held = 4 + 4 * (size_t)left;
	return SIEVE_REPLACE;
}

/* Type, three of padding, u32 length; a negative one is of the extension that
 * SetEncodings may not have brought. */
static enum sieve_verdict
judge_cut_text(struct sieve *sieve)
{
	uint32_t len;

	sieve->need = 8;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	len = be_get32(sieve->hold + 4);
	if (len > INT32_MAX)
		return sieve_refuse(sieve, "a clipboard extension that was not agreed on");
	sieve->rest = len;
	return SIEVE_DROP;
}

/* Type, u8 subtype: 0 key (10 more bytes), 1 sound: u16 operation (6 more bytes for
 * 2, the format). */
static enum sieve_verdict
judge_qemu(struct sieve *sieve)
{
	uint16_t operation;

	sieve->need = 4;
	if (sieve->held < sieve->need)
		return SIEVE_MORE;
	operation = be_get16(sieve->hold + 2);
	if (sieve->hold[1] == 0)
		sieve->rest = 8;
	else if (sieve->hold[1] == 1 && operation <= 2)
		sieve->rest = operation == 2 ? 6 : 0;
	else
		return sieve_refuse(sieve, "an extension that was not agreed on");
	return SIEVE_DROP;
}

/* Of a fixed size in bytes. */
static enum sieve_verdict
judge_fixed(struct sieve *sieve, size_t size, enum sieve_verdict verdict)
{
	sieve->rest = size - sieve->held;
	return verdict;
}

enum sieve_verdict
rfb_view_judge(struct rfb *rfb, struct sieve *sieve)
{
	enum sieve_verdict verdict;

	switch (sieve->hold[0]) {
	case SET_PIXEL_FORMAT:
		return judge_fixed(sieve, 20, SIEVE_PASS);
	case SET_ENCODINGS:
		return judge_encodings(sieve);
	case UPDATE_REQUEST:
		return judge_fixed(sieve, 10, SIEVE_PASS);
	case KEY_EVENT:
		verdict = judge_fixed(sieve, 8, SIEVE_DROP);
		break;
	case POINTER_EVENT:
		verdict = judge_fixed(sieve, 6, SIEVE_DROP);
		break;
	case CUT_TEXT:
		verdict = judge_cut_text(sieve);
		break;
	case QEMU:
		verdict = judge_qemu(sieve);
		break;
	default:
		return sieve_refuse(sieve, "a message that cannot be followed");
	}
	if (verdict == SIEVE_DROP && rfb->dropped < UINT32_MAX)
		rfb->dropped++;
	return verdict;
}
