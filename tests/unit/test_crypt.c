/* The wrapping of secrets and the codes: bound to their id and their key. */
#include "verify/crypt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct crypt_key secret = {.uid = {1, 2, 3, 4, 5, 6}, .aes = {7, 8, 9, 10}};

static int
set_up(void **state)
{
	static const uint8_t kek[CRYPT_KEK] = {42};
	struct crypt *crypt = NULL;
	int err = crypt_new(&crypt, kek);

	*state = crypt;
	return err;
}

static int
tear_down(void **state)
{
	crypt_free(*state);
	return 0;
}

static void
what_is_wrapped_comes_back(void **state)
{
	uint8_t wrapped[CRYPT_WRAPPED], again[CRYPT_WRAPPED];
	struct crypt_key key;

	assert_int_equal(crypt_wrap(*state, "vvcccccb", &secret, wrapped), 0);
	assert_int_equal(crypt_unwrap(*state, "vvcccccb", wrapped, &key), 0);
	assert_memory_equal(key.uid, secret.uid, sizeof(key.uid));
	assert_memory_equal(key.aes, secret.aes, sizeof(key.aes));
	/* a fresh nonce each time */
	assert_int_equal(crypt_wrap(*state, "vvcccccb", &secret, again), 0);
	assert_memory_not_equal(wrapped, again, 12);
	assert_memory_not_equal(wrapped + 12, again + 12, 22);
}

static void
each_flipped_bit_is_found(void **state)
{
	static const struct crypt_key none;
	uint8_t wrapped[CRYPT_WRAPPED];
	struct crypt_key key;

	assert_int_equal(crypt_wrap(*state, "vvcccccb", &secret, wrapped), 0);
	for (size_t i = 0; i < 8 * sizeof(wrapped); i++) {
		wrapped[i / 8] = (uint8_t)(wrapped[i / 8] ^ 1 << i % 8);
		assert_int_equal(crypt_unwrap(*state, "vvcccccb", wrapped, &key), -EBADMSG);
		assert_memory_equal(&key, &none, sizeof(key));
		wrapped[i / 8] = (uint8_t)(wrapped[i / 8] ^ 1 << i % 8);
	}
	assert_int_equal(crypt_unwrap(*state, "vvcccccb", wrapped, &key), 0);
}

static void
a_secret_belongs_to_its_id_and_store(void **state)
{
	static const uint8_t other_kek[CRYPT_KEK] = {43};
	uint8_t wrapped[CRYPT_WRAPPED], mac[CRYPT_MAC], other_mac[CRYPT_MAC];
	struct crypt *other = NULL;
	struct crypt_key key;

	assert_int_equal(crypt_wrap(*state, "vvcccccb", &secret, wrapped), 0);
	assert_int_equal(crypt_unwrap(*state, "vvcccccd", wrapped, &key), -EBADMSG);
	assert_int_equal(crypt_new(&other, other_kek), 0);
	assert_int_equal(crypt_unwrap(other, "vvcccccb", wrapped, &key), -EBADMSG);
	assert_int_equal(crypt_mac(*state, "x", 1, mac), 0);
	assert_int_equal(crypt_mac(other, "x", 1, other_mac), 0);
	assert_memory_not_equal(mac, other_mac, sizeof(mac));
	crypt_free(other);
}

static void
prints_tell_keys_apart(void **state)
{
	uint8_t aes[CRYPT_AES] = {1}, a[CRYPT_PRINT], b[CRYPT_PRINT], mac[CRYPT_MAC];

	assert_int_equal(crypt_print(*state, aes, a), 0);
	assert_int_equal(crypt_print(*state, aes, b), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(crypt_mac(*state, aes, sizeof(aes), mac), 0);
	assert_memory_not_equal(a, mac, sizeof(a)); /* another key than the codes' */
	aes[15] = 1;
	assert_int_equal(crypt_print(*state, aes, b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_wrapped_comes_back),
	    cmocka_unit_test(each_flipped_bit_is_found),
	    cmocka_unit_test(a_secret_belongs_to_its_id_and_store),
	    cmocka_unit_test(prints_tell_keys_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
