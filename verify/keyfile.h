/* Files of YubiKey secrets or counters, as the tools that make them write them;
 * pure. What the formats look like stands with each (key*.c, pskc.c). */
#ifndef SALLYPORT_VERIFY_KEYFILE_H
#define SALLYPORT_VERIFY_KEYFILE_H

#include "verify/xml.h"

#define KEYFILE_NOTE_MAX 31 /* "serial 1234567890" */
#define KEYFILE_LINE_MAX 1024

enum keyfile_format {
	KEYFILE_FOREIGN = 0, /* a known format that is not read here, or none */
	KEYFILE_CSV,	     /* ykman otp yubiotp -O, ykksm (keycsv.c) */
	KEYFILE_TRADITIONAL, /* the personalization tool's log (keycsv.c) */
	KEYFILE_COUNTERS,    /* ykval-export (keycsv.c) */
	KEYFILE_DUMP,	     /* ykpersonalize (keydump.c) */
	KEYFILE_PSKC,	     /* XML, RFC 6030 (pskc.c) */
};

enum keyfile_kind {
	KEYFILE_END = 0,
	KEYFILE_KEY,
	KEYFILE_COUNTER, /* where the counter of a key stands; no secret */
	KEYFILE_OTHER,	 /* a slot that is not set up for OTPs: to be left out */
	KEYFILE_BAD,
};

struct keyfile_entry {
	size_t line;		 /* from 1 */
	char id[OTP_ID_MAX + 1]; /* public id, never "" in a key or counter */
	struct crypt_key key;	 /* secret; the caller wipes the entry */
	char note[KEYFILE_NOTE_MAX + 1];
	uint32_t counter; /* the highest spent, use << 8 | session; 0: none */
	bool is_inactive; /* the counter's owner had it switched off */
	const char *why;  /* OTHER, BAD: static text that shows nothing of the file */
};

struct keyfile {
	enum keyfile_format format;
	struct keyfield text; /* the caller's, must stay */
	struct keyfield rest;
	size_t line; /* lines read so far */
	struct xml xml; /* pskc.c's, with what it knows of the package it is in */
	struct keyfield serial;
	bool is_over;
};

/* Detects the format by the content. For KEYFILE_FOREIGN *what (may be NULL) is a
 * static text that says what it looks like and what to do. */
enum keyfile_format keyfile_open(
    struct keyfile *file, const char *text, size_t len, const char **what);
/* Back to the beginning. */
void keyfile_rewind(struct keyfile *file);
/* The next entry; what it does not set is zero. */
enum keyfile_kind keyfile_next(struct keyfile *file, struct keyfile_entry *entry);

#endif
