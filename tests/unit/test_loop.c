/* Descriptors, timers and signals reach their callbacks, which may free them. */
#include "loop/loop.h"

#include "lib/io.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct loop *loop;
	struct loop_watch *watch, *other;
	unsigned int calls, events;
	int fd;
};

static void
note(void *arg, int fd, unsigned int events)
{
	struct scene *scene = arg;

	scene->calls++;
	scene->events |= events;
	scene->fd = fd;
	loop_stop(scene->loop);
}

static void
free_both(void *arg, int fd, unsigned int events)
{
	struct scene *scene = arg;

	note(arg, fd, events);
	loop_watch_free(scene->watch);
	loop_watch_free(scene->other);
	scene->watch = scene->other = NULL;
}

static int
setup(void **state)
{
	static struct scene scene;

	scene = (struct scene){.loop = loop_new(), .fd = -1};
	*state = &scene;
	return scene.loop != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;

	loop_watch_free(scene->watch);
	loop_watch_free(scene->other);
	loop_free(scene->loop);
	return 0;
}

static void
a_readable_descriptor_calls_until_it_is_read(void **state)
{
	struct scene *scene = *state;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	scene->watch = loop_watch_fd(scene->loop, pair[0], LOOP_READ, note, scene);
	assert_non_null(scene->watch);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->calls, 2);
	assert_int_equal(scene->events, LOOP_READ);
	assert_int_equal(scene->fd, pair[0]);
	loop_watch_free(scene->watch);
	scene->watch = NULL;
	close(pair[0]);
	close(pair[1]);
}

static void
room_to_write_is_told_apart(void **state)
{
	struct scene *scene = *state;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	scene->watch = loop_watch_fd(scene->loop, pair[0], LOOP_READ | LOOP_WRITE, note, scene);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->events, LOOP_WRITE);
	loop_watch_free(scene->watch);
	scene->watch = NULL;
	close(pair[0]);
	close(pair[1]);
}

static void
a_timer_fires_once_and_not_early(void **state)
{
	struct scene *scene = *state;
	int64_t began = io_now_ms();

	scene->watch = loop_timer(scene->loop, note, scene);
	assert_int_equal(loop_timer_set(scene->watch, 60000), 0);
	assert_int_equal(loop_timer_set(scene->watch, 30), 0); /* replaces the first */
	assert_int_equal(loop_run(scene->loop), 0);
	assert_true(io_now_ms() - began >= 29);
	assert_true(io_now_ms() - began < 30000);
	assert_int_equal(scene->events, LOOP_TIME);
	/* Nothing is pending any more: the loop ends by itself. */
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->calls, 1);
}

static void
a_cleared_timer_does_not_fire(void **state)
{
	struct scene *scene = *state;

	scene->watch = loop_timer(scene->loop, note, scene);
	assert_int_equal(loop_timer_set(scene->watch, 10), 0);
	loop_timer_clear(scene->watch);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->calls, 0);
}

static void
a_signal_arrives(void **state)
{
	struct scene *scene = *state;

	scene->watch = loop_watch_signal(scene->loop, SIGHUP, note, scene);
	assert_non_null(scene->watch);
	assert_int_equal(raise(SIGHUP), 0);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->calls, 1);
	assert_int_equal(scene->fd, SIGHUP);
}

static void
a_callback_may_free_its_own_and_another_watch(void **state)
{
	struct scene *scene = *state;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	scene->watch = loop_watch_fd(scene->loop, pair[0], LOOP_WRITE, free_both, scene);
	scene->other = loop_watch_fd(scene->loop, pair[1], LOOP_WRITE, free_both, scene);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(loop_run(scene->loop), 0);
	assert_int_equal(scene->calls, 1);
	close(pair[0]);
	close(pair[1]);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(a_readable_descriptor_calls_until_it_is_read),
	    SCENE(room_to_write_is_told_apart),
	    SCENE(a_timer_fires_once_and_not_early),
	    SCENE(a_cleared_timer_does_not_fire),
	    SCENE(a_signal_arrives),
	    SCENE(a_callback_may_free_its_own_and_another_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
