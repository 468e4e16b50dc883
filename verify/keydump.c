/* A block of lines for each slot, without a serial number:
 *
 *   fixed: m:vvccccccccbd
 *   uid: 0102030405ff
 *   key: h:000102030405060708090a0b0c0d0e0f
 *   acc_code: h:000000000000
 *   ticket_flags: APPEND_CR
 *   config_flags:
 *
 * Only the flags tell a slot of another mode. Other lines around are left alone. */
#include "verify/keydump.h"

#include "lib/secret.h"
#include "verify/keycsv.h"

#include <string.h>

struct block {
	size_t lines[3]; /* of fixed, uid, key; 0: not there */
	struct keyfield fixed, uid, key;
	bool is_other;
	const char *why; /* what is wrong with its lines */
};

/* Takes the name and the blanks behind it off line. */
static bool
take_name(struct keyfield *line, const char *name)
{
	struct keyfield rest = keyfield_trim(*line);
	size_t n = strlen(name);

	if (!keyfield_begins(rest, name))
		return false;
	*line = keyfield_trim((struct keyfield){rest.at + n, rest.len - n});
	return true;
}

bool
keydump_is_begin(struct keyfield line)
{
	return take_name(&line, "fixed:");
}

static bool
has_word(struct keyfield line, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= line.len; i++)
		if (memcmp(line.at + i, word, n) == 0)
			return true;
	return false;
}

static bool
is_other_mode(struct keyfield flags)
{
	static const char *const modes[] = {
	    "STATIC_TICKET", "OATH", "CHAL", "SHORT_TICKET", "STRONG_PW"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (has_word(flags, modes[i]))
			return true;
	return false;
}

static void
take_line(struct block *block, size_t number, struct keyfield line)
{
	static const char *const names[] = {"fixed:", "uid:", "key:"};
	struct keyfield *const places[] = {&block->fixed, &block->uid, &block->key};

	if (line.len > KEYFILE_LINE_MAX)
		block->why = "longer than 1024 bytes";
	for (size_t i = 0; i < 3; i++) {
		if (!take_name(&line, names[i]))
			continue;
		if (block->lines[i] != 0)
			block->why = "fixed, uid or key is there twice";
		block->lines[i] = number;
		*places[i] = line;
		return;
	}
	if (take_name(&line, "ticket_flags:") || take_name(&line, "config_flags:"))
		block->is_other = block->is_other || is_other_mode(line);
}

static const char *
read_block(struct block *b, struct keyfile_entry *entry)
{
	if (b->why != NULL)
		return b->why;
	if (b->lines[1] == 0 || b->lines[2] == 0)
		return "uid or key is missing behind this line";
	if (!take_name(&b->fixed, "m:") || !keyfield_id(b->fixed, entry->id))
		return "fixed is not m: and 2 to 32 modhex characters";
	entry->line = b->lines[1];
	if (!keyfield_hex(b->uid, entry->key.uid, CRYPT_UID))
		return "uid is not 12 hex digits";
	entry->line = b->lines[2];
	if (!take_name(&b->key, "h:") || !keyfield_hex(b->key, entry->key.aes, CRYPT_AES))
		return "key is not h: and 32 hex digits";
	return keycsv_check_aes(&entry->key);
}

/* From the line of a "fixed:" to the next, or to the end. */
static bool
take_block(struct keyfile *file, struct block *block)
{
	struct keyfield line, ahead;

	for (;;) {
		ahead = file->rest;
		if (!keyfield_line(&ahead, &line))
			return block->lines[0] != 0;
		if (block->lines[0] != 0 && keydump_is_begin(line))
			return true;
		file->rest = ahead;
		file->line++;
		if (block->lines[0] != 0 || keydump_is_begin(line))
			take_line(block, file->line, line);
	}
}

enum keyfile_kind
keydump_next(struct keyfile *file, struct keyfile_entry *entry)
{
	struct block block = {.why = NULL};

	if (!take_block(file, &block))
		return KEYFILE_END;
	entry->line = block.lines[0];
	if (block.is_other) {
		entry->why = "not a YubiKey OTP slot";
		return KEYFILE_OTHER;
	}
	entry->why = read_block(&block, entry);
	if (entry->why == NULL) {
		entry->line = block.lines[0];
		return KEYFILE_KEY;
	}
	secret_wipe(&entry->key, sizeof(entry->key));
	return KEYFILE_BAD;
}
