/* What a validation server's answer may look like, and what it is worth. */
#include "api/judge.h"
#include "api/reply.h"
#include "lib/api_key.h"
#include "lib/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define OTP   "vvungrrdhvtklknvrtvuvbbkeidikkvgglrvdgrfcdft"
#define NONCE "jrFwbaYFhn0HoxZIsd9LQ6w2ceU"
#define KEY   "mG5be6ZJU1qBGz24yPh/ESM3UdU="

static struct crypto *crypto;
static struct secret key;

static int
set_up(void **state)
{
	const char *why;

	(void)state;
	return crypto_new(&crypto) == 0 && api_key_read(KEY, strlen(KEY), &key, &why) == 0 ? 0
											   : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	secret_free(&key);
	crypto_free(crypto);
	return 0;
}

static const char *
trouble(const char *text, size_t len)
{
	struct reply reply;
	const char *why;

	return reply_parse(text, len, &reply, &why) == 0 ? NULL : why;
}

/* A reply of these lines, signed with the key, h in front. */
static const char *
signed_reply(const char *lines)
{
	static char text[4096];
	char input[2048], h[32];
	uint8_t mac[CRYPTO_MAC];
	struct reply reply;
	const char *why;
	size_t len;

	assert_int_equal(reply_parse(lines, strlen(lines), &reply, &why), 0);
	len = reply_signed_text(&reply, input, sizeof(input));
	assert_int_equal(crypto_mac(crypto, &key, input, len, mac), 0);
	assert_int_equal(base64_encode(mac, sizeof(mac), h, sizeof(h)), 0);
	snprintf(text, sizeof(text), "h=%s\r\n%s", h, lines);
	return text;
}

static struct judgement
judge(const char *body, long http)
{
	const struct judge question = {
	    .crypto = crypto, .key = &key, .otp = OTP, .nonce = NONCE};
	struct judgement j;

	judge_answer(&question, http, body, strlen(body), &j);
	return j;
}

#define LINES(status)                                                                          \
	"t=2026-11-21T01:32:57Z0123\r\notp=" OTP "\r\nnonce=" NONCE                            \
	"\r\nsl=25\r\nstatus=" status "\r\n"

static void
the_known_vector(void **state)
{
	static const char text[] = "id=1&nonce=" NONCE "&otp=" OTP;
	uint8_t mac[CRYPTO_MAC];
	char h[32];

	(void)state;
	assert_int_equal(crypto_mac(crypto, &key, text, strlen(text), mac), 0);
	assert_int_equal(base64_encode(mac, sizeof(mac), h, sizeof(h)), 0);
	assert_string_equal(h, "+ja8S3IjbX593/LAgTBixwPNGX4=");
}

static void
only_a_signed_ok_is_one(void **state)
{
	struct judgement j = judge(signed_reply(LINES("OK")), 200);

	(void)state;
	assert_int_equal(j.verdict, PROTO_API_OK);
	assert_true(j.is_valid);
	assert_false(j.has_counter);
	j = judge(signed_reply(LINES("OK") "sessioncounter=19\r\nsessionuse=17\r\n"), 200);
	assert_int_equal(j.verdict, PROTO_API_OK);
	assert_true(j.has_counter);
	assert_int_equal(j.counter, 19 << 8 | 17);
	j = judge(signed_reply(LINES("OK") "sessioncounter=32787\r\nsessionuse=0\r\n"), 200);
	assert_int_equal(j.counter, 19 << 8); /* Caps Lock's bit */
	/* S11 */
	assert_int_equal(judge(signed_reply(LINES("OK")), 404).verdict, PROTO_API_NONE);
	assert_int_equal(judge(signed_reply(LINES("OK")), 0).verdict, PROTO_API_NONE);
	/* S3, S4 */
	j = judge(LINES("OK"), 200);
	assert_int_equal(j.verdict, PROTO_API_NONE);
	assert_string_equal(j.words, "OK, unsigned");
	j = judge("h=AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n" LINES("OK"), 200);
	assert_int_equal(j.verdict, PROTO_API_NONE);
	assert_string_equal(j.words, "OK, wrongly signed");
}

