/* Units of {kind, length, bytes}: how they pass, are left out, are replaced, however
 * the stream is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/sieve_play.h"

static struct played once, again;

/* p passes, d is left out, r is replaced by R and its length, e ends, h holds all. */
static enum sieve_verdict
judge(void *owner, struct sieve *sieve)
{
	size_t len = sieve->hold[1];

	(void)owner;
	sieve->rest = len;
	switch (sieve->hold[0]) {
	case 'p':
		return SIEVE_PASS;
	case 'd':
		return SIEVE_DROP;
	case 'r':
		sieve->hold[0] = 'R';
		return SIEVE_REPLACE;
	case 'h':
		sieve->need = 2 + len;
		if (sieve->held < sieve->need)
			return SIEVE_MORE;
		sieve->rest = 0;
		sieve->hold[0] = 'H';
		return SIEVE_REPLACE;
	case 'w':
		sieve->need = 2 + len;
		sieve->rest = 0;
		return sieve->held < sieve->need ? SIEVE_MORE : SIEVE_PASS;
	case 'o':
		sieve->rest = SIEVE_FOREVER;
		return SIEVE_PASS;
	case 'm':
		sieve->need = len == 0 ? 2 : SIEVE_HOLD + 1;
		return SIEVE_MORE;
	default:
		sieve->why = len == 0 ? NULL : "such a kind";
		return SIEVE_END;
	}
}

static const struct {
	const char *in, *out;
	bool ends;
} cases[] = {
    {"p\3abcp\0p\1x", "p\3abcp\0p\1x", false},
    {"p\1ad\3xyzp\1b", "p\1ap\1b", false},
    {"d\3xyzd\0d\1aw\2kl", "w\2kl", false},
    {"r\2abp\1cr\0d\1x", "R\2abp\1cR\0", false},
    {"p\1ah\4wxyzp\1b", "p\1aH\4wxyzp\1b", false},
    {"p\1ap\1aw\4wxyzp\1b", "p\1ap\1aw\4wxyzp\1b", false},
    {"p\1ae\1p\1b", "p\1a", true},
    {"p\1ae\0p\1b", "p\1a", true},
    {"h\1ae\1", "H\1a", true},
    {"r\1am\0p\1b", "R\1a", true},
    {"r\1am\1p\1b", "R\1a", true},
    {"d\1xo\0d\1xe\1r\1a", "o\0d\1xe\1r\1a", false},
};

/* The length of a text of units, in which a length may be zero. */
static size_t
units_len(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len += 2 + (size_t)(text[len] == 'e' || text[len] == 'm' ? 0 : text[len + 1]);
	return len;
}

static void
whatever_the_cuts(void **state)
{
	struct sieve sieve;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *in = (const uint8_t *)cases[i].in;
		size_t len = units_len(cases[i].in), out_len = units_len(cases[i].out);
		for (size_t first = 0; first <= len; first++) {
			for (size_t cut = 1; cut <= len; cut++) {
				once.len = 0;
				sieve_init(&sieve, judge, NULL, 2);
				play(&sieve, in, first, first, &once);
				play(&sieve, in + first, len - first, cut, &once);
				assert_int_equal(once.len, out_len);
				assert_memory_equal(once.bytes, cases[i].out, out_len);
				assert_int_equal(sieve.why != NULL, cases[i].ends);
			}
		}
	}
}

static void
what_passes_is_given_out_from_the_input(void **state)
{
	static const uint8_t in[] = "p\1ap\1bp\1cd\2xyp\1d";
	struct sieve sieve;
	struct sieve_piece piece;

	(void)state;
	sieve_init(&sieve, judge, NULL, 2);
	assert_int_equal(sieve_step(&sieve, in, 16, &piece), 9 + 2);
	assert_ptr_equal(piece.bytes, in);
	assert_int_equal(piece.len, 9);
}

static void
between_units_and_open(void **state)
{
	static const uint8_t in[] = "p\2abo\0";
	struct sieve sieve;

	(void)state;
	sieve_init(&sieve, judge, NULL, 2);
	assert_true(sieve_is_between(&sieve));
	for (size_t at = 0; at < 6; at++) {
		once.len = 0;
		play_read(&sieve, in + at, 1, &once);
		assert_int_equal(sieve_is_between(&sieve), at == 3);
		assert_int_equal(sieve_is_open(&sieve), at == 5);
	}
}

static void
nothing_goes_on_behind_an_end(void **state)
{
	struct sieve sieve;

	(void)state;
	sieve_init(&sieve, judge, NULL, 2);
	once.len = again.len = 0;
	play_read(&sieve, (const uint8_t *)"x\1", 2, &once);
	assert_string_equal(sieve.why, "such a kind");
	play_read(&sieve, (const uint8_t *)"p\1ao\0", 5, &again);
	assert_int_equal(once.len + again.len, 0);
	assert_false(sieve_is_between(&sieve) || sieve_is_open(&sieve));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whatever_the_cuts),
	    cmocka_unit_test(what_passes_is_given_out_from_the_input),
	    cmocka_unit_test(between_units_and_open),
	    cmocka_unit_test(nothing_goes_on_behind_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
