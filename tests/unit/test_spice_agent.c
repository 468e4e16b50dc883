/* The agent's messages inside main: what is left out for whom, its tokens, and that none
 * of it depends on how the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/spice_expect.h"

/* A message of len bytes in pieces: how many they are. */
static uint32_t
add_in_pieces(enum spice_way way, uint32_t type, uint32_t len)
{
	uint32_t inside = len > 2028 ? 2028 : len / 2, count = 1;

	add_agent(&in, way, type, len, inside);
	for (uint32_t left = len - inside, size; left > 0; left -= size, count++) {
		size = left > 2048 ? 2048 : left;
		add_more(&in, way, size);
	}
	return count;
}

static void
the_clipboard_of_who_may_not(void **state)
{
	static const uint32_t types[] = {4, 7, 8, 9, 14}, lens[] = {5000, 4096, 64, 64, 64};

	(void)state;
	for (enum spice_way way = SPICE_DOWN; way <= SPICE_UP; way++) {
		for (size_t i = 0; i < 5; i++) {
			uint32_t pieces;

			header = 6;
			in.len = want.len = 0;
			pieces = add_in_pieces(way, types[i], lens[i]);
			add_agent(&in, way, way == SPICE_UP ? 2 : 3, 8, 4);
			add_more(&in, way, 4);
			add_agent(&want, way, way == SPICE_UP ? 2 : 3, 8, 4);
			add_more(&want, way, 4);
			expect_way(way, SHARE, CAPS);
			assert_int_equal(
			    way == SPICE_UP ? channel.tokens_down : channel.tokens_up, pieces);
			assert_int_equal(
			    way == SPICE_UP ? channel.tokens_up : channel.tokens_down, 0);
			if (way == SPICE_DOWN && types[i] == 14)
				continue; /* only clients say that */
			want.len = 0;
			add(&want, in.bytes, in.len);
			expect_way(way, CLIP, CAPS);
			assert_int_equal(channel.tokens_up + channel.tokens_down, 0);
		}
	}
}

static void
files_of_who_may_not(void **state)
{
	static const uint32_t types[] = {10, 11, 12};

	(void)state;
	header = 6;
	for (size_t i = 0; i < 3; i++) {
		in.len = want.len = 0;
		add_agent(&in, SPICE_UP, types[i], 100, 100);
		expect_way(SPICE_UP, CLIP, CAPS);
		add(&want, in.bytes, in.len);
		expect_way(SPICE_UP, SHARE, CAPS);
	}
}

static void
who_may_say_what(void **state)
{
	(void)state;
	for (uint32_t type = 1; type < 40; type++) {
		bool goes_up = type < 17 && type != 1 && type != 3 && type != 13 && type != 16;
		bool goes_down =
		    type == 3 || type == 4 || (type >= 6 && type <= 9) || type == 11;
		assert_int_equal(spice_agent_allowed(type, SPICE_UP, UINT32_MAX), goes_up);
		assert_int_equal(spice_agent_allowed(type, SPICE_DOWN, UINT32_MAX), goes_down);
		assert_false(spice_agent_allowed(type, SPICE_UP, SEE));
		assert_false(spice_agent_allowed(type, SPICE_DOWN, SEE));
	}
}

static void
capabilities_are_taken_out(void **state)
{
	static const struct {
		uint32_t may, caps;
	} rows[] = {
	    {CONTROL, 0x0bb97}, {CLIP, 0x3bfff}, {SHARE, 0x0fb97}, {UINT32_MAX, 0x3ffff}};

	(void)state;
	header = 6;
	for (size_t i = 0; i < 4; i++) {
		for (enum spice_way way = SPICE_DOWN; way <= SPICE_UP; way++) {
			in.len = want.len = 0;
			add_agent(&in, way, 6, 12, 12);
			le_put32(in.bytes + 26, 1);
			le_put32(in.bytes + 30, UINT32_MAX);
			le_put32(in.bytes + 34, UINT32_MAX);
			add(&want, in.bytes, in.len);
			le_put32(want.bytes + 30, rows[i].caps);
			le_put32(want.bytes + 34, 0);
			expect_way(way, rows[i].may, CAPS);
		}
	}
	/* In two pieces, or longer than anybody needs, none goes on. */
	in.len = want.len = 0;
	add_agent(&in, SPICE_UP, 6, 8, 4);
	add_more(&in, SPICE_UP, 4);
	add_agent(&in, SPICE_UP, 6, 100, 100);
	expect_way(SPICE_UP, UINT32_MAX, CAPS);
	assert_int_equal(channel.tokens_down, 3);
}

static void
agent_data_that_ends(void **state)
{
	(void)state;
	for (enum spice_way way = SPICE_DOWN; way <= SPICE_UP; way++) {
		for (int i = 0; i < 8; i++) {
			talk(SPICE_MAIN, UINT32_MAX, CAPS);
			channel.is_agent_started = true;
			add_agent(&in, way, 4, i == 0 ? 7 : 8, i == 1 ? 4 : 8);
			if (i == 1)
				add_more(&in, way, 5);
			if (i == 2)
				le_put32(in.bytes + 6, 2);
			if (i == 3)
				add_more(&in, way, 19);
			if (i == 4)
				add_agent(&in, way, 4, 4000, 2029);
			if (i == 5)
				add_more(&in, way, 0);
			if (i == 6) {
				add_agent(&in, way, 4, 20, 10);
				add_more(&in, way, 0);
			}
			if (i == 7)
				add_agent(&in, way, 4, (256u << 20) + 1, 10);
			say(way);
			assert_non_null(way == SPICE_UP ? channel.up.why : channel.down.why);
		}
	}
}

