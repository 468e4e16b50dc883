/* A key line as `ykman otp yubiotp -O` writes it; pure. */
#ifndef SALLYPORT_CLI_KEYLINE_H
#define SALLYPORT_CLI_KEYLINE_H

#include "lib/secret.h"

#include <stdbool.h>
#include <time.h>

/* 2 to 32 modhex characters, an even number; upper case counts as lower. */
bool keyline_is_public_id(const char *text);
/* All of the modhex alphabet, lower case. */
bool keyline_is_modhex(const char *text);
/* 12 and 32 hexadecimal digits. */
bool keyline_is_private_id(const char *text);
bool keyline_is_aes_key(const char *text);

/* Writes ",PUBLICID,PRIVATEID,AESKEY,,2026-11-21T01:32:57,\n" into line (made here,
 * the caller frees it; its length is line->len). when: in UTC. 0, -EINVAL when a
 * part has not its form, -ENOMEM. */
int keyline_make(struct secret *line, const char *public_id, const char *private_id,
    const char *aes_key, time_t when);

#endif
