/* Lines of key files, as ykman and ykksm-gen-keys write them; pure. Both are
 * "serial,public id (modhex),private id (hex),AES key (hex),…": ykman
 * `otp yubiotp -O` adds access code, date and an empty field; ykksm (header
 * "# ykksm 1", "#" begins a comment) adds lock code, two dates, program flags. */
#ifndef SALLYPORT_VERIFY_KEYFILE_H
#define SALLYPORT_VERIFY_KEYFILE_H

#include "verify/crypt.h"
#include "verify/otp.h"

#include <stddef.h>

#define KEYFILE_NOTE_MAX 31 /* "serial 1234567890" */

enum keyfile_format {
	KEYFILE_FOREIGN = 0, /* a known format that is not read here */
	KEYFILE_YKMAN = 1,
	KEYFILE_KSM = 2,
};

enum keyfile_line {
	KEYFILE_BAD = 0,
	KEYFILE_KEY = 1,
	KEYFILE_EMPTY = 2, /* blank or comment */
	KEYFILE_OTHER = 3, /* a slot that is not set up for OTPs: to be left out */
};

struct keyfile_key {
	char id[OTP_ID_MAX + 1]; /* never "" */
	struct crypt_key key;    /* secret */
	char note[KEYFILE_NOTE_MAX + 1];
};

/* Which format the file is, by its beginning. For KEYFILE_FOREIGN, *what (may be
 * NULL) is a static text that says what it looks like and what to do. */
enum keyfile_format keyfile_detect(const char *text, size_t len, const char **what);

/* Reads one line, without its '\n'. For KEYFILE_KEY *key is set (the caller
 * wipes it), else it is zero. For KEYFILE_BAD and KEYFILE_OTHER *why is a static
 * text that shows nothing of the line. */
enum keyfile_line keyfile_read(enum keyfile_format format, const char *line, size_t len,
    struct keyfile_key *key, const char **why);

#endif
