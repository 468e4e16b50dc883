/* A helper that dies again and again costs a bounded number of starts. */
#include "daemon/servant.h"

#include "lib/io.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

struct scene {
	struct loop *loop;
	struct loop_watch *end;
	unsigned int readies, downs;
};

static void
on_end(void *arg, int fd, unsigned int events)
{
	struct scene *scene = arg;

	(void)fd;
	(void)events;
	loop_stop(scene->loop);
}

static void
on_ready(void *arg, struct wire_in *in)
{
	(void)in;
	((struct scene *)arg)->readies++;
}

static void
on_down(void *arg)
{
	((struct scene *)arg)->downs++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* Starts within ms of a shell that runs script. */
static unsigned int
starts_within(struct scene *scene, char *script, unsigned int ms)
{
	static char shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, script, NULL};
	struct servant_spec spec = {.name = "trial",
	    .argv = argv,
	    .on_ready = on_ready,
	    .on_down = on_down,
	    .arg = scene};
	struct servant *servant;
	unsigned int starts;

	scene->loop = loop_new();
	assert_non_null(scene->loop);
	scene->end = loop_timer(scene->loop, on_end, scene);
	assert_int_equal(loop_timer_set(scene->end, ms), 0);
	servant = servant_new(scene->loop, &spec);
	assert_non_null(servant);
	assert_int_equal(loop_run(scene->loop), 0);
	starts = servant_starts(servant);
	servant_free(servant);
	loop_watch_free(scene->end);
	loop_free(scene->loop);
	return starts;
}

/* READY is {version 1, type 50, id 0}. */
static void
one_that_dies_ready(void **state)
{
	static char script[] = "printf '\\001\\062\\000\\000\\000\\000' >&3";
	struct scene scene = {0};
	unsigned int starts = starts_within(&scene, script, 1500);

	(void)state;
	/* 20, 40, 80, 160 ms, then four a second. */
	assert_in_range(starts, 3, 10);
	assert_in_range(scene.readies, 3, 10);
	assert_in_range(scene.downs, 2, 10);
}

static void
one_that_never_gets_there(void **state)
{
	static char script[] = "exit 1";
	struct scene scene = {0};

	(void)state;
	/* 20, 40, 80, 160, 320, 640, 1280 ms. */
	assert_in_range(starts_within(&scene, script, 1500), 3, 7);
	assert_int_equal(scene.readies, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_dies_ready),
	    cmocka_unit_test(one_that_never_gets_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