static void
every_status_is_what_it_says(void **state)
{
	static const struct {
		const char *status;
		enum proto_api verdict;
	} table[] = {{"OK", PROTO_API_OK}, {"BAD_OTP", PROTO_API_BAD},
	    {"REPLAYED_OTP", PROTO_API_REPLAYED}, {"REPLAYED_REQUEST", PROTO_API_NONE},
	    {"BAD_SIGNATURE", PROTO_API_NONE}, {"MISSING_PARAMETER", PROTO_API_NONE},
	    {"NO_SUCH_CLIENT", PROTO_API_NONE}, {"OPERATION_NOT_ALLOWED", PROTO_API_NONE},
	    {"BACKEND_ERROR", PROTO_API_NONE}, {"NOT_ENOUGH_ANSWERS", PROTO_API_NONE},
	    {"DELAYED_OTP", PROTO_API_NONE}, {"OKAY", PROTO_API_NONE}, {"O", PROTO_API_NONE}};
	char lines[512];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct judgement j;
		snprintf(lines, sizeof(lines), "%s%s\r\n",
		    "otp=" OTP "\r\nnonce=" NONCE "\r\nstatus=", table[i].status);
		j = judge(signed_reply(lines), 200);
		assert_int_equal(j.verdict, table[i].verdict);
		assert_true(j.is_valid);
		assert_string_equal(j.words, table[i].status);
		assert_false(j.has_counter);
	}
	/* Refusals come without otp and nonce, too; an OK does not. */
	assert_int_equal(judge(signed_reply("status=BAD_OTP\r\n"), 200).verdict, PROTO_API_BAD);
	assert_int_equal(judge(signed_reply("status=OK\r\n"), 200).verdict, PROTO_API_NONE);
}

static void
an_answer_to_another_question_is_none(void **state)
{
	static const char *const lines[] = {"otp=" OTP "\r\nstatus=OK\r\n",
	    "nonce=" NONCE "\r\nstatus=OK\r\n",
	    "otp=cccccccccccccccccccccccccccccccccccc\r\nnonce=" NONCE "\r\nstatus=OK\r\n",
	    "otp=" OTP "\r\nnonce=0000000000000000\r\nstatus=OK\r\n",
	    "otp=" OTP "\r\nnonce=" NONCE "x\r\nstatus=OK\r\n",
	    "otp=" OTP "\r\nnonce=0000000000000000\r\nstatus=REPLAYED_OTP\r\n",
	    "nonce=0000000000000000\r\nstatus=BAD_OTP\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct judgement j = judge(signed_reply(lines[i]), 200);
		assert_int_equal(j.verdict, PROTO_API_NONE);
		assert_false(j.is_valid);
		assert_non_null(strstr(j.words, "to another question"));
	}
}

static void
order_and_line_ends_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(
	    judge(signed_reply("status=OK\nnonce=" NONCE "\notp=" OTP), 200).verdict,
	    PROTO_API_OK);
	assert_int_equal(judge(signed_reply("\r\n\nstatus=OK\r\nzz=1\r\nA=2\r\nnonce=" NONCE
					    "\r\n\r\notp=" OTP "\n\n"),
			     200)
			     .verdict,
	    PROTO_API_OK);
}