static void
tokens_come_back_between_messages(void **state)
{
	uint8_t out[SPICE_OWED_MAX];

	(void)state;
	talk(SPICE_MAIN, CONTROL, CAPS);
	add_message(&in, 106, "\xff\xff\xff\xff", 4);
	add_agent(&in, SPICE_UP, 4, 3000, 1000);
	add_more(&in, SPICE_UP, 2000);
	say(SPICE_UP);
	assert_int_equal(up.len, 10);
	play_read(&channel.down, (const uint8_t *)"\x71\0", 2, &down);
	assert_int_equal(spice_channel_owed(&channel, SPICE_DOWN, out), 0);
	play_read(&channel.down, (const uint8_t *)"\1\0\0\0n", 5, &down);
	assert_int_equal(spice_channel_owed(&channel, SPICE_DOWN, out), 10);
	assert_memory_equal(out, "\x6e\0\4\0\0\0\2\0\0\0", 10);
	assert_int_equal(spice_channel_owed(&channel, SPICE_DOWN, out), 0);
	/* With full headers, and upwards. */
	talk(SPICE_MAIN, CONTROL, SPICE_CAP_AUTH_SELECTION);
	add_message(&in, 106, "\xff\xff\xff\xff", 4);
	say(SPICE_UP);
	add_agent(&in, SPICE_DOWN, 4, 8, 8);
	say(SPICE_DOWN);
	assert_int_equal(down.len, 0);
	assert_int_equal(spice_channel_owed(&channel, SPICE_UP, out), 22);
	assert_memory_equal(out, "\7\0\0\0\0\0\0\0\x6c\0\4\0\0\0\0\0\0\0\1\0\0\0", 22);
}

static void
the_agent_comes_anew(void **state)
{
	(void)state;
	talk(SPICE_MAIN, CLIP, CAPS);
	add_agent(&in, SPICE_UP, 2, 8, 8);
	add_message(&in, 108, "\1\0\0", 4);
	say(SPICE_UP);
	assert_int_equal(up.len, 0);
	assert_int_equal(channel.tokens_down, 0);
	add_message(&in, 106, "\1\0\0", 4);
	add_agent(&in, SPICE_UP, 4, 100, 50);
	say(SPICE_UP);
	assert_int_equal(up.len, 10 + 76);
	add_agent(&in, SPICE_DOWN, 4, 100, 50);
	add_message(&in, 108, "\0\0\0", 4);
	add_message(&in, 115, "\x0a\0\0", 4);
	add_agent(&in, SPICE_DOWN, 4, 10, 10);
	say(SPICE_DOWN);
	assert_int_equal(down.len, 76 + 10 + 10 + 36);
	add_more(&in, SPICE_UP, 50);
	add_agent(&in, SPICE_UP, 4, 10, 10);
	say(SPICE_UP);
	assert_int_equal(up.len, 10 + 76 + 56);
	assert_int_equal(channel.tokens_down, 0);
	assert_null(channel.up.why);
}

/* A viewer that goes on with what it has begun would see the inner message. */
static void
an_agent_that_begins_inside_a_message(void **state)
{
	static const uint16_t begins[] = {107, 115};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		talk(SPICE_MAIN, CONTROL, CAPS);
		add_agent(&in, SPICE_DOWN, 3, 20, 0);
		add_message(&in, begins[i], "\x0a\0\0", begins[i] == 115 ? 4 : 0);
		add_head(&in, 109, 20 + 32);
		for (size_t j = 0; j < 10; j++)
			add32(&in, (const uint32_t[]){1, 3, 0, 0, 32, 1, 4, 0, 0, 12}[j]);
		memset(in.bytes + in.len, 'c', 12);
		in.len += 12;
		say(SPICE_DOWN);
		assert_int_equal(down.len, 6 + 20);
		assert_string_equal(channel.down.why, "an agent that begins inside a message");
	}
}

/* 106 is for the server's account of an agent that is there. */
static void
no_start_without_an_agent(void **state)
{
	(void)state;
	talk(SPICE_MAIN, CONTROL, CAPS);
	channel.has_agent = false;
	add_message(&in, 106, "\1\0\0", 4);
	add_message(&in, 108, "\1\0\0", 4);
	say(SPICE_UP);
	assert_int_equal(up.len, 0);
	add_message(&in, 107, "", 0);
	say(SPICE_DOWN);
	add_message(&in, 106, "\1\0\0", 4);
	say(SPICE_UP);
	assert_int_equal(up.len, 10);
	assert_true(channel.is_agent_started);
	add_message(&in, 108, "\0\0\0", 4);
	say(SPICE_DOWN);
	add_message(&in, 106, "\1\0\0", 4);
	say(SPICE_UP);
	assert_int_equal(up.len, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clipboard_of_who_may_not),
	    cmocka_unit_test(files_of_who_may_not),
	    cmocka_unit_test(who_may_say_what),
	    cmocka_unit_test(capabilities_are_taken_out),
	    cmocka_unit_test(agent_data_that_ends),
	    cmocka_unit_test(tokens_come_back_between_messages),
	    cmocka_unit_test(the_agent_comes_anew),
	    cmocka_unit_test(an_agent_that_begins_inside_a_message),
	    cmocka_unit_test(no_start_without_an_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
