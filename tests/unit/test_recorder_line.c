/* Message to line: order, escaping, numbers, keys, bounds. */
#include "cli/audit_line.h"
#include "lib/io.h"
#include "lib/proto.h"
#include "recorder/fingerprint.h"
#include "recorder/line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
/* A key and its certificate, made with ssh-keygen; the sum as its -lf prints it. */
#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAICk8EKE1T7uzXg1nbkYlqkzZmE0afO6rDa2Ku09nnbDZ"
#define CERTIFICATE                                                                            \
	"ssh-ed25519-cert-v01@openssh.com "                                                    \
	"AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIDQPZeZ9kv9Y0FIiUZkFDnY8ZkVryMqr" \
	"md"                                                                                   \
	"eP6veeRLELAAAAICk8EKE1T7uzXg1nbkYlqkzZmE0afO6rDa2Ku09nnbDZAAAAAAAAAAAAAAABAAAAAmlkAA" \
	"AA"                                                                                   \
	"CAAAAARhbm5lAAAAAAAAAAD//////////"                                                    \
	"wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAA"                                \
	"AXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACn" \
	"Bl"                                                                                   \
	"cm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIMI3" \
	"nV"                                                                                   \
	"zjhUFVG8Win0SS4AWj63Oc7n424WOAFf+moO/"                                                \
	"oAAAAUwAAAAtzc2gtZWQyNTUxOQAAAEC4ZXU5WaHPAedXAKad"                                    \
	"tDsRws1ayqwZR5zy/lBq32R/Tm8IxkP+9cn89M8DynZ1g9AEeIqjp3qlGqrC2dLBPwAL"
#define SUM "SHA256:aknAjQ5gx2rRT/dl2IaGFl9uS2QrJ4CKCr9uYA2ZOVY"

static struct wire_out out;
static uint8_t message[IO_MESSAGE_MAX];
static char text[LINE_MAX_LEN];

static void
begin(uint16_t n)
{
	wire_out_init(&out, message, sizeof(message));
	wire_put_u16(&out, n);
}

static void
put_number(uint8_t field, uint64_t value)
{
	wire_put_u8(&out, field);
	wire_put_u8(&out, 0);
	wire_put_u64(&out, value);
}

static void
put_text(uint8_t field, const void *bytes, size_t len)
{
	wire_put_u8(&out, field);
	wire_put_u8(&out, 1);
	wire_put_bytes(&out, bytes, len);
}

static int
parse(struct line_record *record)
{
	struct wire_in in;

	assert_false(out.failed);
	wire_in_init(&in, message, out.len);
	return line_parse(&in, record);
}

static const char *
line_of(const struct line_record *record)
{
	const struct line_frame frame = {.seq = 7,
	    .time = {.tv_sec = 1795255323, .tv_nsec = 123456789},
	    .host = "gw1",
	    .prev = ZEROS};
	size_t len;

	assert_int_equal(line_format(record, &frame, text, sizeof(text) - 1, &len), 0);
	text[len] = '\0';
	return text;
}

static void
test_order(void **state)
{
	struct line_record record;

	(void)state;
	begin(4);
	put_number(AUDIT_BYTES_UP, 5);
	put_text(AUDIT_USER, "anne", 4);
	put_text(AUDIT_EVENT, "open", 4);
	put_number(AUDIT_UID, 1001);
	assert_int_equal(parse(&record), 0);
	assert_string_equal(line_of(&record),
	    "{\"seq\":7,\"time\":\"2026-11-21T10:02:03.123456Z\",\"host\":\"gw1\",\"event\":"
	    "\"open\","
	    "\"user\":\"anne\",\"uid\":1001,\"bytes_up\":5,\"prev\":\"" ZEROS "\"}");
	assert_true(line_is_event(&record, "open"));
	assert_false(line_is_event(&record, "ope"));
	assert_false(line_is_event(&record, "opens"));
}

