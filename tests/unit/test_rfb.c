/* VNC's handshake in its three versions, and what goes on of a viewer's messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rfb/rfb.h"
#include "rfb/view.h"
#include "tests/support/sieve_play.h"

#define LINE_MAX_LEN 48

static struct rfb rfb;
static struct played out;

/* What one side says and what goes on of it; a NULL in go ends. */
struct line {
	char from; /* s, c; 0: no more */
	uint8_t len, go_len;
	char say[LINE_MAX_LEN];
	const char *go;
};

#define S(len, say)                                                                            \
	{                                                                                      \
		's', len, len, say, say                                                        \
	}
#define C(len, say)                                                                            \
	{                                                                                      \
		'c', len, len, say, say                                                        \
	}
#define TO(f, l, say, g, w)                                                                    \
	{                                                                                      \
		f, l, g, say, w                                                                \
	}
#define ENDS(f, len, say)                                                                      \
	{                                                                                      \
		f, len, 0, say, NULL                                                           \
	}

static void
run(const struct line *lines, enum rfb_may may, size_t cut)
{
	rfb_init(&rfb, may);
	for (; lines->from != 0; lines++) {
		struct sieve *sieve = lines->from == 's' ? &rfb.down : &rfb.up;
		out.len = 0;
		play(sieve, (const uint8_t *)lines->say, lines->len, cut, &out);
		if (lines->go == NULL) {
			assert_non_null(sieve->why);
			assert_int_equal(out.len, 0);
			return;
		}
		assert_null(sieve->why);
		assert_int_equal(out.len, lines->go_len);
		assert_memory_equal(out.bytes, lines->go, lines->go_len);
	}
}

static const struct line handshakes[][12] = {
    /* 3.8, None; a viewer that wants to be alone is made to share. */
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\1"), C(1, "\1"), S(4, "\0\0\0\0"),
	TO('c', 1, "\0", 1, "\1"), S(4, "init")},
    /* 3.8, password, refused. */
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), TO('s', 4, "\3\x13\2\x14", 2, "\1\2"),
	C(1, "\2"), S(16, "0123456789abcdef"), C(16, "0123456789abcdef"), S(4, "\0\0\0\1"),
	S(8, "\0\0\0\4bad!"), ENDS('s', 1, "x")},
    /* A newer server, an older client. */
    {TO('s', 12, "RFB 003.889\n", 12, "RFB 003.008\n"), C(12, "RFB 003.007\n"), S(3, "\2\1\2"),
	C(1, "\1"), C(1, "\1"), S(4, "init")},
    {S(12, "RFB 003.007\n"), C(12, "RFB 003.007\n"), S(2, "\1\2"), C(1, "\2"),
	S(16, "0123456789abcdef"), C(16, "0123456789abcdef"), S(4, "\0\0\0\1"),
	ENDS('s', 1, "x")},
    {S(12, "RFB 003.003\n"), C(12, "RFB 003.003\n"), S(4, "\0\0\0\2"),
	S(16, "0123456789abcdef"), C(16, "0123456789abcdef"), S(4, "\0\0\0\0"),
	TO('c', 1, "\0", 1, "\1"), S(4, "init")},
    {TO('s', 12, "RFB 003.005\n", 12, "RFB 003.003\n"), C(12, "RFB 003.003\n"),
	S(4, "\0\0\0\1"), TO('c', 1, "\0", 1, "\1"), S(4, "init")},
    /* Refused at once: no types, a reason. */
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(1, "\0"), S(6, "\0\0\0\2no"),
	ENDS('c', 1, "\1")},
    {S(12, "RFB 003.003\n"), C(12, "RFB 003.003\n"), S(4, "\0\0\0\0"), S(6, "\0\0\0\2no")},
    /* What nothing could be seen through, or was not offered. */
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), ENDS('s', 3, "\2\x13\x14")},
    {S(12, "RFB 003.003\n"), C(12, "RFB 003.003\n"), ENDS('s', 4, "\0\0\0\x13")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\1"), ENDS('c', 1, "\2")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\1"), ENDS('c', 1, "\x13")},
    {S(12, "RFB 003.007\n"), ENDS('c', 12, "RFB 003.008\n")},
    {ENDS('s', 12, "RFB 004.001\n")},
    {ENDS('s', 12, "SSH-2.0-Open")},
    {ENDS('s', 12, "RFB 003.0x8\n")},
    {S(12, "RFB 003.008\n"), ENDS('c', 12, "GET / HTTP/1")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(1, "\0"), ENDS('s', 4, "\0\0\x10\1")},
    /* Out of turn. */
    {ENDS('c', 1, "R")},
    {S(12, "RFB 003.008\n"), ENDS('s', 1, "\1")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), ENDS('c', 1, "\1")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\1"), C(1, "\1"),
	ENDS('c', 1, "\1")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\2"), C(1, "\2"),
	S(16, "0123456789abcdef"), C(16, "0123456789abcdef"), ENDS('c', 1, "\1")},
    {S(12, "RFB 003.008\n"), C(12, "RFB 003.008\n"), S(2, "\1\1"), C(1, "\1"), S(4, "\0\0\0\0"),
	ENDS('s', 1, "x")},
};

