/* Chain and tail: where a file ends, whatever a crash left behind its end. */
#include "recorder/tail.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST  "{\"seq\":1,\"event\":\"otp\",\"store_seq\":41,\"prev\":\"0\"}"
#define SECOND "{\"seq\":2,\"event\":\"open\",\"prev\":\"1\"}"

static int fd;

static int
setup(void **state)
{
	(void)state;
	fd = memfd_create("tail", MFD_CLOEXEC);
	return fd < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	return close(fd);
}

static void
put(const void *bytes, size_t len)
{
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
}

static void
put_line(const char *line)
{
	put(line, strlen(line));
	put("\n", 1);
}

/* So many bytes of lines that have no store_seq. */
static void
put_filler(size_t bytes, unsigned long seq)
{
	char line[1024];
	size_t n = 0;

	while (n < bytes) {
		snprintf(line, sizeof(line),
		    "{\"seq\":%lu,\"event\":\"deny\",\"detail\":\"%0900d\"}", seq++, 0);
		put_line(line);
		n += strlen(line) + 1;
	}
}

static void
check(const char *last, uint64_t seq, uint64_t store_seq, off_t cut)
{
	struct tail tail;
	struct chain chain;
	off_t size = lseek(fd, 0, SEEK_END);

	assert_int_equal(tail_find(fd, &tail), 0);
	assert_int_equal(tail.chain.seq, seq);
	assert_int_equal(tail.store_seq, store_seq);
	assert_int_equal(tail.cut, cut);
	assert_int_equal(tail.size, size - cut);
	chain_start(&chain);
	if (last != NULL)
		assert_int_equal(chain_go_on(&chain, seq, last, strlen(last)), 0);
	assert_string_equal(tail.chain.hash, chain.hash);
}

static void
test_hash(void **state)
{
	struct chain chain;

	(void)state;
	chain_start(&chain);
	assert_int_equal(chain.seq, 0);
	assert_string_equal(
	    chain.hash, "0000000000000000000000000000000000000000000000000000000000000000");
	assert_int_equal(chain_go_on(&chain, 9, "abc", 3), 0); /* FIPS 180-2, B.1 */
	assert_int_equal(chain.seq, 9);
	assert_string_equal(
	    chain.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
test_empty(void **state)
{
	(void)state;
	check(NULL, 0, 0, 0);
}

static void
test_whole(void **state)
{
	(void)state;
	put_line(FIRST);
	check(FIRST, 1, 41, 0);
	put_line(SECOND);
	check(SECOND, 2, 41, 0);
}

static void
test_torn(void **state)
{
	(void)state;
	put_line(FIRST);
	put("{\"seq\":2,\"store_seq\":99", 23);
	check(FIRST, 1, 41, 23);
}

static void
test_only_torn(void **state)
{
	(void)state;
	put(FIRST, strlen(FIRST));
	check(NULL, 0, 0, (off_t)strlen(FIRST));
}

/* A block that never reached the disk reads as zeros, those behind it may have. */
static void
test_zeros(void **state)
{
	char zeros[5000] = {0};

	(void)state;
	put_line(FIRST);
	put("{\"seq\":2,", 9);
	put(zeros, sizeof(zeros));
	put("\"}\n", 3);
	put_line(SECOND);
	check(FIRST, 1, 41, (off_t)(9 + sizeof(zeros) + 3 + strlen(SECOND) + 1));
}

static void
test_far_store_seq(void **state)
{
	/* Wherever the window's border falls, the field is found. */
	const size_t sizes[] = {
	    TAIL_WINDOW - 60, TAIL_WINDOW - 30, TAIL_WINDOW, 3 * TAIL_WINDOW};
	char line[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t shift = 0; shift < 960; shift += 7) {
			struct tail tail;
			assert_int_equal(ftruncate(fd, 0), 0);
			lseek(fd, 0, SEEK_SET);
			snprintf(line, sizeof(line),
			    "{\"seq\":3,\"d\":\"%0*d\",\"store_seq\":77}", (int)shift + 1, 0);
			put_line(line);
			put_filler(sizes[i] - shift, 4);
			assert_int_equal(tail_find(fd, &tail), 0);
			assert_int_equal(tail.store_seq, 77);
			if (i == 3)
				break;
		}
	}
}

/* The highest, should two answers have crossed; and no text can forge one. */
static void
test_highest(void **state)
{
	(void)state;
	put_line("{\"seq\":1,\"store_seq\":6,\"prev\":\"0\"}");
	put_line("{\"seq\":2,\"store_seq\":8,\"prev\":\"0\"}");
	put_line("{\"seq\":3,\"store_seq\":7,\"prev\":\"0\"}");
	put_line(
	    "{\"seq\":4,\"user\":\"x,\\\"store_seq\\\":900,\",\"store_seq\":x,\"prev\":\"0\"}");
	check(
	    "{\"seq\":4,\"user\":\"x,\\\"store_seq\\\":900,\",\"store_seq\":x,\"prev\":\"0\"}",
	    4, 8, 0);
}

static void
refuses(const char *line)
{
	struct tail tail;

	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	put_line(line);
	assert_int_equal(tail_find(fd, &tail), -EBADMSG);
}

static void
test_foreign(void **state)
{
	struct tail tail;
	char *big;

	(void)state;
	refuses("");
	refuses("root:x:0:0:");
	refuses("{\"seq\":}");
	refuses("{\"seq\":0,\"a\":1}");
	refuses("{\"seq\":99999999999999999999,\"a\":1}");
	refuses("{\"seq\":-1,\"a\":1}");
	refuses("{\"seq\":1,\"a\":1");
	big = calloc(1, 4 * TAIL_WINDOW);
	assert_non_null(big);
	memset(big, 'x', 4 * TAIL_WINDOW); /* no line end far and wide */
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	put(big, 4 * TAIL_WINDOW);
	assert_int_equal(tail_find(fd, &tail), -EBADMSG);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_hash, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_only_torn, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_zeros, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_far_store_seq, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_highest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
