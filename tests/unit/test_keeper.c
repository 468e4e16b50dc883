/* What stays while a file server runs: it ends as that did, hears the daemon whatever the
 * server does, and leaves nobody behind. */
#include "shell/keeper.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000

struct scene {
	int daemon[2]; /* ours, the keeper's */
	int log[2];
	int begin[2]; /* a byte for the server */
	int alive[2]; /* held by all of them: at its end they are gone; a byte: it serves */
	int deaf[2];  /* standard error, full, and nobody reads it */
	pid_t keeper;
};

typedef void
server_fn(const struct scene *scene);

static void
fill(int fd)
{
	static const char bytes[4096];

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

_Noreturn static void
keep(struct scene *scene, server_fn *server)
{
	static struct talk talk;
	struct keeper_signals before;
	pid_t child;

	talk.fd = scene->daemon[1];
	if (dup2(scene->deaf[1], STDERR_FILENO) < 0 || keeper_begin(&before) < 0)
		_exit(99);
	close(scene->daemon[0]);
	close(scene->alive[0]);
	child = fork();
	if (child == 0) {
		keeper_undo(&before);
		close(scene->daemon[1]);
		(void)!write(scene->alive[1], "s", 1);
		server(scene);
		_exit(7);
	}
	close(scene->log[1]);
	_exit(child < 0 ? 99 : keeper_run(&talk, child, scene->log[0]));
}

/* Until the server has begun. */
static void
begin(struct scene *scene, server_fn *server)
{
	char byte;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, scene->daemon), 0);
	assert_int_equal(pipe(scene->log), 0);
	assert_int_equal(pipe(scene->begin), 0);
	assert_int_equal(pipe(scene->alive), 0);
	assert_int_equal(pipe(scene->deaf), 0);
	fill(scene->deaf[1]);
	scene->keeper = fork();
	assert_true(scene->keeper >= 0);
	if (scene->keeper == 0)
		keep(scene, server);
	close(scene->daemon[1]);
	close(scene->log[0]);
	close(scene->log[1]);
	close(scene->alive[1]);
	assert_int_equal(io_wait(scene->alive[0], POLLIN, io_now_ms() + PATIENCE_MS), 0);
	assert_int_equal(read(scene->alive[0], &byte, 1), 1);
}

/* The keeper's status; all that it kept is gone. */
static int
finish(struct scene *scene)
{
	int64_t deadline_ms = io_now_ms() + PATIENCE_MS;
	char byte;
	int status = 0;
	bool is_over = io_wait(scene->alive[0], POLLIN | POLLHUP, deadline_ms) == 0 &&
		       read(scene->alive[0], &byte, 1) == 0;

	if (!is_over)
		(void)kill(-scene->keeper, SIGKILL);
	assert_int_equal(waitpid(scene->keeper, &status, 0), scene->keeper);
	close(scene->daemon[0]);
	close(scene->alive[0]);
	for (int i = 0; i < 2; i++) {
		close(scene->begin[i]);
		close(scene->deaf[i]);
	}
	assert_true(is_over);
	return status;
}

static void
wait_for_byte(const struct scene *scene)
{
	char byte;

	(void)!read(scene->begin[0], &byte, 1);
}

static void
ends_as_the_server(void **state)
{
	struct scene scene;
	int status;

	(void)state;
	begin(&scene, wait_for_byte);
	assert_int_equal(write(scene.begin[1], "x", 1), 1);
	status = finish(&scene);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* rsync may send SIGUSR1 and SIGUSR2 to whom it likes, where Landlock does not know of
 * signals. */
static void
signals_of_the_server(void **state)
{
	struct scene scene;
	int status;

	(void)state;
	begin(&scene, wait_for_byte);
	assert_int_equal(kill(scene.keeper, SIGUSR1), 0);
	assert_int_equal(kill(scene.keeper, SIGUSR2), 0);
	assert_int_equal(write(scene.begin[1], "x", 1), 1);
	status = finish(&scene);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

/* As rsync does for what it receives. */
static void
leave_another(const struct scene *scene)
{
	pid_t pid = fork();

	if (pid != 0)
		return;
	(void)signal(SIGHUP, SIG_IGN);
	for (;;)
		wait_for_byte(scene);
}

static void
who_outlives_the_server(void **state)
{
	struct scene scene;
	int status;

	(void)state;
	begin(&scene, leave_another);
	status = finish(&scene);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Lines of a file's name, for the user's eyes. */
static void
chatter(const struct scene *scene)
{
	static const char line[] = "what nobody reads, and more of the same\n";

	for (int i = 0; i < 5000; i++)
		if (write(scene->log[1], line, sizeof(line) - 1) < 0)
			break;
	wait_for_byte(scene);
}

static void
words_that_nobody_reads(void **state)
{
	struct scene scene;
	int status;

	(void)state;
	begin(&scene, chatter);
	close(scene.daemon[0]); /* the daemon has gone */
	scene.daemon[0] = -1;
	status = finish(&scene);
	assert_true(WIFSIGNALED(status));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ends_as_the_server),
	    cmocka_unit_test(signals_of_the_server),
	    cmocka_unit_test(who_outlives_the_server),
	    cmocka_unit_test(words_that_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
