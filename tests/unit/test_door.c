/* Turns at the door: of those who want long answers, many of one user keep another waiting
 * no longer than one would. Stand-ins take the places of the paths and the questions. */
#include "daemon/door.h"

#include "daemon/listener.h"
#include "daemon/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define ANNE   1001
#define MAGGIE 1002
#define MANY   8
#define LONG   20 /* turns that each of anne's questions takes */
#define SHORT  3  /* that maggie's takes */
#define ALL    (MANY * LONG + SHORT)

/* Linked with --wrap (Makefile). */
int
__wrap_listener_unix(const char *path, int type);
const struct settings *
__wrap_gateway_settings(const struct gateway *gw);
void
__wrap_request_dispatch(struct caller *caller, const uint8_t *buf, size_t len);
void
__wrap_request_gone(struct caller *caller);

static struct gateway gw;
static struct sockaddr_un place; /* of shell.sock, made last */
static socklen_t place_len;
static size_t turns, last_of_maggie;

int
__wrap_listener_unix(const char *path, int type)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)path;
	place_len = sizeof(place);
	/* Bound to no name the kernel finds one. */
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any.sun_family)) < 0 ||
	    listen(fd, 2 * MANY) < 0 ||
	    getsockname(fd, (struct sockaddr *)&place, &place_len) < 0)
		return -errno;
	return fd;
}

const struct settings *
__wrap_gateway_settings(const struct gateway *of)
{
	static const struct settings settings = {.max_sessions = 64};

	(void)of;
	return &settings;
}

static void
take_turn(struct caller *caller)
{
	turns++;
	if (caller->uid == MAGGIE)
		last_of_maggie = turns;
	if (--caller->request > 0)
		door_go_on(caller, take_turn);
	if (turns == ALL)
		loop_stop(gw.loop);
}

void
__wrap_request_dispatch(struct caller *caller, const uint8_t *buf, size_t len)
{
	(void)len;
	caller->request = buf[0];
	door_go_on(caller, take_turn);
}

void
__wrap_request_gone(struct caller *caller)
{
	(void)caller;
}

static int
ask(uid_t uid, uint8_t length)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&place, place_len), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(send(fd, &length, 1, MSG_NOSIGNAL), 1);
	return fd;
}

static void
many_of_one_user_and_another(void **state)
{
	struct doors *doors;
	int fds[MANY + 1];

	(void)state;
	if (geteuid() != 0)
		skip();
	gw.loop = loop_new();
	doors = doors_new(&gw);
	assert_non_null(doors);
	assert_true(doors_admit(doors));
	for (size_t i = 0; i < MANY; i++)
		fds[i] = ask(ANNE, LONG);
	fds[MANY] = ask(MAGGIE, SHORT);
	assert_int_equal(loop_run(gw.loop), 0);
	assert_int_equal(turns, ALL);
	assert_in_range(last_of_maggie, 1, 2 * SHORT + 2);
	for (size_t i = 0; i <= MANY; i++)
		close(fds[i]);
	doors_free(doors);
	loop_free(gw.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_of_one_user_and_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
