/* A SPICE connection behind its greeting: the handshake, main both ways, what is left
 * out for whom, and that none of it depends on how the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/spice_expect.h"

#define SESSION  0x88001234
#define PING_LEN 256012

static void
add_init(struct played *to, uint32_t agent, uint32_t tokens)
{
	const uint32_t words[] = {SESSION, 1, 3, 1, agent, tokens, 12345, 0};

	add_head(to, 103, sizeof(words));
	for (size_t i = 0; i < 8; i++)
		add32(to, words[i]);
}

static void
the_handshake_without_sasl(void **state)
{
	static const uint8_t ticket[128] = {1, 2, 3};

	(void)state;
	begin(SPICE_DISPLAY, SEE, CAPS);
	add_reply(&in, 0, 0x0f);
	add_reply(&want, 0, 0x0b);
	say(SPICE_DOWN);
	expect(&down);
	want.len = 0;
	add32(&in, 2);
	add(&in, ticket, sizeof(ticket));
	add(&in, "opaque", 6);
	add32(&want, 1);
	add(&want, ticket, sizeof(ticket));
	add(&want, "opaque", 6);
	say(SPICE_UP);
	expect(&up);
	assert_true(sieve_is_open(&channel.up));
	assert_false(sieve_is_open(&channel.down));
	down.len = want.len = 0;
	add32(&in, 0);
	add(&in, "opaque", 6);
	add(&want, in.bytes, in.len);
	say(SPICE_DOWN);
	expect(&down);
	assert_true(sieve_is_open(&channel.down));
}

static void
the_ticket_comes_straight_where_the_client_knows_no_mechanisms(void **state)
{
	(void)state;
	begin(SPICE_MAIN, SEE, SPICE_CAP_MINI_HEADER);
	add_reply(&in, 0, 0x0b);
	say(SPICE_DOWN);
	memset(in.bytes, 9, 128);
	in.len = 128;
	say(SPICE_UP);
	assert_int_equal(up.len, 128);
	assert_int_equal(up.bytes[0], 9);
	assert_true(sieve_is_between(&channel.up));
}

/* A reply with one number changed, or what comes out of turn. */
static void
handshakes_that_end(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} changes[] = {{0, 0x50545448}, {4, 1}, {12, 177}, {12, 178 + 4 * 65}, {12, 190},
	    {182, 2}, {182, 0x40000001}, {186, UINT32_MAX}, {190, 0}, {190, 182}};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		begin(SPICE_MAIN, SEE, CAPS);
		add_reply(&in, 0, 0x0b);
		memset(in.bytes + in.len, 0, 300);
		in.len += 300;
		le_put32(in.bytes + changes[i].at, changes[i].value);
		say(SPICE_DOWN);
		assert_non_null(channel.down.why);
		assert_int_equal(down.len, 0);
	}
	begin(SPICE_MAIN, SEE, CAPS);
	add32(&in, 1);
	say(SPICE_UP);
	assert_string_equal(channel.up.why, "the client spoke out of turn");
	begin(SPICE_MAIN, SEE, CAPS);
	add_reply(&in, 0, 0x0b);
	add32(&in, 0);
	say(SPICE_DOWN);
	assert_string_equal(channel.down.why, "the server spoke before the ticket");
}

static void
nothing_follows_a_refusal(void **state)
{
	(void)state;
	begin(SPICE_INPUTS, CONTROL, CAPS);
	add_reply(&in, SPICE_PERMISSION_DENIED, 0);
	say(SPICE_DOWN);
	assert_int_equal(down.len, 202);
	assert_null(channel.down.why);
	add_reply(&in, 0, 0);
	say(SPICE_DOWN);
	assert_int_equal(down.len, 202);
	assert_non_null(channel.down.why);
}

