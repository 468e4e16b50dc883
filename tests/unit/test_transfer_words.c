/* What scp's, rsync's and sftp's clients may say, and what nobody may. */
#include "shell/quoted.h"
#include "shell/transfer_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct transfer_words words;

/* The words with '|' behind each; "" when refused. */
static const char *
read_words(const char *command)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	if (!transfer_words_read(&words, command)) {
		assert_int_equal(words.program, TRANSFER_NONE);
		assert_non_null(words.error);
		return text;
	}
	assert_null(words.list[words.count]);
	for (size_t i = 0; i < words.count; i++)
		used +=
		    (size_t)snprintf(text + used, sizeof(text) - used, "%s|", words.list[i]);
	return text;
}

static void
sftp_takes_no_words(void **state)
{
	(void)state;
	assert_string_equal(
	    read_words("/usr/lib/openssh/sftp-server"), "/usr/lib/openssh/sftp-server|");
	assert_int_equal(words.program, TRANSFER_SFTP);
	assert_string_equal(read_words("internal-sftp"), "internal-sftp|");
	assert_string_equal(read_words("sftp-server -d /etc"), "");
	assert_string_equal(read_words("internal-sftp -u 000"), "");
	assert_string_equal(read_words("sftp-server; id"), "");
	assert_string_equal(read_words("sftp-server\nid"), "");
	assert_string_equal(read_words("id"), "");
	assert_string_equal(read_words(""), "");
}

static void
scp_both_ways(void **state)
{
	(void)state;
	assert_string_equal(read_words("scp -t /x"), "scp|-t|--|/x|");
	assert_false(words.is_source);
	assert_string_equal(read_words("scp -v -r -p -d -f ."), "scp|-v|-r|-p|-d|-f|--|.|");
	assert_true(words.is_source);
	assert_string_equal(read_words("scp -prt x"), "scp|-prt|--|x|");
	assert_string_equal(read_words("scp -f -- -x"), "scp|-f|--|-x|");
	assert_string_equal(read_words("scp -f a\\ b"), "scp|-f|--|a b|");
	assert_string_equal(read_words("scp -f 'a b'"), "scp|-f|--|a b|");
	assert_string_equal(read_words("scp -f ~/x"), "scp|-f|--|x|");
	assert_string_equal(read_words("scp -t ~"), "scp|-t|--|.|");
	assert_string_equal(read_words("scp -f \xc3\xa4\xff"), "scp|-f|--|\xc3\xa4\xff|");
	assert_string_equal(read_words("scp -f *.txt"), "scp|-f|--|*.txt|");
	assert_true(words.has_pattern);
	assert_string_equal(read_words("scp -f '*.txt'"), "scp|-f|--|*.txt|");
	assert_false(words.has_pattern);
}

