/* Fields of a message, packed one by one with explicit sizes, big endian.
 * A writer or reader that once failed stays failed; the caller asks once, at
 * the end. No struct crosses a process border. Nothing here allocates. */
#ifndef SALLYPORT_LIB_WIRE_H
#define SALLYPORT_LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire_out {
	uint8_t *buf; /* the caller's */
	size_t cap;   /* bytes */
	size_t len;   /* bytes written so far */
	bool failed;  /* something did not fit; what is in buf must not be sent */
};

struct wire_in {
	const uint8_t *at; /* the caller's, must outlive the reader */
	size_t left;       /* bytes */
	bool failed;       /* something was missing, too long, or held a NUL */
};

void wire_out_init(struct wire_out *out, void *buf, size_t cap);
void wire_put_u8(struct wire_out *out, uint8_t value);
void wire_put_u16(struct wire_out *out, uint16_t value);
void wire_put_u32(struct wire_out *out, uint32_t value);
void wire_put_u64(struct wire_out *out, uint64_t value);
/* u16 length, then the bytes; fails above 65535. */
void wire_put_bytes(struct wire_out *out, const void *bytes, size_t len);
/* As wire_put_bytes of strlen(text); NULL is written as the empty string. */
void wire_put_str(struct wire_out *out, const char *text);

void wire_in_init(struct wire_in *in, const void *buf, size_t len);
/* On failure these return 0. */
uint8_t wire_get_u8(struct wire_in *in);
uint16_t wire_get_u16(struct wire_in *in);
uint32_t wire_get_u32(struct wire_in *in);
uint64_t wire_get_u64(struct wire_in *in);
/* Points *bytes into the message; on failure at an empty string, *len 0. */
void wire_get_bytes(struct wire_in *in, const uint8_t **bytes, size_t *len);
/* Copies into text[cap], NUL-terminated; fails (leaving "") when the field
 * needs more than cap - 1 bytes or holds a NUL. cap must be at least 1. */
void wire_get_str(struct wire_in *in, char *text, size_t cap);
/* 0 when all fields were there and nothing is left over, else -EBADMSG. */
int wire_end(const struct wire_in *in);

#endif