static void
init_tells_the_session(void **state)
{
	(void)state;
	for (uint32_t caps = 5; caps <= CAPS; caps += 8) {
		talk(SPICE_MAIN, CONTROL, caps);
		add_init(&in, 1, 10);
		add(&want, in.bytes, in.len);
		play(&channel.down, in.bytes, in.len - 1, 9, &down);
		assert_false(channel.has_session);
		assert_int_equal(down.len, 0);
		play(&channel.down, in.bytes + in.len - 1, 1, 1, &down);
		assert_true(channel.has_session);
		assert_int_equal(channel.session, SESSION);
		expect(&down);
		/* Who only sees has no agent. */
		in.len = want.len = 0;
		add_init(&in, 1, 10);
		add_init(&want, 0, 0);
		expect_way(SPICE_DOWN, SEE, caps);
		/* A second one, one of another size, one without an id. */
		say(SPICE_DOWN);
		add_init(&in, 1, 10);
		say(SPICE_DOWN);
		assert_non_null(channel.down.why);
		talk(SPICE_MAIN, CONTROL, caps);
		add_message(&in, 103, hello.bytes, 36);
		say(SPICE_DOWN);
		assert_non_null(channel.down.why);
		talk(SPICE_MAIN, CONTROL, caps);
		add_init(&in, 1, 10);
		le_put32(in.bytes + header, 0);
		say(SPICE_DOWN);
		assert_non_null(channel.down.why);
		assert_int_equal(down.len, 0);
	}
}

/* The list of QEMU with all devices. */
static const uint8_t all_channels[] = {
    10, 0, 0, 0, 8, 0, 9, 1, 9, 0, 6, 0, 5, 0, 2, 0, 4, 0, 10, 0, 11, 0, 3, 0};

static void
a_list_holds_what_may_be_opened(void **state)
{
	static const struct {
		uint32_t may;
		uint8_t list[24], size;
	} rows[] = {
	    {SEE, {3, 0, 0, 0, 5, 0, 2, 0, 4, 0}, 10},
	    {CONTROL, {4, 0, 0, 0, 5, 0, 2, 0, 4, 0, 3, 0}, 12},
	    {CONTROL | SPICE_MAY_USB, {6, 0, 0, 0, 9, 1, 9, 0, 5, 0, 2, 0, 4, 0, 3, 0}, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t caps = 5; caps <= CAPS; caps += 8) {
			header = caps & 8 ? 6 : 18;
			in.len = want.len = 0;
			add_message(&in, 104, all_channels, sizeof(all_channels));
			add_message(&in, 113, "name", 4);
			/* One plugged in later, alone in its list. */
			add_message(&in, 104, "\1\0\0\0\7\1", 6);
			add_message(&want, 104, rows[i].list, rows[i].size);
			add_message(&want, 113, "name", 4);
			add_message(&want, 104, "\0\0\0", 4);
			expect_way(SPICE_DOWN, rows[i].may, caps);
		}
	}
}

static void
lists_that_end(void **state)
{
	static const struct {
		uint32_t size, count;
	} rows[] = {{0, 0}, {3, 0}, {24, 11}, {24, 9}, {24, 0x8000000a}, {4 + 2 * 256, 256}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		talk(SPICE_MAIN, UINT32_MAX, CAPS);
		add_message(&in, 104, all_channels, sizeof(all_channels));
		le_put32(in.bytes + 2, rows[i].size);
		le_put32(in.bytes + 6, rows[i].count);
		in.len += 600;
		say(SPICE_DOWN);
		assert_non_null(channel.down.why);
		assert_int_equal(down.len, 0);
	}
}

static void
a_large_ping_passes_uncopied(void **state)
{
	struct sieve_piece piece;

	(void)state;
	talk(SPICE_MAIN, SEE, CAPS);
	add_head(&in, 4, PING_LEN);
	in.len += PING_LEN;
	assert_int_equal(sieve_step(&channel.down, in.bytes, 65536, &piece), 65536);
	assert_ptr_equal(piece.bytes, in.bytes);
	assert_int_equal(piece.len, 65536);
	add(&want, in.bytes, in.len);
	expect_way(SPICE_DOWN, SEE, CAPS);
}

static void
messages_inside_messages_end(void **state)
{
	(void)state;
	for (int way = 0; way < 2; way++) {
		talk(SPICE_MAIN, UINT32_MAX, SPICE_CAP_AUTH_SELECTION);
		add_message(&in, 4 - (uint16_t)way, hello.bytes, 12);
		le_put32(in.bytes + 14, 18);
		say(way ? SPICE_UP : SPICE_DOWN);
		assert_string_equal(
		    way ? channel.up.why : channel.down.why, "messages inside a message");
	}
	talk(SPICE_MAIN, UINT32_MAX, CAPS);
	add_message(&in, 8, "\0\0", 2);
	say(SPICE_DOWN);
	assert_string_equal(channel.down.why, "messages inside a message");
}

