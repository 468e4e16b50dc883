/* Key lines. */
#include "verify/keyfile.h"

#include "lib/secret.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define FIELDS_MIN     7
#define FIELDS_MAX     8

struct field {
	const char *at;
	size_t len;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct field
trim(struct field f)
{
	while (f.len > 0 && is_blank(f.at[f.len - 1]))
		f.len--;
	while (f.len > 0 && is_blank(*f.at)) {
		f.at++;
		f.len--;
	}
	return f;
}

static bool
begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(text, with, n) == 0;
}

enum keyfile_format
keyfile_detect(const char *text, size_t len, const char **what)
{
	static const struct {
		const char *begin, *what;
	} foreign[] = {
	    {"-----BEGIN PGP", "an OpenPGP message: decrypt it first (gpg -d FILE | …)"},
	    {"<", "an XML (PSKC) file: export the keys as ykman or ykksm lines"},
	    {"LOGGING START", "the personalization tool's traditional log: choose its "
			      "\"Yubico\" format"},
	    {"{", "JSON, which carries no AES key"},
	    {"fixed:", "ykpersonalize's text: write the keys as ykman or ykksm lines"},
	};
	static const char ksm[] = "# ykksm 1";

	while (len > 0 && (is_blank(*text) || *text == '\n')) {
		text++;
		len--;
	}
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (!begins(text, len, foreign[i].begin))
			continue;
		if (what != NULL)
			*what = foreign[i].what;
		return KEYFILE_FOREIGN;
	}
	return begins(text, len, ksm) ? KEYFILE_KSM : KEYFILE_YKMAN;
}

/* The comma-separated fields of a line; how many there are, even if more than fit. */
static size_t
split(const char *line, size_t len, struct field fields[FIELDS_MAX])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && line[i] != ',')
			continue;
		if (n < FIELDS_MAX)
			fields[n] = trim((struct field){line + from, i - from});
		n++;
		from = i + 1;
	}
	return n;
}

static bool
is_digits(struct field f, size_t max)
{
	if (f.len == 0 || f.len > max)
		return false;
	for (size_t i = 0; i < f.len; i++)
		if (f.at[i] < '0' || f.at[i] > '9')
			return false;
	return true;
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

static bool
read_hex(struct field f, uint8_t *bytes, size_t n)
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

static bool
read_id(struct field f, char id[OTP_ID_MAX + 1])
{
	if (f.len > OTP_ID_MAX || f.len % 2 != 0)
		return false;
	for (size_t i = 0; i < f.len; i++)
		id[i] =
		    (char)(f.at[i] >= 'A' && f.at[i] <= 'Z' ? f.at[i] - 'A' + 'a' : f.at[i]);
	id[f.len] = '\0';
	return otp_is_modhex(id, f.len);
}

/* The personalization tool writes its other slots into the same file: HOTP has a
 * moving factor in place of the private id, HMAC "0", a static password nothing. */
static bool
is_other_slot(const struct field fields[FIELDS_MAX])
{
	return is_digits(fields[2], 2 * CRYPT_UID - 1) ||
	       (fields[1].len == 0 && fields[2].len == 0);
}

/* NULL, or what is wrong. */
static const char *
read_fields(const struct field fields[FIELDS_MAX], struct keyfile_key *key)
{
	static const uint8_t zero[CRYPT_AES];

	if (fields[0].len > 0 && !is_digits(fields[0], 10))
		return "the serial number (first field) is not a number";
	if (fields[1].len == 0)
		return "no public id (second field): such a key can't be mapped to a user";
	if (!read_id(fields[1], key->id))
		return "the public id (second field) is not 2 to 32 modhex characters";
	if (!read_hex(fields[2], key->key.uid, CRYPT_UID))
		return "the private id (third field) is not 12 hex digits";
	if (!read_hex(fields[3], key->key.aes, CRYPT_AES))
		return "the AES key (fourth field) is not 32 hex digits";
	if (secret_is_equal(key->key.aes, zero, CRYPT_AES))
		return "the AES key (fourth field) is all zeros";
	if (fields[0].len > 0)
		snprintf(key->note, sizeof(key->note), "serial %.*s", (int)fields[0].len,
		    fields[0].at);
	return NULL;
}

static const char *
wrong_line(const char *line, size_t len)
{
	if (len > LINE_MAX_BYTES)
		return "longer than 1024 bytes";
	if (memchr(line, '\0', len) != NULL)
		return "holds a NUL byte";
	return NULL;
}

enum keyfile_line
keyfile_read(enum keyfile_format format, const char *line, size_t len, struct keyfile_key *key,
    const char **why)
{
	struct field fields[FIELDS_MAX] = {{NULL, 0}}, whole = {line, len};
	const char *comment;
	size_t n;

	*key = (struct keyfile_key){0};
	*why = wrong_line(line, len);
	if (*why != NULL)
		return KEYFILE_BAD;
	comment = len > 0 ? memchr(line, '#', len) : NULL;
	if (comment != NULL)
		whole.len = (size_t)(comment - line);
	whole = trim(whole);
	if (whole.len == 0)
		return KEYFILE_EMPTY;
	n = split(whole.at, whole.len, fields);
	*why = n < FIELDS_MIN ? "fewer than 7 fields" : "more than 8 fields";
	if (n < FIELDS_MIN || n > FIELDS_MAX)
		return KEYFILE_BAD;
	*why = "not a YubiKey OTP slot";
	if (format == KEYFILE_YKMAN && is_other_slot(fields))
		return KEYFILE_OTHER;
	*why = read_fields(fields, key);
	if (*why == NULL)
		return KEYFILE_KEY;
	secret_wipe(key, sizeof(*key));
	return KEYFILE_BAD;
}
