/* A YubiKey in a file, for tests and the demo; never installed. Its file holds
 * the secrets in the clear, one "name value" a line. */
#include "lib/num.h"
#include "tests/support/softkey.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_MAX_LEN 4096

static int
usage(void)
{
	fputs("usage: yk new FILE [--public ID]      a new key; prints its line for `key "
	      "import`\n"
	      "       yk line FILE                   prints that line again\n"
	      "       yk press FILE [--at USE SESSION]\n"
	      "                                      types an OTP; --at: with these counters,\n"
	      "                                      the key's own stay as they are\n"
	      "       yk replug FILE                 power off and on\n",
	    stderr);
	return 64;
}

static int
fail(const char *path, const char *what)
{
	fprintf(stderr, "yk: %s: %s\n", path, what);
	return 1;
}

/* Under another name first: a test that is killed must not leave half a key. */
static int
save(const char *path, const struct softkey *key)
{
	char fresh[PATH_MAX_LEN], uid[13], aes[33];
	FILE *f;
	bool ok;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return fail(path, "name too long");
	umask(077);
	f = fopen(fresh, "w");
	if (f == NULL)
		return fail(fresh, strerror(errno));
	yubikey_hex_encode(uid, (const char *)key->uid, sizeof(key->uid));
	yubikey_hex_encode(aes, (const char *)key->aes, sizeof(key->aes));
	fprintf(f, "public %s\nprivate %s\nkey %s\nuse %u\nsession %u\n", key->id, uid, aes,
	    key->use, key->session);
	ok = !ferror(f);
	if (fclose(f) != 0 || !ok || rename(fresh, path) < 0)
		return fail(path, "cannot be written");
	return 0;
}

static bool
read_hex(const char *text, uint8_t *bytes, size_t n)
{
	char copy[17]; /* the decoder writes a NUL behind */

	if (strlen(text) != 2 * n || !yubikey_hex_p(text))
		return false;
	yubikey_hex_decode(copy, text, n);
	memcpy(bytes, copy, n);
	return true;
}

static bool
is_id(const char *id)
{
	size_t n = strlen(id);

	return n <= 32 && n % 2 == 0 && yubikey_modhex_p(id);
}

static bool
take(struct softkey *key, const char *name, const char *value)
{
	uint64_t n;

	if (strcmp(name, "public") == 0 && is_id(value)) {
		memcpy(key->id, value, strlen(value) + 1);
		return true;
	}
	if (strcmp(name, "private") == 0)
		return read_hex(value, key->uid, sizeof(key->uid));
	if (strcmp(name, "key") == 0)
		return read_hex(value, key->aes, sizeof(key->aes));
	if (strcmp(name, "use") == 0 && num_parse(value, 0, 0xffff, &n) == 0) {
		key->use = (uint16_t)n;
		return true;
	}
	if (strcmp(name, "session") == 0 && num_parse(value, 0, 0xff, &n) == 0) {
		key->session = (uint8_t)n;
		return true;
	}
	return false;
}

static int
load(const char *path, struct softkey *key)
{
	char line[128];
	int lines = 0;
	FILE *f = fopen(path, "r");

	*key = (struct softkey){0};
	if (f == NULL)
		return fail(path, strerror(errno));
	while (fgets(line, sizeof(line), f) != NULL) {
		char *value = strchr(line, ' ');
		line[strcspn(line, "\n")] = '\0';
		if (value == NULL)
			break;
		*value++ = '\0';
		lines += take(key, line, value);
	}
	fclose(f);
	return lines == 5 ? 0 : fail(path, "is not a key's file");
}

static int
print_line(const struct softkey *key)
{
	unsigned int serial =
	    (unsigned int)key->uid[0] << 16 | (unsigned int)key->uid[1] << 8 | key->uid[2];
	char line[160];

	softkey_line(key, serial + 1, line);
	fputs(line, stdout);
	return 0;
}

static int
make_key(const char *path, const char *id)
{
	struct softkey key = {.use = 1};
	uint8_t random[4];
	char tail[9];

	if (id != NULL && !is_id(id))
		return usage();
	if (getrandom(key.uid, sizeof(key.uid), 0) != sizeof(key.uid) ||
	    getrandom(key.aes, sizeof(key.aes), 0) != sizeof(key.aes) ||
	    getrandom(random, sizeof(random), 0) != sizeof(random))
		return fail(path, "no random numbers");
	yubikey_modhex_encode(tail, (const char *)random, sizeof(random));
	/* vv: the user's own, as opposed to cc from the factory */
	if (id != NULL)
		snprintf(key.id, sizeof(key.id), "%s", id);
	else
		snprintf(key.id, sizeof(key.id), "vvcc%s", tail);
	return save(path, &key) == 0 ? print_line(&key) : 1;
}

static int
press(const char *path, struct softkey *key, const char *use, const char *session)
{
	char otp[SOFTKEY_OTP_MAX + 1];
	struct softkey shown = *key;
	uint64_t n;

	if (use != NULL) {
		if (num_parse(use, 0, 0xffff, &n) < 0)
			return usage();
		shown.use = (uint16_t)n;
		if (num_parse(session, 0, 0xff, &n) < 0)
			return usage();
		shown.session = (uint8_t)n;
	} else {
		softkey_count(key);
		if (save(path, key) != 0)
			return 1;
	}
	softkey_otp(&shown, otp);
	puts(otp);
	return 0;
}

static int
replug(const char *path, struct softkey *key)
{
	if (key->use < 0x7fff)
		key->use++;
	key->session = 0;
	return save(path, key);
}

int
main(int argc, char **argv)
{
	struct softkey key;
	const char *verb = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[2] : NULL;

	if (path == NULL)
		return usage();
	if (strcmp(verb, "new") == 0 && argc == 3)
		return make_key(path, NULL);
	if (strcmp(verb, "new") == 0 && argc == 5 && strcmp(argv[3], "--public") == 0)
		return make_key(path, argv[4]);
	if (load(path, &key) != 0)
		return 1;
	if (strcmp(verb, "line") == 0 && argc == 3)
		return print_line(&key);
	if (strcmp(verb, "press") == 0 && argc == 3)
		return press(path, &key, NULL, NULL);
	if (strcmp(verb, "press") == 0 && argc == 6 && strcmp(argv[3], "--at") == 0)
		return press(path, &key, argv[4], argv[5]);
	if (strcmp(verb, "replug") == 0 && argc == 3)
		return replug(path, &key);
	return usage();
}
