/* SSH public keys, as ssh-keygen -l names them. */
#ifndef SALLYPORT_RECORDER_FINGERPRINT_H
#define SALLYPORT_RECORDER_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_MAX 64 /* with the final NUL */

/* Of "TYPE BASE64 ..." (len bytes, as in SSH_AUTH_INFO_0 and authorized_keys)
 * into out: "SHA256:" and base64 without padding. A certificate has the
 * fingerprint of the key in it (PROTOCOL.certkeys of OpenSSH). 0; -EINVAL when
 * the text holds no such key. */
int fingerprint_of(const uint8_t *text, size_t len, char out[FINGERPRINT_MAX]);

#endif
