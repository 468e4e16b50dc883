/* What a service manager hands back is taken strictly, and it is told in order. */
#include "daemon/fdstore.h"
#include "daemon/listener.h"
#include "lib/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HOME 0x7f5a0007 /* 127.90.0.7 */

/* In a process of its own, because descriptors 3… are the manager's to fill. */
static void
in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* In a child an assertion ends the process: there is no cmocka that would see it. */
#define MUST(holds)                                                                            \
	do {                                                                                   \
		if (!(holds)) {                                                                \
			fprintf(stderr, "FAIL %s:%d: %s\n", __FILE__, __LINE__, #holds);       \
			_exit(1);                                                              \
		}                                                                              \
	} while (0)

static struct in_addr
home(void)
{
	return (struct in_addr){.s_addr = htonl(HOME)};
}

static int
bound(int type, uint16_t *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = home()};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, type, 0);

	MUST(fd >= 0 && bind(fd, (struct sockaddr *)&sin, len) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
hand_over(const char *fds, const char *names, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", fds, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
}

static void
fill(int from, int n)
{
	closefrom(3);
	for (int fd = from; fd < from + n; fd++)
		MUST(dup2(0, fd) == fd);
}

static void
takes_by_name(void)
{
	struct loop *loop;
	struct fdstore *store;

	fill(3, 4);
	hand_over("4", "a:b:b:", getpid());
	loop = loop_new();
	store = fdstore_new(loop);
	MUST(store != NULL && fdstore_handed(store) == 4);
	MUST(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL);
	MUST(fcntl(3, F_GETFD) == FD_CLOEXEC);
	MUST(fdstore_take(store, "a") == 3);
	MUST(fdstore_take(store, "a") == -ENOENT);
	MUST(fdstore_take(store, "b") + fdstore_take(store, "b") == 4 + 5);
	fdstore_drop_rest(store);
	MUST(fdstore_handed(store) == 0);
	MUST(fcntl(6, F_GETFD) < 0 && fcntl(3, F_GETFD) >= 0);
	MUST(fdstore_is_settled(store)); /* nobody is to be told */
	fdstore_free(store);
	loop_free(loop);
}

static void
takes_nothing(const char *fds, const char *names, pid_t pid)
{
	struct loop *loop;
	struct fdstore *store;

	fill(3, 2);
	hand_over(fds, names, pid);
	loop = loop_new();
	store = fdstore_new(loop);
	MUST(fdstore_handed(store) == 0);
	MUST(fcntl(3, F_GETFD) == 0);
	MUST(getenv("LISTEN_FDS") == NULL);
	fdstore_free(store);
	loop_free(loop);
}

static void
of_another(void)
{
	takes_nothing("2", "a:b", getppid());
}

static void
of_nonsense(void)
{
	takes_nothing("-2", "a:b", getpid());
	takes_nothing("2 ", "a:b", getpid());
	takes_nothing("99999999", "a:b", getpid());
}

static void
of_closed(void)
{
	char long_name[400];
	struct loop *loop;
	struct fdstore *store;

	fill(3, 1);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	hand_over("3", long_name, getpid());
	loop = loop_new();
	store = fdstore_new(loop);
	MUST(fdstore_handed(store) <=
	     2); /* the long name is not taken; 4, 5: whatever is open */
	MUST(fdstore_take(store, long_name) == -ENOENT);
	fdstore_free(store);
	loop_free(loop);
}

static void
test_handed_over(void **state)
{
	(void)state;
	in_child(takes_by_name);
	in_child(of_another);
	in_child(of_nonsense);
	in_child(of_closed);
}

/* A manager of our own. */
static int
manager(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char name[64];

	snprintf(name, sizeof(name), "@sallyport-test-%d", (int)getpid());
	memcpy(sun.sun_path, name, strlen(name));
	sun.sun_path[0] = '\0';
	MUST(bind(fd, (struct sockaddr *)&sun,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void
on_time(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	loop_stop(arg);
}

static void
turn(struct loop *loop, uint32_t ms)
{
	struct loop_watch *timer = loop_timer(loop, on_time, loop);

	MUST(timer != NULL && loop_timer_set(timer, ms) == 0);
	MUST(loop_run(loop) == 0);
	loop_watch_free(timer);
}

/* Until he has heard something. */
static void
turn_till_heard(struct loop *loop, int manager_fd)
{
	char byte;

	for (int i = 0; i < 3000 && recv(manager_fd, &byte, 1, MSG_PEEK) < 0; i++)
		turn(loop, 10);
}

/* The next word, and its descriptor (or -1) in *fd. */
static const char *
heard(int manager_fd, int *fd)
{
	static char text[512];
	int fds[IO_FDS_MAX];
	ssize_t n = io_receive(manager_fd, text, sizeof(text) - 1, fds);

	text[n > 0 ? n : 0] = '\0';
	*fd = fds[0];
	return text;
}

static void
tells_in_order(void)
{
	int listener, barrier, fd = manager();
	struct loop *loop = loop_new();
	struct fdstore *store = fdstore_new(loop);

	MUST(fdstore_is_settled(store));
	MUST(fdstore_keep(store, "one", fd) == 0);
	fdstore_forget(store, "two");
	MUST(!fdstore_is_settled(store));
	turn_till_heard(loop, fd);
	MUST(strcmp(heard(fd, &listener), "FDSTORE=1\nFDPOLL=0\nFDNAME=one") == 0);
	MUST(listener >= 0);
	close(listener);
	turn_till_heard(loop, fd);
	MUST(strcmp(heard(fd, &listener), "FDSTOREREMOVE=1\nFDNAME=two") == 0);
	MUST(listener < 0);
	turn_till_heard(loop, fd);
	MUST(strcmp(heard(fd, &barrier), "BARRIER=1") == 0);
	MUST(barrier >= 0 && !fdstore_is_settled(store));
	close(barrier);
	for (int i = 0; i < 3000 && !fdstore_is_settled(store); i++)
		turn(loop, 10);
	MUST(fdstore_is_settled(store));
	fdstore_free(store);
	loop_free(loop);
}

/* A manager that is slow to read delays nobody, and hears all in the end. */
static void
waits_for_room(void)
{
	enum { N = 700 }; /* more than any queue of datagrams here holds */
	int got = 0, passed, fd = manager();
	struct loop *loop = loop_new();
	struct fdstore *store = fdstore_new(loop);

	for (int i = 0; i < N; i++)
		MUST(fdstore_keep(store, "one", fd) == 0);
	turn(loop, 50);
	MUST(!fdstore_is_settled(store));
	for (int i = 0; i < 3000 && got < N; i++) {
		while (strncmp(heard(fd, &passed), "FDSTORE=1", 9) == 0) {
			io_close(&passed);
			got++;
		}
		io_close(&passed);
		turn(loop, 25);
	}
	MUST(got == N);
	fdstore_free(store);
	loop_free(loop);
}

static void
test_told(void **state)
{
	(void)state;
	in_child(tells_in_order);
	in_child(waits_for_room);
}

static void
adopts_strictly(void)
{
	struct in_addr elsewhere = {.s_addr = htonl(HOME + 1)};
	uint16_t port, other;
	int fd = bound(SOCK_STREAM, &port), udp = bound(SOCK_DGRAM, &other), pair[2];

	MUST(listener_adopt_tcp(fd, home(), port) == -EINVAL); /* does not listen */
	MUST(listen(fd, 8) == 0);
	MUST(listener_adopt_tcp(fd, elsewhere, port) == -EINVAL);
	MUST(listener_adopt_tcp(fd, home(), (uint16_t)(port + 1)) == -EINVAL);
	MUST(listener_adopt_tcp(udp, home(), other) == -EINVAL);
	MUST(listener_adopt_tcp(0, home(), port) == -EINVAL);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	MUST(listener_adopt_tcp(pair[0], home(), port) == -EINVAL);
	if (geteuid() == 0) {
		MUST(fchown(fd, 1, 1) == 0);
		MUST(listener_adopt_tcp(fd, home(), port) == -EINVAL); /* another's */
		MUST(fchown(fd, 0, 0) == 0);
		MUST(listener_adopt_tcp(fd, home(), port) == 0);
	}
}

/* His connect() may return before the listener hears of it. */
static bool
is_waiting(int listener)
{
	struct pollfd poll_for = {.fd = listener, .events = POLLIN};

	return poll(&poll_for, 1, 60000) == 1;
}

/* Who connected while nobody looked is closed; who comes after is not. */
static void
drains(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = home()};
	uint16_t port;
	int fd = bound(SOCK_STREAM, &port), early, late;
	struct pollfd ended = {.events = POLLIN};
	char byte;

	if (geteuid() != 0)
		return;
	sin.sin_port = htons(port);
	MUST(listen(fd, 8) == 0);
	early = socket(AF_INET, SOCK_STREAM, 0);
	MUST(connect(early, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	MUST(is_waiting(fd));
	MUST(listener_adopt_tcp(fd, home(), port) == 0);
	ended.fd = early;
	MUST(poll(&ended, 1, 60000) == 1 && read(early, &byte, 1) <= 0);
	late = socket(AF_INET, SOCK_STREAM, 0);
	MUST(connect(late, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	MUST(is_waiting(fd));
	MUST(listener_accept(fd) >= 0);
	MUST(listener_accept(fd) == -EAGAIN);
}

static void
test_adopt(void **state)
{
	(void)state;
	in_child(adopts_strictly);
	in_child(drains);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handed_over),
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
