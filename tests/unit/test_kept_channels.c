/* What a daemon that is killed leaves to the next one: open channels, and their numbers.
 * A stand-in takes the recorder's place. */
#include "daemon/kept_channels.h"

#include "daemon/channel_record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 100

/* Linked with --wrap (Makefile). */
int
__wrap_channel_record_lost(
    struct audit *audit, const struct kept_channel *channel, audit_done_fn *fn, void *arg);

static char folder[64], path[96];
static char told[64 * MANY]; /* the closes, in order */
static struct {
	audit_done_fn *fn;
	void *arg;
} waiting[MANY];
static size_t waiting_count, told_count;
static int tell_error;

int
__wrap_channel_record_lost(
    struct audit *audit, const struct kept_channel *channel, audit_done_fn *fn, void *arg)
{
	size_t used = strlen(told);

	(void)audit;
	if (tell_error < 0)
		return tell_error;
	snprintf(told + used, sizeof(told) - used, "ch%u c%u %u %s %s %s;", channel->id,
	    channel->conn_id, (unsigned int)channel->uid, channel->user, channel->vm,
	    channel->right);
	waiting[waiting_count].fn = fn;
	waiting[waiting_count++].arg = arg;
	told_count++;
	return 0;
}

static void
answer(int error)
{
	while (waiting_count > 0) {
		waiting_count--;
		waiting[waiting_count].fn(waiting[waiting_count].arg, error);
	}
}

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/kept_channels.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/channels", folder);
	told[0] = '\0';
	waiting_count = told_count = 0;
	tell_error = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct kept_channels *
begin(const char *boot)
{
	struct kept_channels *kept = kept_channels_new(path, boot);

	assert_non_null(kept);
	return kept;
}

static void
add(struct kept_channels *kept, const char *right)
{
	kept_channels_add(kept, &(struct kept_channel){.id = kept_channels_number(kept),
				    .conn_id = 12,
				    .uid = 1001,
				    .user = "anne",
				    .vm = "webdev",
				    .right = right});
}

static off_t
size_now(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	return st.st_size;
}

static void
what_was_open_is_ended(void **state)
{
	struct kept_channels *kept = begin("boot");

	(void)state;
	add(kept, "ssh");
	add(kept, "spice:view");
	add(kept, "vnc");
	add(kept, "raw");
	add(kept, "web");
	kept_channels_drop(kept, 2);
	kept_channels_drop(kept, 77);
	kept_channels_leave(kept, 4);
	kept_channels_settle(kept);
	kept_channels_leave(kept, 5); /* and its close did not go on its way */
	kept_channels_free(kept);     /* killed */

	kept = begin("boot");
	assert_int_equal(kept_channels_old(kept), 3);
	assert_int_equal(kept_channels_number(kept), 6);
	kept_channels_close_old(kept, NULL);
	kept_channels_close_old(kept, NULL);
	assert_string_equal(told, "ch1 c12 1001 anne webdev ssh;ch3 c12 1001 anne webdev vnc;"
				  "ch5 c12 1001 anne webdev web;");
	answer(0);
	assert_int_equal(kept_channels_old(kept), 0);
	add(kept, "raw");
	kept_channels_free(kept);

	kept = begin("boot");
	told[0] = '\0';
	kept_channels_close_old(kept, NULL);
	assert_string_equal(told, "ch7 c12 1001 anne webdev raw;");
	answer(0);
	kept_channels_free(kept);
}

/* It stays until it is on disk, and its number is nobody else's meanwhile. */
static void
a_recorder_that_is_down(void **state)
{
	struct kept_channels *kept = begin("boot");

	(void)state;
	add(kept, "ssh");
	kept_channels_free(kept);
	kept = begin("boot");
	tell_error = -EAGAIN;
	kept_channels_close_old(kept, NULL);
	assert_int_equal(kept_channels_old(kept), 1);
	tell_error = 0;
	kept_channels_close_old(kept, NULL);
	add(kept, "raw");
	kept_channels_drop(kept, 2);
	answer(-ECONNRESET);
	assert_int_equal(kept_channels_old(kept), 1);
	kept_channels_free(kept);
	kept = begin("boot");
	assert_int_equal(kept_channels_old(kept), 1);
	kept_channels_close_old(kept, NULL);
	answer(0);
	kept_channels_free(kept);
	kept = begin("boot");
	assert_int_equal(kept_channels_old(kept), 0);
	kept_channels_free(kept);
}

/* More than are told at once, and more than there was room for at first. */
static void
many(void **state)
{
	struct kept_channels *kept = begin("boot");

	(void)state;
	for (int i = 0; i < MANY; i++)
		add(kept, "ssh");
	kept_channels_free(kept);
	kept = begin("boot");
	assert_int_equal(kept_channels_old(kept), MANY);
	kept_channels_close_old(kept, NULL);
	assert_in_range(waiting_count, 1, MANY / 2);
	answer(0);
	assert_int_equal(told_count, MANY);
	assert_int_equal(kept_channels_old(kept), 0);
	assert_in_range(size_now(), 1, 1000); /* nothing is kept of them */
	kept_channels_free(kept);
}

static void
another_boot(void **state)
{
	struct kept_channels *kept = begin("boot");

	(void)state;
	add(kept, "ssh");
	kept_channels_free(kept);
	kept = begin("another");
	assert_int_equal(kept_channels_old(kept), 0);
	assert_int_equal(kept_channels_number(kept), 1);
	kept_channels_free(kept);
	kept = begin("");
	assert_int_equal(kept_channels_number(kept), 1);
	kept_channels_free(kept);
}

static void
put(const void *bytes, size_t len, off_t place)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, len, place), (ssize_t)len);
	close(fd);
}

/* Cut off, filled with anything, or no file at all: the daemon works all the same. */
static void
what_cannot_be_read(void **state)
{
	struct kept_channels *kept = begin("boot");
	uint8_t rubbish[256];
	off_t whole;

	(void)state;
	add(kept, "ssh");
	add(kept, "raw");
	kept_channels_free(kept);
	whole = size_now();
	memset(rubbish, 0xff, sizeof(rubbish));
	put(rubbish, sizeof(rubbish), whole - 20);
	kept = begin("boot");
	kept_channels_close_old(kept, NULL);
	answer(0);
	assert_non_null(strstr(told, "ch1 c12"));
	assert_int_equal(kept_channels_old(kept), 0);
	kept_channels_free(kept);

	put(rubbish, sizeof(rubbish), 4);
	kept = begin("boot");
	assert_int_equal(kept_channels_number(kept), 1);
	kept_channels_free(kept);

	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	kept = begin("boot");
	assert_int_equal(kept_channels_number(kept), 1);
	add(kept, "ssh");
	kept_channels_drop(kept, 2);
	kept_channels_close_old(kept, NULL);
	kept_channels_free(kept);
	rmdir(path);
}

#define KEPT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    KEPT_TEST(what_was_open_is_ended),
	    KEPT_TEST(a_recorder_that_is_down),
	    KEPT_TEST(many),
	    KEPT_TEST(another_boot),
	    KEPT_TEST(what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
