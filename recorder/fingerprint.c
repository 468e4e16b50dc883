/* Text line -> key blob -> fingerprint. A blob is a row of strings, each with
 * its length in 4 bytes in front (RFC 4251 section 5); the first is the type. */
#include "recorder/fingerprint.h"

#include "lib/proto.h"
#include "recorder/digest.h"

#include <errno.h>
#include <string.h>

struct span {
	const uint8_t *at;
	size_t len;
};

/* A certificate is: its type, a nonce, the key's own strings, and the rest. */
static const struct certificate {
	const char *type, *key_type;
	size_t strings;
} certificates[] = {
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1},
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2},
    {"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ssh-ed25519@openssh.com", 2},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", 3},
};

/* The next blank-separated word of text. */
static struct span
take_word(struct span *text)
{
	struct span word;

	while (text->len > 0 && text->at[0] == ' ') {
		text->at++;
		text->len--;
	}
	word = (struct span){.at = text->at};
	while (word.len < text->len && text->at[word.len] != ' ')
		word.len++;
	text->at += word.len;
	text->len -= word.len;
	return word;
}

/* The next string of a blob, its length included; 0 or -EINVAL. */
static int
take_string(struct span *blob, struct span *string)
{
	size_t len;

	if (blob->len < 4)
		return -EINVAL;
	len = (size_t)blob->at[0] << 24 | (size_t)blob->at[1] << 16 | (size_t)blob->at[2] << 8 |
	      blob->at[3];
	if (len > blob->len - 4)
		return -EINVAL;
	*string = (struct span){.at = blob->at, .len = 4 + len};
	blob->at += 4 + len;
	blob->len -= 4 + len;
	return 0;
}

static const struct certificate *
find_certificate(struct span type)
{
	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++)
		if (strlen(certificates[i].type) == type.len &&
		    memcmp(certificates[i].type, type.at, type.len) == 0)
			return &certificates[i];
	return NULL;
}

/* Rewrites a certificate's blob, whose type was taken already, into that of the
 * plain key: in place, because the plain one is never longer. */
static int
plain_key(const struct certificate *c, uint8_t *blob, struct span rest, size_t *len)
{
	size_t type_len = strlen(c->key_type), used = 4 + type_len;
	struct span string;

	if (take_string(&rest, &string) < 0) /* the nonce */
		return -EINVAL;
	blob[0] = blob[1] = blob[2] = 0;
	blob[3] = (uint8_t)type_len;
	memcpy(blob + 4, c->key_type, type_len);
	for (size_t i = 0; i < c->strings; i++) {
		if (take_string(&rest, &string) < 0)
			return -EINVAL;
		memmove(blob + used, string.at, string.len);
		used += string.len;
	}
	*len = used;
	return 0;
}

int
fingerprint_of(const uint8_t *text, size_t len, char out[FINGERPRINT_MAX])
{
	struct span line = {.at = text, .len = len}, type, base64, blob, string;
	uint8_t bytes[PROTO_KEY_MAX / 4 * 3], digest[DIGEST_LEN];
	char sum[DIGEST_BASE64_LEN + 1];
	const struct certificate *c;
	ptrdiff_t n;

	type = take_word(&line);
	base64 = take_word(&line);
	if (base64.len > PROTO_KEY_MAX)
		return -EINVAL;
	n = digest_base64_decode(bytes, base64.at, base64.len);
	if (n < 0)
		return -EINVAL;
	blob = (struct span){.at = bytes, .len = (size_t)n};
	if (take_string(&blob, &string) < 0 || string.len != 4 + type.len ||
	    memcmp(string.at + 4, type.at, type.len) != 0)
		return -EINVAL;
	len = (size_t)n;
	c = find_certificate(type);
	if (c != NULL && plain_key(c, bytes, blob, &len) < 0)
		return -EINVAL;
	if (digest_sha256(bytes, len, digest) < 0)
		return -EINVAL;
	digest_base64(digest, sum);
	sum[strcspn(sum, "=")] = '\0';
	memcpy(out, "SHA256:", 7);
	memcpy(out + 7, sum, strlen(sum) + 1);
	return 0;
}