/* Each type, both ways, for who sees, controls, may all: what passes. */
static void
which_types_pass(void **state)
{
	static const uint32_t mays[] = {0, SEE, CONTROL, UINT32_MAX};
	static const uint8_t sees[2][12] = {
	    {3, 4, 5, 6, 7, 105, 106, 113, 114}, {1, 2, 3, 6, 104}};
	static const uint8_t controls[2][5] = {{107, 108, 110, 115}, {105, 106, 108}};

	(void)state;
	for (uint16_t type = 1; type < 200; type++)
		for (size_t i = 0; i < 8; i++) {
			enum spice_way way = i & 1 ? SPICE_UP : SPICE_DOWN;
			uint32_t may = mays[i / 2];
			bool passes =
			    (i / 2 > 0 && memchr(sees[way], type, sizeof(sees[0]))) ||
			    (i / 2 > 1 && memchr(controls[way], type, sizeof(controls[0])));
			if (way == SPICE_DOWN && (type == 8 || type == 103 || type == 104))
				continue;
			if (type == (way == SPICE_UP ? 107 : 109) && i / 2 > 1)
				continue;
			talk(SPICE_MAIN, may, CAPS);
			channel.is_agent_started = true;
			add_message(&in, type, "\0\0\0\0\0\0\0\0\0\0\0", 12);
			add_message(&in, way == SPICE_UP ? 3 : 4, "0123456789ab", 12);
			say(way);
			assert_int_equal(way == SPICE_UP ? up.len : down.len,
			    (i / 2 > 0 ? 18 : 0) + (passes ? 18 : 0));
			assert_null(way == SPICE_UP ? channel.up.why : channel.down.why);
		}
}

static void
migration_is_answered_here(void **state)
{
	uint8_t out[SPICE_OWED_MAX];

	(void)state;
	talk(SPICE_MAIN, UINT32_MAX, CAPS);
	add_message(&in, 101, "host", 5);
	say(SPICE_DOWN);
	assert_int_equal(down.len, 0);
	/* Not inside a message of the client. */
	play_read(&channel.up, (const uint8_t *)"\3\0\x0c\0\0\0abc", 9, &up);
	assert_int_equal(spice_channel_owed(&channel, SPICE_UP, out), 0);
	play_read(&channel.up, (const uint8_t *)"012345678", 9, &up);
	assert_int_equal(spice_channel_owed(&channel, SPICE_UP, out), 6);
	assert_memory_equal(out, "\x67\0\0\0\0", 6);
	assert_int_equal(spice_channel_owed(&channel, SPICE_UP, out), 0);
	assert_int_equal(spice_channel_owed(&channel, SPICE_DOWN, out), 0);
}

/* Types of the agent that no client and no agent may say, and those of nobody. */
/* What was said to an agent that is gone is not for the next one; what was under way
 * goes on to its end, which the server waits for. */
static void
a_client_message_too_long_ends(void **state)
{
	(void)state;
	talk(SPICE_MAIN, SEE, CAPS);
	add_head(&in, 3, 65);
	say(SPICE_UP);
	assert_string_equal(channel.up.why, "a message too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_handshake_without_sasl),
	    cmocka_unit_test(the_ticket_comes_straight_where_the_client_knows_no_mechanisms),
	    cmocka_unit_test(handshakes_that_end),
	    cmocka_unit_test(nothing_follows_a_refusal),
	    cmocka_unit_test(init_tells_the_session),
	    cmocka_unit_test(a_list_holds_what_may_be_opened),
	    cmocka_unit_test(lists_that_end),
	    cmocka_unit_test(a_large_ping_passes_uncopied),
	    cmocka_unit_test(messages_inside_messages_end),
	    cmocka_unit_test(which_types_pass),
	    cmocka_unit_test(migration_is_answered_here),
	    cmocka_unit_test(a_client_message_too_long_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
