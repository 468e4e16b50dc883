/* SHA-256 and base64; the only place of the recorder that knows OpenSSL. */
#ifndef SALLYPORT_RECORDER_DIGEST_H
#define SALLYPORT_RECORDER_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_LEN        32
#define DIGEST_HEX_LEN    64
#define DIGEST_BASE64_LEN 44 /* of one digest, with its padding */

/* 0, or -EIO when the library fails. */
int digest_sha256(const void *bytes, size_t len, uint8_t digest[DIGEST_LEN]);

/* Lower case, NUL-terminated. */
void digest_hex(const uint8_t digest[DIGEST_LEN], char hex[DIGEST_HEX_LEN + 1]);

/* With padding, NUL-terminated. */
void digest_base64(const uint8_t digest[DIGEST_LEN], char text[DIGEST_BASE64_LEN + 1]);

/* Decodes strict base64 (RFC 4648 section 4: padded, no blanks) into out, which
 * must hold len / 4 * 3 bytes. The number of bytes, or -EINVAL. */
ptrdiff_t digest_base64_decode(uint8_t *out, const uint8_t *text, size_t len);

#endif
