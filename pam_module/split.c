/* Where the password ends and the OTP begins. Pure. */
#include "pam_module/split.h"

#include "lib/ascii.h"
#include "lib/layout.h"
#include "lib/secret.h"

#include <stdbool.h>
#include <string.h>

#define TOKEN    32            /* characters behind the public id: one AES block */
#define TAIL_MAX PROTO_OTP_MAX /* bytes: letters of other layouts have two */

static const char modhex[] = "cbdefghijklnrtuv";

/* The bytes of the last n letters (UTF-8) of text[len]; 0: there are not as many. */
static size_t
last_letters(const char *text, size_t len, size_t n)
{
	size_t at = len;

	while (n > 0 && at > 0) {
		at--;
		n -= ((unsigned char)text[at] & 0xc0) != 0x80;
	}
	return n == 0 ? len - at : 0;
}

static void
lower(char *to, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = ascii_lower(text[i]);
}

/* What the YubiKey meant by text[len], typed on layout; LAYOUT_COUNT: a US one. */
static bool
read_tail(const char *text, size_t len, size_t layout, char *out, size_t cap)
{
	char tail[TAIL_MAX];
	bool is_read = false;

	if (len > sizeof(tail))
		return false;
	lower(tail, text, len);
	if (layout < LAYOUT_COUNT) {
		is_read = layout_to_modhex(layout, tail, len, out, cap) > 0;
	} else if (len < cap && memchr(tail, '\0', len) == NULL) {
		memcpy(out, tail, len);
		out[len] = '\0';
		is_read = strspn(out, modhex) == len;
	}
	secret_wipe(tail, sizeof(tail));
	return is_read;
}

/* How many bytes at the end of text[len] are an OTP of id, or, with id_len alone, of any
 * key with an id of that length. */
static size_t
match(const char *text, size_t len, size_t layout, const char *id, size_t id_len)
{
	char otp[PROTO_PUBLIC_ID_MAX + TOKEN + 1];
	size_t n = last_letters(text, len, id_len + TOKEN);

	if (n == 0 || !read_tail(text + len - n, n, layout, otp, sizeof(otp)) ||
	    (id != NULL && memcmp(otp, id, id_len) != 0))
		n = 0;
	secret_wipe(otp, sizeof(otp));
	return n;
}

/* The US layout first: its letters are what nearly all of them send. */
static size_t
find(const char *text, size_t len, const struct split_ids *ids)
{
	size_t best = 0;

	for (size_t k = 0; k <= LAYOUT_COUNT && best == 0; k++) {
		size_t layout = k == 0 ? LAYOUT_COUNT : k - 1;
		for (size_t i = 0; i < ids->count; i++) {
			size_t n = match(text, len, layout, ids->id[i], strlen(ids->id[i]));
			best = n > best ? n : best;
		}
	}
	if (best == 0 && ids->count > 0)
		best = match(text, len, LAYOUT_COUNT, NULL, strlen(ids->id[0]));
	return best;
}

struct split
split_text(const char *text, size_t len, const struct split_ids *ids)
{
	size_t end = len, n;

	while (end > 0 && text[end - 1] != '\0' && strchr(" \t\r\n", text[end - 1]) != NULL)
		end--;
	n = find(text, end, ids);
	if (n == 0)
		return (struct split){.password_len = len, .otp_at = len};
	return (struct split){.password_len = end - n, .otp_at = end - n, .otp_len = n};
}
