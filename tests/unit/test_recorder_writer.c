/* The batch: what is answered is in the file, what is refused is not. A limit of
 * the file's size plays the full disk. */
#include "cli/audit_verify.h"
#include "recorder/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Linked with --wrap (Makefile). */
int
__wrap_logfile_flush(int fd);
int
__real_logfile_flush(int fd);

static struct writer w;
static char path[64];
static unsigned int flushes;

int
__wrap_logfile_flush(int fd)
{
	flushes++;
	return __real_logfile_flush(fd);
}

static void
limit(rlim_t size)
{
	struct rlimit l;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static int
setup(void **state)
{
	struct tail tail;
	int fd;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	snprintf(path, sizeof(path), "/tmp/test_recorder_writer.XXXXXX");
	fd = mkostemp(path, O_APPEND | O_CLOEXEC);
	if (fd < 0 || tail_find(fd, &tail) < 0)
		return -1;
	memset(&w, 0, sizeof(w));
	w.journal.fd = w.kernel.fd = -1;
	return writer_begin(&w, fd, "gw1", &tail);
}

static int
teardown(void **state)
{
	(void)state;
	limit(RLIM_INFINITY);
	close(w.fd);
	return unlink(path);
}

static void
add(uint32_t id, enum proto_keep keep, const char *event)
{
	struct line_record record = {0};

	line_set_text(&record, AUDIT_EVENT, event);
	line_set_text(&record, AUDIT_USER, "anne");
	writer_add(&w, id, keep, &record);
}

/* 0, or the error of the only record. */
static int
add_one(enum proto_keep keep, const char *event)
{
	int error;

	add(1, keep, event);
	assert_int_equal(writer_commit(&w), 0);
	error = w.n > 0 ? w.entries[w.n - 1].error : -1;
	writer_clear(&w);
	return error;
}

static void
check_file(const char *said)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(audit_verify(path, out), 0);
	fclose(out);
	assert_string_equal(text, said);
	free(text);
}

static size_t
count_in_file(const char *needle)
{
	char *line = NULL;
	size_t cap = 0, n = 0;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	while (getline(&line, &cap, f) > 0)
		n += strstr(line, needle) != NULL;
	free(line);
	fclose(f);
	return n;
}

