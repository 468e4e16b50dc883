/* Packs and unpacks message fields; knows no message. */
#include "lib/wire.h"

#include <errno.h>
#include <string.h>

void
wire_out_init(struct wire_out *out, void *buf, size_t cap)
{
	*out = (struct wire_out){.buf = buf, .cap = cap};
}

static void
put(struct wire_out *out, const void *bytes, size_t len)
{
	if (out->failed || len > out->cap - out->len) {
		out->failed = true;
		return;
	}
	if (len > 0)
		memcpy(out->buf + out->len, bytes, len);
	out->len += len;
}

static void
put_number(struct wire_out *out, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	put(out, bytes, size);
}

void
wire_put_u8(struct wire_out *out, uint8_t value)
{
	put_number(out, value, 1);
}

void
wire_put_u16(struct wire_out *out, uint16_t value)
{
	put_number(out, value, 2);
}

void
wire_put_u32(struct wire_out *out, uint32_t value)
{
	put_number(out, value, 4);
}

void
wire_put_u64(struct wire_out *out, uint64_t value)
{
	put_number(out, value, 8);
}

void
wire_put_bytes(struct wire_out *out, const void *bytes, size_t len)
{
	if (len > UINT16_MAX) {
		out->failed = true;
		return;
	}
	wire_put_u16(out, (uint16_t)len);
	put(out, bytes, len);
}

void
wire_put_str(struct wire_out *out, const char *text)
{
	wire_put_bytes(out, text, text == NULL ? 0 : strlen(text));
}

void
wire_in_init(struct wire_in *in, const void *buf, size_t len)
{
	*in = (struct wire_in){.at = buf, .left = len};
}

/* The next len bytes, or NULL. */
static const uint8_t *
take(struct wire_in *in, size_t len)
{
	const uint8_t *at = in->at;

	if (in->failed || len > in->left) {
		in->failed = true;
		return NULL;
	}
	in->at += len;
	in->left -= len;
	return at;
}

static uint64_t
get_number(struct wire_in *in, size_t size)
{
	const uint8_t *bytes = take(in, size);
	uint64_t value = 0;

	for (size_t i = 0; bytes != NULL && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

uint8_t
wire_get_u8(struct wire_in *in)
{
	return (uint8_t)get_number(in, 1);
}

uint16_t
wire_get_u16(struct wire_in *in)
{
	return (uint16_t)get_number(in, 2);
}

uint32_t
wire_get_u32(struct wire_in *in)
{
	return (uint32_t)get_number(in, 4);
}

uint64_t
wire_get_u64(struct wire_in *in)
{
	return get_number(in, 8);
}

void
wire_get_bytes(struct wire_in *in, const uint8_t **bytes, size_t *len)
{
	size_t size = wire_get_u16(in);
	const uint8_t *at = take(in, size);

	*bytes = at == NULL ? (const uint8_t *)"" : at;
	*len = at == NULL ? 0 : size;
}

void
wire_get_str(struct wire_in *in, char *text, size_t cap)
{
	const uint8_t *bytes;
	size_t len;

	wire_get_bytes(in, &bytes, &len);
	if (len >= cap || memchr(bytes, '\0', len) != NULL) {
		in->failed = true;
		len = 0;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
}

int
wire_end(const struct wire_in *in)
{
	return in->failed || in->left != 0 ? -EBADMSG : 0;
}
