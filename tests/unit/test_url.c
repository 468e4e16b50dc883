/* URLs of the configuration, base64, and what a server is told to connect to. */
#include "api/server.h"
#include "lib/base64.h"
#include "lib/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

static void
good_urls(void **state)
{
	static const struct {
		const char *text, *host, *path;
		uint16_t port;
		bool is_address;
	} table[] = {
	    {"https://api.yubico.com/wsapi/2.0/verify", "api.yubico.com", "/wsapi/2.0/verify",
		443, false},
	    {"https://API.Example.org", "api.example.org", "", 443, false},
	    {"https://a:8443/", "a", "/", 8443, false},
	    {"https://192.0.2.1:1/x", "192.0.2.1", "/x", 1, true},
	    {"https://[2001:db8::1]:65535", "2001:db8::1", "", 65535, true},
	    {"https://[::1]/v", "::1", "/v", 443, true},
	};
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(url_parse(table[i].text, "https", 443, &url, NULL), 0);
		assert_string_equal(url.host, table[i].host);
		assert_string_equal(url.path, table[i].path);
		assert_int_equal(url.port, table[i].port);
		assert_int_equal(url.is_address, table[i].is_address);
	}
}

static void
bad_urls(void **state)
{
	static const char *const bad[] = {"", "https", "https:", "https://", "https:///x",
	    "http://a/", "HTTPS://a/", "ftp://a/", "https//a", "https:/a", "//a/", "a.example",
	    "https://u@a/", "https://u:p@a/", "https://a/?x=1", "https://a?x", "https://a/#x",
	    "https://a/%s", "https://a/%n%n", "https://a/x y", "https://a:0/",
	    "https://a:65536/", "https://a:/", "https://a:8x/", "https://a:+1/", "https://-a/",
	    "https://a-/", "https://a..b/", "https://.a/", "https://a./", "https://1.2.3/",
	    "https://1.2.3.4.5/", "https://256.1.1.1/", "https://[::1/", "https://::1/",
	    "https://[a]/", "https://[127.0.0.1]/", "https://[::1]x/",
	    "https://[fe80::1%eth0]/", "https://a_b/", "https://a\\b/", "https://a/\"x\"",
	    "https://\xc3\xa4/", "file:///etc/passwd"};
	char text[700];
	struct url url;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (url_parse(bad[i], "https", 443, &url, &why) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(why);
		assert_string_equal(url.host, "");
	}
	snprintf(text, sizeof(text), "https://a/%0504d", 0);
	assert_int_equal(url_parse(text, "https", 443, &url, NULL), -EINVAL);
	snprintf(text, sizeof(text), "https://a/%0502d", 0);
	assert_int_equal(url_parse(text, "https", 443, &url, NULL), 0);
}

static void
base64_both_ways(void **state)
{
	uint8_t bytes[64], back[64];
	char text[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 200);
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		assert_int_equal(base64_encode(bytes, n, text, sizeof(text)), 0);
		assert_int_equal(strlen(text), (n + 2) / 3 * 4);
		assert_int_equal(base64_decode(text, strlen(text), back, sizeof(back)), n);
		assert_memory_equal(bytes, back, n);
		assert_int_equal(base64_decode(text, strlen(text), back, n - 1), -EMSGSIZE);
		assert_int_equal(base64_decode(text, strlen(text) - 1, back, 64), -EINVAL);
	}
	assert_int_equal(base64_encode(bytes, 3, text, 4), -EMSGSIZE);
	assert_int_equal(base64_encode(bytes, 3, text, 5), 0);
}

static void
base64_has_one_text_for_a_value(void **state)
{
	static const char *const bad[] = {"AB==", "AAB=", "A===", "====", "AA=A", "AAAA=AAA",
	    "AA==AAAA", "AAA\n", "AAA-", "AAA_", " AAA"};
	uint8_t bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (base64_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(base64_decode("", 0, bytes, sizeof(bytes)), -EINVAL);
	assert_int_equal(base64_decode("AA==", 4, bytes, sizeof(bytes)), 1);
}

static void
servers_and_their_addresses(void **state)
{
	char addresses[PROTO_ADDRESSES_MAX][SERVER_ADDRESS_MAX] = {"192.0.2.1", "2001:db8::1"};
	struct server server;
	struct url proxy;

	(void)state;
	server_init(&server, "https://a.example:8443/v", NULL);
	assert_string_equal(server.url, "https://a.example:8443/v");
	assert_false(server_has_address(&server));
	server_set_addresses(&server, "b.example", addresses, 2);
	assert_false(server_has_address(&server));
	server_set_addresses(&server, "a.example", addresses, 2);
	assert_true(server_has_address(&server));
	assert_string_equal(server.resolve, "a.example:8443:192.0.2.1,[2001:db8::1]");
	server_set_addresses(&server, "a.example", addresses, 0);
	assert_true(server_has_address(&server)); /* the last ones stay */
	server_init(&server, "https://192.0.2.7", NULL);
	assert_string_equal(server.url, "https://192.0.2.7/");
	assert_true(server_has_address(&server));
	assert_int_equal(url_parse("http://p.example:3128", "http", 0, &proxy, NULL), 0);
	server_init(&server, "https://192.0.2.7", &proxy);
	assert_false(server_has_address(&server));
	server_set_addresses(&server, "p.example", addresses, 1);
	assert_string_equal(server.resolve, "p.example:3128:192.0.2.1");
}

static void
the_median_of_the_last(void **state)
{
	struct server server;

	(void)state;
	server_init(&server, "https://a.example/", NULL);
	assert_int_equal(server_median_us(&server), 0);
	server_note(&server, false, 99);
	assert_int_equal(server_median_us(&server), 0);
	for (uint32_t i = 1; i <= 100; i++)
		server_note(&server, true, i);
	assert_int_equal(server_median_us(&server), 93); /* of 86 to 100 */
	assert_int_equal(server.asked, 101);
	assert_int_equal(server.failed, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_urls),
	    cmocka_unit_test(bad_urls),
	    cmocka_unit_test(base64_both_ways),
	    cmocka_unit_test(base64_has_one_text_for_a_value),
	    cmocka_unit_test(servers_and_their_addresses),
	    cmocka_unit_test(the_median_of_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
