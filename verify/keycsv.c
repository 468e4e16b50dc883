/* Three formats of lines:
 *
 *   ykman otp yubiotp -O   serial,public id,private id,AES key,access code,date,
 *   (and the personalization tool's "Yubico format", which has its other slots, too)
 *   ykksm-gen-keys         serial,public id,private id,AES key,lock code,date,date[,flags]
 *                          behind "# ykksm 1"; "#" begins a comment
 *   traditional log        type,date,slot,public id,private id,AES key,access code,new
 *                          access code, then ten more. Type and date are in the language
 *                          of whoever ran the tool, and the date may hold commas: the
 *                          fields are counted from the right, 18 in all.
 *   ykval-export           active,created,modified,public id,use counter,session counter,
 *                          low,high,nonce,notes: no secrets, but where counters stand */
#include "verify/keycsv.h"

#include "lib/secret.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MIN         7
#define FIELDS_MAX         8
#define TRADITIONAL_FIELDS 18
#define TRADITIONAL_MAX    24 /* with the commas of a date */
#define COUNTER_FIELDS     10

/* Which four of a line's fields matter. */
struct parts {
	struct keyfield serial, id, uid, aes;
};

const char *
keycsv_check_aes(const struct crypt_key *key)
{
	static const uint8_t zero[CRYPT_AES];

	return secret_is_equal(key->aes, zero, CRYPT_AES) ? "the AES key is all zeros" : NULL;
}

void
keycsv_note_serial(struct keyfile_entry *entry, struct keyfield serial)
{
	if (serial.len > 0)
		snprintf(entry->note, sizeof(entry->note), "serial %.*s", (int)serial.len,
		    serial.at);
}

/* --- which ------------------------------------------------------------------ */

static bool
is_counter_line(const struct keyfield *f, size_t n)
{
	char id[OTP_ID_MAX + 1];

	return n >= COUNTER_FIELDS && (keyfield_is(f[0], "0") || keyfield_is(f[0], "1")) &&
	       keyfield_is_digits(f[1], 20) && keyfield_id(f[3], id);
}

bool
keycsv_detect(struct keyfield line, enum keyfile_format *format, const char **what)
{
	struct keyfield f[TRADITIONAL_MAX];
	size_t n;

	line = keyfield_trim(line);
	if (line.len == 0 || *line.at == '#')
		return false;
	n = keyfield_split(line, f, TRADITIONAL_MAX);
	if (is_counter_line(f, n)) {
		*format = KEYFILE_COUNTERS;
	} else if (n >= TRADITIONAL_FIELDS) {
		*format = KEYFILE_TRADITIONAL;
	} else if (n == FIELDS_MIN && keyfield_is_digits(f[0], 10) &&
		   (keyfield_is(f[1], "0") || keyfield_is(f[1], "1"))) {
		*format = KEYFILE_FOREIGN;
		*what = "a list of API clients (ykval-export-clients): there are no YubiKeys "
			"in it";
	} else if (n >= FIELDS_MIN) {
		*format = KEYFILE_CSV;
	} else {
		return false; /* the first line of a traditional log, or nonsense */
	}
	return true;
}

/* --- secrets ----------------------------------------------------------------- */

/* The personalization tool writes its other slots into the same file: HOTP has a
 * moving factor in place of the private id, HMAC "0" and a longer key, a static
 * password no ids. */
static bool
is_other_slot(const struct parts *p)
{
	return keyfield_is_digits(p->uid, 2 * CRYPT_UID - 1) || p->aes.len == 40 ||
	       (p->id.len == 0 && p->uid.len == 0);
}

static enum keyfile_kind
bad(struct keyfile_entry *entry, const char *why)
{
	entry->why = why;
	secret_wipe(&entry->key, sizeof(entry->key));
	return KEYFILE_BAD;
}

static enum keyfile_kind
read_parts(const struct parts *p, struct keyfile_entry *entry)
{
	const char *why;

	if (is_other_slot(p)) {
		entry->why = "not a YubiKey OTP slot";
		return KEYFILE_OTHER;
	}
	if (p->serial.len > 0 && !keyfield_is_digits(p->serial, 10))
		return bad(entry, "the serial number (first field) is not a number");
	if (p->id.len == 0)
		return bad(entry, "no public id: such a key can't be mapped to a user");
	if (!keyfield_id(p->id, entry->id))
		return bad(entry, "the public id is not 2 to 32 modhex characters");
	if (!keyfield_hex(p->uid, entry->key.uid, CRYPT_UID))
		return bad(entry, "the private id is not 12 hex digits");
	if (!keyfield_hex(p->aes, entry->key.aes, CRYPT_AES))
		return bad(entry, "the AES key is not 32 hex digits");
	why = keycsv_check_aes(&entry->key);
	if (why != NULL)
		return bad(entry, why);
	keycsv_note_serial(entry, p->serial);
	return KEYFILE_KEY;
}