static void
scp_and_nothing_else(void **state)
{
	static const char *const bad[] = {"scp", "scp x", "scp -t", "scp -f", "scp -t -f x",
	    "scp -tf x", "scp -f a b", "scp -S /tmp/x -t y", "scp -o ProxyCommand=x -t y",
	    "scp -F x -t y", "scp -T -t x", "scp -f -S", "scp -t x -S/tmp/x", "scp -f ''",
	    "scp -f $(id)", "scp -f `id`", "scp -f \"$(id)\"", "scp -f \"`id`\"", "scp -f x;id",
	    "scp -f x&id", "scp -f x|id", "scp -f x>y", "scp -f x<y", "scp -f x\nid",
	    "scp -f (x)", "scp -f 'x", "scp -f \"x", "scp -f x\\", "scp -f x\\\n", "scp -f #x",
	    "scp -t x host:y", "scp x host:y", "scp -3 -f x", "scp - f x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (*read_words(bad[i]) != '\0')
			fail_msg("taken: %s", bad[i]);
}

static void
rsync_as_its_client(void **state)
{
	static const char *const good[] = {"rsync --server -vlogDtpre.iLsfxCIvu . dir/",
	    "rsync --server --sender -vlogDtprze.iLsfxCIvu . dir/",
	    "rsync --server -vvnlogDtpAXHHrSxe.LsfxCIvu --delete --partial . /webdev/x",
	    "rsync --server -logDtpre31.14 --delete-during --inplace --numeric-ids . a b",
	    "rsync --server -e.LsfxCIvu --log-format=%i --stats --compress-level=9 . x",
	    "rsync --server -lce.LsfxCIvu -B700 -@-1 --bwlimit=100 --timeout=60 . x",
	    "rsync --server -le.LsfxCIvu --partial-dir .part --backup-dir=old --suffix .b . x",
	    "rsync --server -le.LsfxCIvu --link-dest=../yesterday --files-from=- --from0 . x",
	    "rsync --server --sender -de.LsfxCIvu --list-only .  x",
	    "/usr/bin/rsync --server -Re.LsfxCIvu --no-implied-dirs --mkpath . a\\ b/\\*"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (*read_words(good[i]) == '\0')
			fail_msg("refused: %s: %s", good[i], words.error);
	assert_false(words.has_pattern);
	assert_string_equal(read_words("rsync --server --sender -re.L . x"),
	    "rsync|--server|--sender|-re.L|.|x|");
	assert_true(words.is_source);
	(void)read_words("rsync --server -re.L . x");
	assert_false(words.is_source);
}

static void
rsync_and_nothing_else(void **state)
{
	static const char *const bad[] = {"rsync", "rsync x", "rsync -a x y", "rsync --server",
	    "rsync --server .", "rsync --server -re.L x", "rsync --server --daemon .",
	    "rsync --server --daemon --config=/tmp/x . .", "rsync --daemon",
	    "rsync --config=/x --daemon --server . x", "rsync --server --rsh=id -r . x",
	    "rsync --server -e id -r . x", "rsync --server -reid . x",
	    "rsync --server -re.L/bin/sh . x", "rsync --server -re . x",
	    "rsync --server -rse.L . .", "rsync --server -s . x",
	    "rsync --server --protect-args -r . x", "rsync --server --secluded-args -r . x",
	    "rsync --server --log-file=/tmp/x -r . x", "rsync --server --log-file x -r . x",
	    "rsync --server --temp-dir=/tmp -r . x", "rsync --server --temp-dir /tmp -r . x",
	    "rsync --server --backup-dir=/x -r . x", "rsync --server --partial-dir /x -r . x",
	    "rsync --server --link-dest=/etc -r . x", "rsync --server --link-dest -r . x",
	    "rsync --server --files-from=/etc/passwd -r . x",
	    "rsync --server --files-from list -r . x", "rsync --server --iconv=x -r . x",
	    "rsync --server --write-devices -r . x",
	    "rsync --server --only-write-batch=x -r . x",
	    "rsync --server --read-batch=x -r . x", "rsync --server -M--log-file=x -r . x",
	    "rsync --server -re.L . x --log-file=/tmp/y", "rsync --server -re.L . x -e sh",
	    "rsync --server -re.L . -x", "rsync --server -re.L . ''",
	    "rsync --server --suffix=/x -r . x", "rsync --server --delete=yes -r . x",
	    "rsync --server --partial-dir", "rsync --server -B7x -r . x",
	    "rsync --server -r . $(id)", "rsync --server -r . x;id", "rsync --server - . x",
	    "rsync --server -- . x", "rsync --server --super -r . x",
	    "rsync --server --usermap=*:root -r . x", "rsync --server --dele . x",
	    "rsync --sender --server -r . x", "rsync --server --rsync-path=x -r . x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (*read_words(bad[i]) != '\0')
			fail_msg("taken: %s", bad[i]);
}

static void
bounds(void **state)
{
	static char command[TRANSFER_TEXT_MAX + 4096];
	size_t used = (size_t)snprintf(command, sizeof(command), "rsync --server -re.L . ");

	(void)state;
	for (int i = 0; i < TRANSFER_WORDS_MAX + 1; i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "x ");
	assert_string_equal(read_words(command), "");
	memset(command, 'a', sizeof(command) - 1);
	memcpy(command, "scp -f ", 7);
	assert_string_equal(read_words(command), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sftp_takes_no_words),
	    cmocka_unit_test(scp_both_ways),
	    cmocka_unit_test(scp_and_nothing_else),
	    cmocka_unit_test(rsync_as_its_client),
	    cmocka_unit_test(rsync_and_nothing_else),
	    cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
