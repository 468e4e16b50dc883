/* Base64, both ways. */
#include "lib/base64.h"

#include <errno.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or 64 for any other character. */
static uint32_t
value_of(char c)
{
	uint32_t i = 0;

	while (i < 64 && alphabet[i] != c)
		i++;
	return i;
}

/* One group of four: the number of bytes in out[3], 0 when it is malformed. */
static size_t
decode_group(const char *text, uint8_t out[3])
{
	size_t pads = text[3] == '=' ? (text[2] == '=' ? 2 : 1) : 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < 4 - pads; i++) {
		uint32_t value = value_of(text[i]);
		if (value > 63)
			return 0;
		bits |= value << (18 - 6 * i);
	}
	for (size_t i = 0; i < 3; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	/* Bits that would be dropped must not tell two texts for one value apart. */
	if ((pads >= 1 && out[2] != 0) || (pads == 2 && out[1] != 0))
		return 0;
	return 3 - pads;
}

ssize_t
base64_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
	size_t used = 0;

	if (len == 0 || len % 4 != 0)
		return -EINVAL;
	for (size_t at = 0; at < len; at += 4) {
		uint8_t group[3];
		size_t n = decode_group(text + at, group);
		if (n == 0 || (n < 3 && at + 4 != len))
			return -EINVAL;
		if (n > cap - used)
			return -EMSGSIZE;
		for (size_t i = 0; i < n; i++)
			out[used++] = group[i];
	}
	return (ssize_t)used;
}

int
base64_encode(const uint8_t *bytes, size_t len, char *text, size_t cap)
{
	size_t at = 0;

	if (len > SIZE_MAX / 2 || cap <= (len + 2) / 3 * 4)
		return -EMSGSIZE;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16;
		if (i + 1 < len)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < len)
			bits |= bytes[i + 2];
		text[at++] = alphabet[bits >> 18];
		text[at++] = alphabet[bits >> 12 & 63];
		text[at++] = '=';
		text[at++] = '=';
		if (i + 1 < len)
			text[at - 2] = alphabet[bits >> 6 & 63];
		if (i + 2 < len)
			text[at - 1] = alphabet[bits & 63];
	}
	text[at] = '\0';
	return 0;
}
