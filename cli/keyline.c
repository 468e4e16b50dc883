/* Checks and joins the parts of a key. */
#include "cli/keyline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PUBLIC_ID_MAX  32
#define PRIVATE_ID_LEN 12
#define AES_KEY_LEN    32
#define TIME_LEN       19

static bool
is_all_of(const char *text, const char *alphabet)
{
	return text[strspn(text, alphabet)] == '\0';
}

bool
keyline_is_public_id(const char *text)
{
	size_t len = strlen(text);

	return len >= 2 && len <= PUBLIC_ID_MAX && len % 2 == 0 &&
	       is_all_of(text, "cbdefghijklnrtuvCBDEFGHIJKLNRTUV");
}

bool
keyline_is_modhex(const char *text)
{
	return is_all_of(text, "cbdefghijklnrtuv");
}

static bool
is_hex(const char *text, size_t len)
{
	return strlen(text) == len && is_all_of(text, "0123456789abcdefABCDEF");
}

bool
keyline_is_private_id(const char *text)
{
	return is_hex(text, PRIVATE_ID_LEN);
}

bool
keyline_is_aes_key(const char *text)
{
	return is_hex(text, AES_KEY_LEN);
}

int
keyline_make(struct secret *line, const char *public_id, const char *private_id,
    const char *aes_key, time_t when)
{
	size_t len;
	char day[32];
	struct tm tm;
	int err;

	*line = (struct secret){0};
	if (!keyline_is_public_id(public_id) || !keyline_is_private_id(private_id) ||
	    !keyline_is_aes_key(aes_key) || gmtime_r(&when, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) != TIME_LEN)
		return -EINVAL;
	len = strlen(public_id) + PRIVATE_ID_LEN + AES_KEY_LEN + TIME_LEN + strlen(",,,,,,\n");
	err = secret_new(line, len + 1);
	if (err < 0)
		return err;
	snprintf((char *)line->bytes, len + 1, ",%s,%s,%s,,%s,\n", public_id, private_id,
	    aes_key, day);
	line->len = len;
	return 0;
}
