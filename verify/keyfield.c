/* Slices of a key file. */
#include "verify/keyfield.h"

#include "lib/ascii.h"

#include <string.h>

struct keyfield
keyfield_trim(struct keyfield f)
{
	f.len = ascii_trim(&f.at, f.len);
	return f;
}

bool
keyfield_begins(struct keyfield f, const char *with)
{
	size_t n = strlen(with);

	return f.len >= n && memcmp(f.at, with, n) == 0;
}

bool
keyfield_is(struct keyfield f, const char *text)
{
	return f.len == strlen(text) && keyfield_begins(f, text);
}

bool
keyfield_line(struct keyfield *rest, struct keyfield *line)
{
	const char *end;
	size_t used;

	if (rest->len == 0)
		return false;
	end = memchr(rest->at, '\n', rest->len);
	line->at = rest->at;
	line->len = end != NULL ? (size_t)(end - rest->at) : rest->len;
	used = line->len + (end != NULL);
	rest->at += used;
	rest->len -= used;
	return true;
}

size_t
keyfield_split(struct keyfield line, struct keyfield *fields, size_t cap)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.at[i] != ',')
			continue;
		if (n < cap)
			fields[n] = keyfield_trim((struct keyfield){line.at + from, i - from});
		n++;
		from = i + 1;
	}
	return n;
}

bool
keyfield_is_digits(struct keyfield f, size_t max)
{
	if (f.len == 0 || f.len > max)
		return false;
	for (size_t i = 0; i < f.len; i++)
		if (f.at[i] < '0' || f.at[i] > '9')
			return false;
	return true;
}

bool
keyfield_number(struct keyfield f, uint32_t max, uint32_t *value)
{
	uint64_t n = 0;

	if (!keyfield_is_digits(f, 10))
		return false;
	for (size_t i = 0; i < f.len; i++)
		n = n * 10 + (uint64_t)(f.at[i] - '0');
	*value = (uint32_t)n;
	return n <= max;
}

bool
keyfield_id(struct keyfield f, char id[OTP_ID_MAX + 1])
{
	if (f.len == 0 || f.len > OTP_ID_MAX || f.len % 2 != 0)
		return false;
	for (size_t i = 0; i < f.len; i++)
		id[i] = ascii_lower(f.at[i]);
	id[f.len] = '\0';
	return otp_is_modhex(id, f.len);
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
keyfield_hex(struct keyfield f, uint8_t *bytes, size_t n)
{
	if (f.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = nibble(f.at[2 * i]), low = nibble(f.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int
sextet(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return -1;
}

/* 16 bytes: 21 whole characters, one with four bits of nothing, "==". */
bool
keyfield_base64(struct keyfield f, uint8_t bytes[CRYPT_AES])
{
	uint32_t bits = 0;
	size_t n = 0;

	if (f.len != 24 || f.at[22] != '=' || f.at[23] != '=')
		return false;
	for (size_t i = 0; i < 22; i++) {
		int value = sextet(f.at[i]);
		if (value < 0 || (i == 21 && (value & 15) != 0))
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			bytes[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	return n == CRYPT_AES;
}