static void
wait_for_retry(void)
{
	const struct timespec pause = {.tv_nsec = 120 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

static void
test_batches(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		add(10 + i, true, "open");
		add(20 + i, false, "deny");
	}
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(w.n, 6);
	for (size_t i = 0; i < w.n; i++) {
		assert_int_equal(w.entries[i].error, 0);
		assert_int_equal(w.entries[i].seq, i + 1);
		assert_int_equal(w.entries[i].is_answered, i % 2 == 0);
	}
	writer_clear(&w);
	assert_int_equal(add_one(true, "close"), 0);
	check_file("7 records, seq 1 to 7, chain holds\n");
}

static void
test_room(void **state)
{
	size_t n = 0;

	(void)state;
	while (writer_has_room(&w)) {
		add(1, true, "open");
		n++;
	}
	assert_in_range(n, 200, WRITER_RECORDS);
	assert_int_equal(writer_commit(&w), 0);
	writer_clear(&w);
	assert_true(writer_has_room(&w));
}

/* An end that goes before an open: written at once, flushed by the open's flush or soon. */
static void
test_before(void **state)
{
	(void)state;
	flushes = 0;
	assert_int_equal(add_one(PROTO_KEEP_BEFORE, "close"), 0);
	assert_int_equal(count_in_file("\"event\":\"close\""), 1);
	assert_int_equal(flushes, 0);
	assert_int_not_equal(w.unflushed_ms, 0);
	assert_int_equal(add_one(PROTO_KEEP_DURABLE, "open"), 0);
	assert_int_equal(flushes, 1);
	assert_int_equal(w.unflushed_ms, 0);
	add(1, PROTO_KEEP_BEFORE, "close");
	add(2, PROTO_KEEP_DURABLE, "open");
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(flushes, 2);
	assert_true(w.entries[0].is_answered && w.entries[0].is_before);
	writer_clear(&w);
	assert_int_equal(add_one(PROTO_KEEP_BEFORE, "close"), 0);
	assert_int_equal(writer_settle(&w), 0);
	assert_int_equal(flushes, 3);
}

/* Longest lines only: fewer of them, and still no overflow. */
static void
test_room_of_long(void **state)
{
	static char text[40000];
	struct line_record record = {0};

	(void)state;
	memset(text, '\001', sizeof(text) - 1);
	for (unsigned int i = 0; i < AUDIT_FIELDS; i++)
		line_set_text(&record, (enum audit_field)i, text);
	w.cut = w.dropped = 1;
	while (writer_has_room(&w))
		writer_add(&w, 1, true, &record);
	assert_true(w.len <= sizeof(w.buf));
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(w.cut + w.dropped, 0);
	assert_int_equal(w.entries[w.n - 1].error, 0);
}

static void
test_refusal_keeps_order(void **state)
{
	(void)state;
	add(1, true, "open");
	writer_refuse(&w, 2, EBADMSG);
	add(3, true, "open");
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(w.n, 3);
	assert_int_equal(w.entries[1].id, 2);
	assert_int_equal(w.entries[1].error, EBADMSG);
	assert_int_equal(w.entries[2].seq, 2);
	check_file("2 records, seq 1 to 2, chain holds\n");
}

/* No room can be kept: ends only, the rest refused or counted; then told. */
static void
test_short(void **state)
{
	(void)state;
	assert_int_equal(add_one(true, "open"), 0);
	limit((rlim_t)w.space.kept_to); /* what was kept stays, more can't be had */
	for (int i = 0; i < 20000 && !w.space.is_short; i++)
		add_one(true, "open");
	assert_true(w.space.is_short);
	assert_in_range(w.size, SPACE_LEAST - 4096, SPACE_LEAST + 65536 + 4096);
	assert_int_equal(add_one(true, "open"), ENOSPC);
	assert_int_equal(add_one(true, "otp"), ENOSPC);
	for (int i = 0; i < 5; i++)
		assert_int_equal(add_one(false, "deny"), -1);
	assert_int_equal(w.dropped, 5);
	assert_int_equal(add_one(false, "close"), -1); /* a close is always durable */
	assert_int_equal(add_one(true, "close"), 0);
	assert_int_equal(add_one(true, "session-end"), 0);
	assert_int_equal(add_one(PROTO_KEEP_BEFORE, "close"), 0);
	assert_int_equal(add_one(PROTO_KEEP_BEFORE, "otp"), ENOSPC);
	assert_int_not_equal(w.unflushed_ms, 0);
	assert_int_equal(add_one(PROTO_KEEP_DURABLE, "otp"), ENOSPC);
	assert_int_equal(w.unflushed_ms, 0);
	assert_int_equal(count_in_file("\"event\":\"dropped\""), 0);
	limit(RLIM_INFINITY);
	wait_for_retry();
	assert_int_equal(add_one(true, "open"), 0);
	assert_int_equal(count_in_file("\"event\":\"dropped\",\"count\":6,"), 1);
	assert_int_equal(w.dropped, 0);
	assert_int_equal(add_one(true, "open"), 0);
	assert_int_equal(count_in_file("\"event\":\"dropped\""), 1);
}

/* A write that fails half-way: nothing of it stays, and the next one goes well. */
static void
test_torn_write(void **state)
{
	struct stat st;
	off_t good;

	(void)state;
	assert_int_equal(add_one(true, "open"), 0);
	good = w.size;
	add(1, true, "open");
	add(2, false, "deny");
	add(3, true, "close");
	limit((rlim_t)good + 50);
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(w.entries[0].error, EFBIG);
	assert_int_equal(w.entries[2].error, EFBIG);
	assert_int_equal(w.entries[0].seq, 0);
	assert_int_equal(w.dropped, 1);
	writer_clear(&w);
	assert_int_equal(fstat(w.fd, &st), 0);
	assert_int_equal(st.st_size, good);
	limit(RLIM_INFINITY);
	wait_for_retry();
	assert_int_equal(add_one(true, "open"), 0);
	check_file("3 records, seq 1 to 3, chain holds\n");
	assert_int_equal(count_in_file("\"event\":\"dropped\",\"count\":1,"), 1);
}

/* Denials dropped after the notice was written into the batch count further. */
static void
test_dropped_again(void **state)
{
	(void)state;
	w.dropped = 3;
	add(1, true, "open"); /* the notice is in front of it */
	w.dropped += 2;
	assert_int_equal(writer_commit(&w), 0);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.dropped, 2);
	assert_int_equal(count_in_file("\"count\":3,"), 1);
}

/* The file can't be flushed: the batch is refused, and the recorder must end. */
static void
test_flush_fails(void **state)
{
	int pipes[2], good = w.fd;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	add(1, true, "open");
	w.fd = pipes[1]; /* can be written, not flushed */
	assert_true(writer_commit(&w) < 0);
	assert_int_equal(w.entries[0].error, EINVAL);
	assert_int_equal(w.entries[0].seq, 0);
	w.fd = good;
	close(pipes[0]);
	close(pipes[1]);
}

/* The number that a start tells is remembered elsewhere: a power cut must not take its
 * record away again, whoever wrote it. */
static void
test_start_flushes(void **state)
{
	struct tail tail;

	(void)state;
	assert_int_equal(add_one(false, "deny"), 0);
	assert_int_equal(tail_find(w.fd, &tail), 0);
	flushes = 0;
	assert_int_equal(writer_begin(&w, w.fd, "gw1", &tail), 0);
	assert_int_equal(w.good.seq, 1);
	assert_int_equal(flushes, 1);
	assert_int_equal(write(w.fd, "{\"seq\":2", 8), 8);
	assert_int_equal(tail_find(w.fd, &tail), 0);
	assert_int_equal(writer_begin(&w, w.fd, "gw1", &tail), 0);
	assert_int_equal(w.good.seq, 2);
	assert_int_equal(w.unflushed_ms, 0);
}

static void
test_repair(void **state)
{
	struct tail tail;

	(void)state;
	assert_int_equal(add_one(true, "open"), 0);
	assert_int_equal(write(w.fd, "{\"seq\":2", 8), 8);
	assert_int_equal(tail_find(w.fd, &tail), 0);
	assert_int_equal(writer_begin(&w, w.fd, "gw1", &tail), 0);
	assert_int_equal(w.good.seq, 2);
	check_file("2 records, seq 1 to 2, chain holds\n");
	assert_int_equal(
	    count_in_file(
		"\"event\":\"repair\",\"detail\":\"cut 8 bytes of an unfinished line\""),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_batches, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_room, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_before, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_room_of_long, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refusal_keeps_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_short, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_torn_write, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dropped_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_flush_fails, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_start_flushes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_repair, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