static void
handshakes_of_all_versions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++)
		for (size_t cut = 1; cut < 20; cut++)
			run(handshakes[i], i & 1 ? RFB_MAY_VIEW : RFB_MAY_CONTROL, cut);
}

/* To the client's first message. */
static void
talk(enum rfb_may may)
{
	run(handshakes[0], may, 20);
	out.len = 0;
}

static void
all_passes_of_who_may_control(void **state)
{
	static const uint8_t any[] = "\4\1\0\0\0\0\0a\xfa\1\2\3";

	(void)state;
	talk(RFB_MAY_CONTROL);
	play(&rfb.up, any, sizeof(any), 5, &out);
	assert_int_equal(out.len, sizeof(any));
	assert_memory_equal(out.bytes, any, sizeof(any));
	assert_true(sieve_is_open(&rfb.up) && sieve_is_open(&rfb.down));
}

static const struct {
	uint8_t len, go_len;
	const char *say, *go;
	bool ends;
} messages[] = {
    {20, 20, "\0\0\0\0abcdefghijklmnop", "\0\0\0\0abcdefghijklmnop", false},
    {10, 10, "\3\1abcdefgh", "\3\1abcdefgh", false},
    {8, 0, "\4\1\0\0\0\0\0a", "", false},      /* a key */
    {6, 0, "\5\1\0\1\0\1", "", false},         /* the pointer */
    {11, 0, "\6\0\0\0\0\0\0\3abc", "", false}, /* cut text */
    {12, 0,
	"\6\0\0\0\xff\xff\xff\xfc"
	"abcd",
	"", true},                                  /* extended */
    {12, 0, "\xff\0\0\1\0\0\0a\0\0\0a", "", false}, /* QEMU's key */
    {4, 0, "\xff\1\0\0", "", false},                /* QEMU's sound */
    {10, 0, "\xff\1\0\2abcdef", "", false},
    {4, 0, "\xff\1\0\3", "", true},
    {4, 0, "\xff\2\0\0", "", true},
    {1, 0, "\xfb", "", true}, /* SetDesktopSize */
    {1, 0, "\xf8", "", true}, /* fence */
    {1, 0, "\x96", "", true}, /* continuous updates */
    {1, 0, "\1", "", true},
    {4, 4, "\2\0\0\0", "\2\0\0\0", false},
    {20, 12, "\2\0\0\4\0\0\0\7\xff\xff\xfe\xfe\xff\xff\xff\x11\xff\xff\xfe\xcc",
	"\2\0\0\2\0\0\0\7\xff\xff\xff\x11",
	false}, /* Tight, QEMU's key, cursor, desktop sizes */
    {4, 0, "\2\0\0\x81", "", true},
};

static void
what_goes_on_of_who_may_view(void **state)
{
	static const uint8_t key_and_ask[] = "\4\1\0\0\0\0\0a\3\1abcdefgh";

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		for (size_t cut = 1; cut < 21; cut++) {
			talk(RFB_MAY_VIEW);
			play(&rfb.up, (const uint8_t *)messages[i].say, messages[i].len, cut,
			    &out);
			assert_int_equal(rfb.up.why != NULL, messages[i].ends);
			assert_int_equal(out.len, messages[i].go_len);
			assert_memory_equal(out.bytes, messages[i].go, out.len);
			out.len = 0;
			play(&rfb.up, key_and_ask, 18, cut, &out);
			assert_int_equal(out.len, messages[i].ends ? 0 : 10);
		}
	}
	assert_true(sieve_is_open(&rfb.down));
	assert_false(sieve_is_open(&rfb.up));
}

/* Encodings by which a client may say more, and those that nobody knows. */
static void
encodings_of_who_may_view(void **state)
{
	static const int32_t yes[] = {0, 1, 5, 7, 16, -223, -224, -239, -247, -261, -307, -512},
			     no[] = {-258, -259, -308, -309, -312, -313, (int32_t)0xc0a1e5ce,
				 0x574d5667, 3, 9, 1000, INT32_MIN, INT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(rfb_view_encoding(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(rfb_view_encoding(no[i]));
}

/* A byte that came before its turn was once taken for the beginning of ClientInit,
 * and what came with it passed unseen. */
static void
early_bytes_are_no_part_of_what_is_next(void **state)
{
	static const struct line lines[] = {S(12, "RFB 003.003\n"), C(12, "RFB 003.003\n"),
	    S(4, "\0\0\0\2"), S(16, "0123456789abcdef"), C(16, "0123456789abcdef"),
	    ENDS('c', 1, "\1"), {0, 0, 0, "", NULL}};

	(void)state;
	run(lines, RFB_MAY_VIEW, 16);
	play(&rfb.down, (const uint8_t *)"\0\0\0", 4, 4, &out);
	out.len = 0;
	play(&rfb.up, (const uint8_t *)"\4\1\0\0\0\0\0a\4\1\0\0\0\0\0a", 16, 16, &out);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(handshakes_of_all_versions),
	    cmocka_unit_test(all_passes_of_who_may_control),
	    cmocka_unit_test(what_goes_on_of_who_may_view),
	    cmocka_unit_test(encodings_of_who_may_view),
	    cmocka_unit_test(early_bytes_are_no_part_of_what_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
