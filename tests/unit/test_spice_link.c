/* The greeting: what remote-viewer sends, and what nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spice/kind.h"
#include "spice/le.h"
#include "spice/link.h"

#include <string.h>

/* remote-viewer's main; usbredir 1; inputs, without channel words. */
static const uint8_t viewer_main[42] = {'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 26, 0, 0, 0,
    0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 18, 0, 0, 0, 0x0d, 0, 0, 0, 0x0f, 0, 0, 0};
static const uint8_t viewer_usb[42] = {'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 26, 0, 0, 0,
    0xbc, 0xd1, 0x2d, 0x51, 9, 1, 1, 0, 0, 0, 1, 0, 0, 0, 18, 0, 0, 0, 0x0d, 0, 0, 0, 1, 0, 0,
    0};
static const uint8_t viewer_inputs[38] = {'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 22, 0, 0,
    0, 0xbc, 0xd1, 0x2d, 0x51, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 18, 0, 0, 0, 9, 0, 0, 0};

static enum spice_error
read_whole(const uint8_t *in, size_t len, struct spice_link *link)
{
	enum spice_error error = SPICE_OK;
	size_t need = 0;

	for (size_t n = 1; n <= len && (n == 1 || need >= n); n++) {
		need = spice_link_read(in, n, link, &error);
		assert_true(need <= SPICE_LINK_MAX);
		assert_true(error != SPICE_OK || need == n);
	}
	assert_true(need <= len);
	return error;
}

static void
what_viewers_send(void **state)
{
	struct spice_link link;

	(void)state;
	assert_int_equal(read_whole(viewer_main, sizeof(viewer_main), &link), SPICE_OK);
	assert_int_equal(link.type, SPICE_MAIN);
	assert_int_equal(link.connection_id, 0);
	assert_int_equal(link.common_caps, 0x0d);
	assert_int_equal(read_whole(viewer_usb, sizeof(viewer_usb), &link), SPICE_OK);
	assert_int_equal(link.type, SPICE_USBREDIR);
	assert_int_equal(link.id, 1);
	assert_int_equal(link.connection_id, 0x512dd1bc);
	assert_int_equal(read_whole(viewer_inputs, sizeof(viewer_inputs), &link), SPICE_OK);
	assert_int_equal(link.type, SPICE_INPUTS);
	assert_int_equal(link.common_caps, 9);
}

/* remote-viewer's main with one number changed. */
static const struct {
	size_t at;
	uint32_t value;
	enum spice_error error;
} changes[] = {
    {0, 0x20544547, SPICE_INVALID_MAGIC}, /* "GET " */
    {0, 0x51444553, SPICE_INVALID_MAGIC},
    {4, 1, SPICE_VERSION_MISMATCH},
    {4, 3, SPICE_VERSION_MISMATCH},
    {8, 99, SPICE_OK},
    {12, 17, SPICE_INVALID_DATA},
    {12, 22, SPICE_INVALID_DATA},
    {12, SPICE_LINK_MESSAGE + 4 * SPICE_LINK_WORDS_MAX + 1, SPICE_INVALID_DATA},
    {12, UINT32_MAX, SPICE_INVALID_DATA},
    {16, 1, SPICE_BAD_CONNECTION_ID},
    {22, 0, SPICE_INVALID_DATA},
    {22, 2, SPICE_INVALID_DATA},
    {22, 0x40000001, SPICE_INVALID_DATA},
    {26, 0x40000001, SPICE_INVALID_DATA},
    {26, UINT32_MAX, SPICE_INVALID_DATA},
    {30, 0, SPICE_INVALID_DATA},
    {30, 17, SPICE_INVALID_DATA},
    {30, 22, SPICE_INVALID_DATA},
};

static void
what_is_refused(void **state)
{
	uint8_t in[sizeof(viewer_main)];
	struct spice_link link;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(in, viewer_main, sizeof(in));
		le_put32(in + changes[i].at, changes[i].value);
		assert_int_equal(read_whole(in, sizeof(in), &link), changes[i].error);
	}
	memcpy(in, viewer_main, sizeof(in));
	in[21] = 1;
	assert_int_equal(read_whole(in, sizeof(in), &link), SPICE_CHANNEL_NOT_AVAILABLE);
	memcpy(in, viewer_usb, sizeof(in));
	le_put32(in + 16, 0);
	assert_int_equal(read_whole(in, sizeof(in), &link), SPICE_BAD_CONNECTION_ID);
	/* A type that nobody knows is for who decides. */
	memcpy(in, viewer_usb, sizeof(in));
	in[20] = 77;
	assert_int_equal(read_whole(in, sizeof(in), &link), SPICE_OK);
	assert_null(spice_kind_find(link.type));
}

static void
a_websocket_is_refused_at_its_first_byte(void **state)
{
	struct spice_link link;
	enum spice_error error;

	(void)state;
	assert_int_equal(spice_link_read((const uint8_t *)"G", 1, &link, &error), 1);
	assert_int_equal(error, SPICE_INVALID_MAGIC);
}

static void
a_refusal(void **state)
{
	uint8_t out[SPICE_REFUSAL];

	(void)state;
	spice_link_refuse(out, SPICE_PERMISSION_DENIED);
	assert_memory_equal(out, "REDQ\2\0\0\0\2\0\0\0\xb2\0\0\0\7\0\0\0", 20);
	for (size_t i = 20; i < sizeof(out); i++)
		assert_int_equal(out[i], i == 190 ? 178 : 0);
	spice_link_refuse(out, SPICE_OK);
	assert_int_equal(out[16], SPICE_ERROR);
}

static void
who_may_open_what(void **state)
{
	static const struct {
		uint32_t may;
		const char *types; /* 1 to 11, and two beyond */
	} rows[] = {
	    {0, "............."},
	    {SPICE_MAY_SEE, "**.**........"},
	    {SPICE_MAY_SEE | SPICE_MAY_CONTROL, "*****........"},
	    {SPICE_MAY_MIC, ".....*......."},
	    {SPICE_MAY_SMARTCARD, ".......*....."},
	    {SPICE_MAY_USB, "........*...."},
	    {SPICE_MAY_SHARE, ".........**.."},
	    {SPICE_MAY_CLIPBOARD, "............."},
	    {UINT32_MAX, "******.****.."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint8_t type = 0; type < 14; type++)
			assert_int_equal(spice_kind_allowed(type, rows[i].may),
			    type > 0 && rows[i].types[type - 1] == '*');
	assert_string_equal(spice_kind_find(SPICE_USBREDIR)->name, "usbredir");
	assert_null(spice_kind_find(SPICE_TUNNEL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_viewers_send),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(a_websocket_is_refused_at_its_first_byte),
	    cmocka_unit_test(a_refusal),
	    cmocka_unit_test(who_may_open_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
