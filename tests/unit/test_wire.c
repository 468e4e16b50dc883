/* wire and the messages' header: what goes in comes out, and nothing else does. */
#include "lib/proto.h"
#include "lib/wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
numbers_come_back_and_are_big_endian(void **state)
{
	uint8_t buf[15];
	const uint8_t want[15] = {
	    0x12, 0xab, 0xcd, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8};
	struct wire_out out;
	struct wire_in in;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u8(&out, 0x12);
	wire_put_u16(&out, 0xabcd);
	wire_put_u32(&out, 0xdeadbeef);
	wire_put_u64(&out, 0x0102030405060708);
	assert_false(out.failed);
	assert_int_equal(out.len, sizeof(buf));
	assert_memory_equal(buf, want, sizeof(want));
	wire_in_init(&in, buf, out.len);
	assert_int_equal(wire_get_u8(&in), 0x12);
	assert_int_equal(wire_get_u16(&in), 0xabcd);
	assert_int_equal(wire_get_u32(&in), 0xdeadbeef);
	assert_true(wire_get_u64(&in) == 0x0102030405060708);
	assert_int_equal(wire_end(&in), 0);
}

static void
strings_come_back(void **state)
{
	uint8_t buf[64];
	char text[8];
	struct wire_out out;
	struct wire_in in;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, "anne");
	wire_put_str(&out, NULL);
	wire_put_str(&out, "seven77");
	wire_in_init(&in, buf, out.len);
	wire_get_str(&in, text, sizeof(text));
	assert_string_equal(text, "anne");
	wire_get_str(&in, text, sizeof(text));
	assert_string_equal(text, "");
	wire_get_str(&in, text, sizeof(text));
	assert_string_equal(text, "seven77");
	assert_int_equal(wire_end(&in), 0);
}

static void
a_string_too_long_for_its_place_fails(void **state)
{
	uint8_t buf[64];
	char text[4] = "old";
	struct wire_out out;
	struct wire_in in;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, "four");
	wire_in_init(&in, buf, out.len);
	wire_get_str(&in, text, sizeof(text));
	assert_true(in.failed);
	assert_string_equal(text, "");
	assert_int_equal(wire_end(&in), -EBADMSG);
}

static void
a_nul_inside_a_string_fails(void **state)
{
	const uint8_t buf[] = {0, 3, 'a', 0, 'b'};
	char text[8];
	struct wire_in in;

	(void)state;
	wire_in_init(&in, buf, sizeof(buf));
	wire_get_str(&in, text, sizeof(text));
	assert_true(in.failed);
	assert_string_equal(text, "");
}

static void
a_length_beyond_the_message_fails_at_every_cut(void **state)
{
	uint8_t buf[32];
	struct wire_out out;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u32(&out, 7);
	wire_put_str(&out, "publickey");
	for (size_t cut = 0; cut < out.len; cut++) {
		char text[16];
		struct wire_in in;

		wire_in_init(&in, buf, cut);
		wire_get_u32(&in);
		wire_get_str(&in, text, sizeof(text));
		assert_true(in.failed);
		assert_string_equal(text, "");
		assert_int_equal(wire_end(&in), -EBADMSG);
	}
}

static void
who_failed_once_stays_failed(void **state)
{
	uint8_t buf[4] = {1, 2, 3, 4};
	struct wire_in in;
	struct wire_out out;

	(void)state;
	wire_in_init(&in, buf, sizeof(buf));
	assert_true(wire_get_u64(&in) == 0);
	assert_true(in.failed);
	assert_int_equal(wire_get_u8(&in), 0);
	assert_int_equal(in.left, 4);

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u64(&out, 1);
	assert_true(out.failed);
	wire_put_u8(&out, 9);
	assert_int_equal(out.len, 0);
	assert_int_equal(buf[0], 1);
}

static void
bytes_left_over_are_refused(void **state)
{
	const uint8_t buf[] = {1, 2};
	struct wire_in in;

	(void)state;
	wire_in_init(&in, buf, sizeof(buf));
	wire_get_u8(&in);
	assert_int_equal(wire_end(&in), -EBADMSG);
}

static void
a_field_above_65535_bytes_is_not_written(void **state)
{
	static uint8_t big[70000], buf[80000];
	struct wire_out out;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_bytes(&out, big, 65535);
	assert_false(out.failed);
	assert_int_equal(out.len, 65537);
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_bytes(&out, big, 65536);
	assert_true(out.failed);
	assert_int_equal(out.len, 0);
}

static void
a_foreign_version_is_told_from_a_short_message(void **state)
{
	uint8_t buf[16];
	struct proto_header header;
	struct wire_out out;
	struct wire_in in;

	(void)state;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_PAM_BEGIN, 0x01020304);
	wire_in_init(&in, buf, out.len);
	assert_int_equal(proto_get_header(&in, &header), 0);
	assert_int_equal(header.type, PROTO_PAM_BEGIN);
	assert_int_equal(header.id, 0x01020304);
	for (size_t cut = 0; cut < out.len; cut++) {
		wire_in_init(&in, buf, cut);
		assert_int_equal(proto_get_header(&in, &header), -EBADMSG);
	}
	buf[0] = PROTO_VERSION + 1;
	wire_in_init(&in, buf, out.len);
	assert_int_equal(proto_get_header(&in, &header), -EPROTONOSUPPORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_come_back_and_are_big_endian),
	    cmocka_unit_test(strings_come_back),
	    cmocka_unit_test(a_string_too_long_for_its_place_fails),
	    cmocka_unit_test(a_nul_inside_a_string_fails),
	    cmocka_unit_test(a_length_beyond_the_message_fails_at_every_cut),
	    cmocka_unit_test(who_failed_once_stays_failed),
	    cmocka_unit_test(bytes_left_over_are_refused),
	    cmocka_unit_test(a_field_above_65535_bytes_is_not_written),
	    cmocka_unit_test(a_foreign_version_is_told_from_a_short_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
