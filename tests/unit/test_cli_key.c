/* The key line and the memory file it travels in. */
#include "cli/keyline.h"
#include "cli/sealed.h"
#include "cli/terminal.h"
#include "verify/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define ID  "cccccatsdogs" /* has letters that are no modhex */
#define PUB "ccccccbtbhnh"
#define UID "a1b2c3d4e5f6"
#define AES "000102030405060708090a0b0c0d0e0f"

static void
parts(void **state)
{
	(void)state;
	assert_true(keyline_is_public_id(PUB));
	assert_true(keyline_is_public_id("CC"));
	assert_false(keyline_is_public_id(ID));
	assert_false(keyline_is_public_id(""));
	assert_false(keyline_is_public_id("ccc"));
	assert_false(keyline_is_public_id("cccccccccccccccccccccccccccccccccc"));
	assert_true(keyline_is_private_id(UID));
	assert_false(keyline_is_private_id(UID "0"));
	assert_false(keyline_is_private_id("a1b2c3d4e5fg"));
	assert_true(keyline_is_aes_key(AES));
	assert_false(keyline_is_aes_key(UID));
	assert_false(keyline_is_aes_key(""));
}

static void
line_as_ykman_writes_it(void **state)
{
	struct secret line;

	(void)state;
	assert_int_equal(keyline_make(&line, PUB, UID, AES, 1795224777), 0);
	assert_string_equal(
	    (char *)line.bytes, "," PUB "," UID "," AES ",,2026-11-21T01:32:57,\n");
	assert_int_equal(line.len, strlen((char *)line.bytes));
	secret_free(&line);
	assert_int_equal(keyline_make(&line, PUB, UID ",", AES, 0), -EINVAL);
	assert_int_equal(keyline_make(&line, PUB "\n", UID, AES, 0), -EINVAL);
	assert_null(line.bytes);
}

/* What reads it takes it for the key that it is. */
static void
verify_reads_it(void **state)
{
	struct keyfile_entry entry;
	struct keyfile file;
	struct secret line;

	(void)state;
	assert_int_equal(keyline_make(&line, PUB, UID, AES, 1795224777), 0);
	assert_int_equal(keyfile_open(&file, (char *)line.bytes, line.len, NULL), KEYFILE_CSV);
	assert_int_equal(keyfile_next(&file, &entry), KEYFILE_KEY);
	assert_string_equal(entry.id, PUB);
	assert_int_equal(entry.key.aes[15], 0x0f);
	assert_int_equal(entry.key.uid[0], 0xa1);
	secret_free(&line);
}

static void
sealed_memory(void **state)
{
	struct sealed sealed;
	char text[32] = "";
	int other;

	(void)state;
	assert_int_equal(sealed_from(&sealed, "secret\n", 7), 0);
	other = dup(sealed.fd); /* as the daemon has it */
	assert_true(other >= 0);
	assert_int_equal(read(other, text, sizeof(text)), 7);
	assert_string_equal(text, "secret\n");
	assert_int_equal(write(other, "x", 1), -1);
	assert_int_equal(pwrite(other, "x", 1, 0), -1);
	assert_int_equal(ftruncate(other, 0), -1);
	assert_ptr_equal(mmap(NULL, 7, PROT_WRITE, MAP_SHARED, other, 0), MAP_FAILED);
	sealed_free(&sealed);
	assert_int_equal(sealed.fd, -1);
	/* Wiped, also for who still holds it. */
	assert_int_equal(pread(other, text, 7, 0), 7);
	assert_memory_equal(text, "\0\0\0\0\0\0\0", 7);
	close(other);
	sealed_free(&sealed);
}

static void
sealed_copies_pipes(void **state)
{
	struct sealed sealed;
	static char big[10000], back[sizeof(big)];
	int ends[2];

	(void)state;
	memset(big, 'k', sizeof(big));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], big, sizeof(big)), sizeof(big));
	close(ends[1]);
	assert_int_equal(sealed_copy(&sealed, ends[0]), 0);
	assert_int_equal(sealed.len, sizeof(big));
	assert_int_equal(read(sealed.fd, back, sizeof(back)), sizeof(back));
	assert_memory_equal(big, back, sizeof(big));
	sealed_free(&sealed);
	assert_int_equal(sealed_copy(&sealed, ends[0]), -EINVAL); /* nothing left */
	assert_int_equal(sealed.fd, -1);
	close(ends[0]);
	assert_int_equal(sealed_copy(&sealed, -1), -EBADF);
}

static void
one_line_of_input(void **state)
{
	struct secret line;
	char long_line[400], rest[8] = "";
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "a,b\r\nrest\n", 10), 10);
	assert_int_equal(terminal_read_line(ends[0], &line), 0);
	assert_string_equal((char *)line.bytes, "a,b");
	secret_free(&line);
	assert_int_equal(read(ends[0], rest, 5), 5);
	assert_memory_equal(rest, "rest\n", 5);
	memset(long_line, 'x', sizeof(long_line));
	assert_int_equal(write(ends[1], long_line, sizeof(long_line)), sizeof(long_line));
	assert_int_equal(terminal_read_line(ends[0], &line), -EMSGSIZE);
	assert_null(line.bytes);
	close(ends[1]);
	while (read(ends[0], rest, sizeof(rest)) > 0)
		;
	assert_int_equal(terminal_read_line(ends[0], &line), -ENODATA);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parts),
	    cmocka_unit_test(line_as_ykman_writes_it),
	    cmocka_unit_test(verify_reads_it),
	    cmocka_unit_test(sealed_memory),
	    cmocka_unit_test(sealed_copies_pipes),
	    cmocka_unit_test(one_line_of_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
