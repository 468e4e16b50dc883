/* yubikey_mappings: whose keys. Format of pam_yubico's authfile, read strictly
 * (man/yubikey_mappings.5); a million keys in a second. */
#ifndef SALLYPORT_POLICY_KEYS_H
#define SALLYPORT_POLICY_KEYS_H

#include "policy/report.h"

#include <stddef.h>
#include <stdint.h>

struct keys_slot {
	uint32_t hash;   /* upper half of the name's: spares a look at most others */
	uint32_t number; /* + 1; 0: empty */
};

struct keys_user {
	const char *name;     /* in text */
	const char **ids;     /* in keys.ids; each in text, lower-case modhex */
	uint32_t count;
};

struct keys {
	char *text; /* the file, cut up: holds all strings */
	struct keys_user *users;
	size_t user_count;
	const char **ids;
	size_t id_count;
	struct keys_slot *index; /* hash table of users */
	size_t index_size; /* a power of two */
};

/* Reads text[len], NUL-terminated and shorter than 4 GiB, which it takes, errors or
 * not, into *keys, which must be empty. What is wrong is said in report. 0;
 * -ENOMEM, and *keys is empty. */
int keys_parse_take(struct keys *keys, const char *file, char *text, size_t len,
    struct report *report);
void keys_free(struct keys *keys);

/* NULL for nobody. */
const struct keys_user *keys_find(const struct keys *keys, const char *user);

#endif