static void
test_escape(void **state)
{
	struct line_record record;

	(void)state;
	begin(1);
	put_text(AUDIT_DETAIL, "a\"b\\c\n\033[31m\0\xff", 13);
	assert_int_equal(parse(&record), 0);
	assert_non_null(strstr(line_of(&record),
	    "\"detail\":\"a\\\"b\\\\\\\\c\\\\x0a\\\\x1b[31m\\\\x00\\\\xff\""));
}

static void
test_refused(void **state)
{
	struct line_record record;

	(void)state;
	begin(2); /* the same field twice */
	put_number(AUDIT_UID, 1);
	put_number(AUDIT_UID, 1);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(1); /* unknown field */
	put_number(AUDIT_FIELDS, 1);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(1); /* unknown kind */
	wire_put_u8(&out, AUDIT_UID);
	wire_put_u8(&out, 2);
	wire_put_u64(&out, 1);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(1); /* beyond JSON's integers here */
	put_number(AUDIT_UID, (uint64_t)INT64_MAX + 1);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(2); /* missing */
	put_number(AUDIT_UID, 1);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(0); /* left over */
	wire_put_u8(&out, 0);
	assert_int_equal(parse(&record), -EBADMSG);
	begin(1);
	put_number(AUDIT_UID, INT64_MAX);
	assert_int_equal(parse(&record), 0);
	assert_non_null(strstr(line_of(&record), "\"uid\":9223372036854775807,"));
}

/* The longest line there can be fits, and is a record. */
static void
test_longest(void **state)
{
	static const char fills[] = {'\\', '"', '\001', 'a'};
	struct audit_record parsed;
	struct line_record record;
	uint8_t bytes[IO_MESSAGE_MAX / AUDIT_FIELDS - 8]; /* as long as a message can hold */

	(void)state;
	for (size_t f = 0; f < sizeof(fills); f++) {
		memset(bytes, fills[f], sizeof(bytes));
		begin(AUDIT_FIELDS);
		for (unsigned int i = 0; i < AUDIT_FIELDS; i++)
			put_text((uint8_t)i, bytes, sizeof(bytes));
		assert_int_equal(parse(&record), 0);
		line_of(&record);
		assert_int_equal(audit_line_parse(text, strlen(text), &parsed), 0);
		assert_null(parsed.field[AUDIT_SSH_KEY].text);
		audit_line_free(&parsed);
	}
}

static const char *
sum_of(const char *key)
{
	static char sum[FINGERPRINT_MAX];

	if (fingerprint_of((const uint8_t *)key, strlen(key), sum) < 0)
		return "none";
	return sum;
}

static void
test_fingerprint(void **state)
{
	(void)state;
	assert_string_equal(sum_of("ssh-ed25519 " KEY), SUM);
	assert_string_equal(sum_of("ssh-ed25519 " KEY " anne@home"), SUM);
	assert_string_equal(sum_of(CERTIFICATE), SUM);
	assert_string_equal(sum_of(""), "none");
	assert_string_equal(sum_of("ssh-ed25519"), "none");
	assert_string_equal(sum_of("ssh-ed25519 ===="), "none");
	assert_string_equal(sum_of("ssh-ed25519 AAAA"), "none");
	assert_string_equal(sum_of("ssh-rsa " KEY), "none"); /* not what it says it is */
	assert_string_equal(sum_of("ssh-ed25519 " KEY "="), "none");
	/* the certificate's own key is missing: type and an empty nonce */
	assert_string_equal(sum_of("ssh-ed25519-cert-v01@openssh.com "
				   "AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAAA=="),
	    "none");
}

static void
test_key(void **state)
{
	static const char key[] = "ssh-ed25519 " KEY;
	struct line_record record;

	(void)state;
	begin(1);
	put_text(AUDIT_SSH_KEY, key, strlen(key));
	assert_int_equal(parse(&record), 0);
	assert_non_null(strstr(line_of(&record), "\"ssh_key\":\"" SUM "\","));
	begin(1);
	put_text(AUDIT_SSH_KEY, "ssh-ed25519 garbage", 19);
	assert_int_equal(parse(&record), 0);
	assert_non_null(strstr(line_of(&record), "\"ssh_key\":null,"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_escape),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_longest),
	    cmocka_unit_test(test_fingerprint),
	    cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