static enum keyfile_kind
read_csv(struct keyfield line, struct keyfile_entry *entry)
{
	struct keyfield f[FIELDS_MAX] = {{NULL, 0}};
	size_t n = keyfield_split(line, f, FIELDS_MAX);

	if (n < FIELDS_MIN)
		return bad(entry, "fewer than 7 fields");
	if (n > FIELDS_MAX)
		return bad(entry, "more than 8 fields");
	return read_parts(&(struct parts){f[0], f[1], f[2], f[3]}, entry);
}

static enum keyfile_kind
read_traditional(struct keyfield line, struct keyfile_entry *entry)
{
	struct keyfield f[TRADITIONAL_MAX] = {{NULL, 0}};
	size_t n = keyfield_split(line, f, TRADITIONAL_MAX);

	if (n < 6)
		return KEYFILE_END; /* "LOGGING START", in whatever language: no entry */
	if (n < TRADITIONAL_FIELDS)
		return bad(entry, "fewer than 18 fields");
	if (n > TRADITIONAL_MAX)
		return bad(entry, "more than 24 fields");
	n -= TRADITIONAL_FIELDS; /* the date's commas */
	return read_parts(&(struct parts){{"", 0}, f[n + 3], f[n + 4], f[n + 5]}, entry);
}

/* --- counters ----------------------------------------------------------------- */

static enum keyfile_kind
read_counter(struct keyfield line, struct keyfile_entry *entry)
{
	struct keyfield f[COUNTER_FIELDS] = {{NULL, 0}};
	size_t n = keyfield_split(line, f, COUNTER_FIELDS);
	uint32_t use, session;

	if (n < COUNTER_FIELDS)
		return bad(entry, "fewer than 10 fields");
	if (!keyfield_is(f[0], "0") && !keyfield_is(f[0], "1"))
		return bad(entry, "active (first field) is neither 0 nor 1");
	if (!keyfield_id(f[3], entry->id))
		return bad(entry, "the public id (fourth field) is not 2 to 32 modhex "
				  "characters");
	entry->is_inactive = keyfield_is(f[0], "0");
	if (keyfield_is(f[4], "-1") && keyfield_is(f[5], "-1"))
		return KEYFILE_COUNTER; /* never used */
	if (!keyfield_number(f[4], 0x7fff, &use))
		return bad(entry, "the use counter (fifth field) is not between 0 and 32767");
	if (!keyfield_number(f[5], 0xff, &session))
		return bad(entry, "the session counter (sixth field) is not between 0 and 255");
	entry->counter = use << 8 | session;
	return KEYFILE_COUNTER;
}

/* --- lines -------------------------------------------------------------------- */

static const char *
wrong_line(struct keyfield line)
{
	if (line.len > KEYFILE_LINE_MAX)
		return "longer than 1024 bytes";
	if (line.len > 0 && memchr(line.at, '\0', line.len) != NULL)
		return "holds a NUL byte";
	return NULL;
}

/* KEYFILE_END: nothing is in it. */
static enum keyfile_kind
read_line(enum keyfile_format format, struct keyfield line, struct keyfile_entry *entry)
{
	const char *why = wrong_line(line), *comment;

	if (why != NULL)
		return bad(entry, why);
	comment = format == KEYFILE_CSV && line.len > 0 ? memchr(line.at, '#', line.len) : NULL;
	if (comment != NULL)
		line.len = (size_t)(comment - line.at);
	line = keyfield_trim(line);
	if (line.len == 0 || *line.at == '#')
		return KEYFILE_END;
	if (format == KEYFILE_TRADITIONAL)
		return read_traditional(line, entry);
	return format == KEYFILE_COUNTERS ? read_counter(line, entry) : read_csv(line, entry);
}

enum keyfile_kind
keycsv_next(struct keyfile *file, struct keyfile_entry *entry)
{
	enum keyfile_kind kind = KEYFILE_END;
	struct keyfield line;

	while (kind == KEYFILE_END && keyfield_line(&file->rest, &line)) {
		entry->line = ++file->line;
		kind = read_line(file->format, line, entry);
	}
	return kind;
}