static void
malformed_replies_are_refused(void **state)
{
	static const char longer_otp[] = "status=OK\r\notp=" OTP "a\r\n";
	static const char other_otp[] = "status=OK\r\notp=" OTP "VV\r\n";
	static const char only_nonce[] = "nonce=" NONCE "\r\n";
	static const char *const bad[] = {"", "status", "=OK\r\n", "status =OK\r\n",
	    "status=OK \r\n", "status= OK\r\n", "status=ok\r\n", "status=\r\n",
	    "status=OK\r\nstatus=OK\r\n", "status=BAD_OTP\r\nstatus=OK\r\n",
	    "status=OK\r\nx=1\r\nx=1\r\n", "status=OK\rx=1\r\n", "status=OK\r\r\n",
	    "status=OK\r\nx=a&b\r\n", "status=OK\r\nx=a&status=OK\r\n", "st&tus=OK\r\n",
	    "status=OK\r\nx=\x1b[2J\r\n", "status=OK\r\nx=\xc3\xa4\r\n",
	    "status=OK\r\nx=\t\r\n", "status=OK\r\nx\x7f=1\r\n", only_nonce,
	    "status=OK\r\nnonce=short\r\n", longer_otp, other_otp, "status=OK\r\nsl=1000\r\n",
	    "status=OK\r\nsl=-1\r\n", "status=OK\r\nsessioncounter=1\r\n",
	    "status=OK\r\nsessionuse=1\r\n",
	    "status=OK\r\nsessioncounter=0\r\nsessionuse=1\r\n",
	    "status=OK\r\nsessioncounter=32768\r\nsessionuse=1\r\n",
	    "status=OK\r\nsessioncounter=65536\r\nsessionuse=1\r\n",
	    "status=OK\r\nsessioncounter=1\r\nsessionuse=256\r\n",
	    "status=OK\r\nsessioncounter=99999999999\r\nsessionuse=1\r\n", "<html></html>"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (trouble(bad[i], strlen(bad[i])) == NULL)
			fail_msg("taken: %s", bad[i]);
	assert_non_null(trouble("status=OK\0\r\n", 12));
	assert_non_null(trouble("\0status=OK\r\n", 12));
	assert_null(trouble("status=OK\r\n", 11));
}

/* S1, S2 */
static void
signatures_of_any_other_length_are_refused(void **state)
{
	static const char *const bad[] = {"", "=", "!!!!", "AAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAA", /* 21, 20 without = */
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAB=", "AAAAAAAAAAAAAAAAAAAAAAAAAAA==",
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAA=x",
	    "AAAAAAAAAAAAA AAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAA= "};
	char text[8000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "h=%s\r\nstatus=OK\r\n", bad[i]);
		if (trouble(text, strlen(text)) == NULL)
			fail_msg("taken: h=%s", bad[i]);
	}
	for (size_t n = 27; n <= 4000; n += 101) {
		size_t len = (n + 2) / 3 * 4;
		memcpy(text, "h=", 2);
		memset(text + 2, 'A', len);
		memcpy(text + 2 + len, "\r\nstatus=OK\r\n", 14);
		assert_non_null(trouble(text, strlen(text)));
	}
	assert_non_null(trouble("h=AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nstatus=OK\r\n"
				"h=AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
	    75));
}

static void
long_replies_are_refused(void **state)
{
	static char text[REPLY_MAX + 64];
	size_t len;

	(void)state;
	snprintf(text, sizeof(text), "status=OK\n");
	for (int i = 1; i < REPLY_LINES_MAX; i++)
		snprintf(text + strlen(text), 16, "k%d=1\n", i);
	assert_null(trouble(text, strlen(text)));
	snprintf(text + strlen(text), 16, "last=1\n");
	assert_non_null(trouble(text, strlen(text)));
	memset(text, '\n', sizeof(text));
	memcpy(text, "status=OK", 9);
	assert_null(trouble(text, REPLY_MAX));
	assert_non_null(trouble(text, REPLY_MAX + 1));
	len = (size_t)snprintf(text, sizeof(text), "status=OK\nx=");
	memset(text + len, 'y', 200);
	assert_null(trouble(text, len + 128));
	assert_non_null(trouble(text, len + 129));
}

static void
keys_are_read_strictly(void **state)
{
	static const char *const bad[] = {"", "\n", "!!!!", "A", "AAA",
	    "mG5be6ZJU1qBGz24yPh/ESM3UdU",
	    "mG5be6ZJU1qBGz24 yPh/ESM3UdU=", "AAAAAAAAAAAAAAAAAAAA", /* 15 bytes */
	    "mG5be6ZJU1qBGz24yPh/ESM3UdU=\nmG5be6ZJU1qBGz24yPh/ESM3UdU="};
	struct secret k;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(api_key_read(bad[i], strlen(bad[i]), &k, &why), -EINVAL);
		assert_non_null(why);
	}
	assert_int_equal(api_key_read(" " KEY "\r\n", strlen(KEY) + 3, &k, &why), 0);
	assert_int_equal(k.len, 20);
	secret_free(&k);
	assert_int_equal(api_key_read("AAAAAAAAAAAAAAAAAAAAAA==", 24, &k, &why), 0);
	assert_int_equal(k.len, 16);
	secret_free(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_known_vector),
	    cmocka_unit_test(only_a_signed_ok_is_one),
	    cmocka_unit_test(every_status_is_what_it_says),
	    cmocka_unit_test(an_answer_to_another_question_is_none),
	    cmocka_unit_test(order_and_line_ends_do_not_matter),
	    cmocka_unit_test(malformed_replies_are_refused),
	    cmocka_unit_test(signatures_of_any_other_length_are_refused),
	    cmocka_unit_test(long_replies_are_refused),
	    cmocka_unit_test(keys_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
