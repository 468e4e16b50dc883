/* The pair for sallyport-shell: no descriptor reaches the relay by it, on a kernel that can
 * bar them and on one that can't; whose the user's end is; strangers in between. */
#include "daemon/ends.h"

#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSRIGHTS 83 /* SO_PASSRIGHTS */
#define SOMEBODY   12345

static bool is_old;   /* a kernel before 6.16 */
static int strangers; /* who connect before us */
static int stranger_fds[8];

int
__real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int
__real_listen(int fd, int backlog);
int
__wrap_listen(int fd, int backlog);

int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (is_old && level == SOL_SOCKET && name == PASSRIGHTS) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return __real_setsockopt(fd, level, name, value, len);
}

int
__wrap_listen(int fd, int backlog)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	int rc = __real_listen(fd, backlog);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	for (int i = 0; i < strangers; i++) {
		stranger_fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(stranger_fds[i], (struct sockaddr *)&at, len), 0);
	}
	return rc;
}

static int
domain_of(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len), 0);
	return domain;
}

static void
check_bytes(int from, int to)
{
	char got[8] = "";

	assert_int_equal(send(from, "bytes", 5, MSG_NOSIGNAL), 5);
	assert_int_equal(io_wait(to, 1, io_now_ms() + 10000), 0);
	assert_int_equal(recv(to, got, sizeof(got), MSG_DONTWAIT), 5);
	assert_memory_equal(got, "bytes", 5);
}

/* What a TCP socket makes of it: bytes, and no descriptor. */
static bool
passes(int from, int to)
{
	int fds[IO_FDS_MAX] = {-1, -1};
	char byte;

	if (io_send(from, "x", 1, &from, 1) < 0)
		return false;
	assert_int_equal(io_wait(to, 1, io_now_ms() + 10000), 0);
	assert_int_equal(io_receive(to, &byte, 1, fds), 1);
	for (size_t i = 0; i < IO_FDS_MAX; i++)
		if (fds[i] >= 0) {
			io_close(&fds[i]);
			return true;
		}
	return false;
}

static void
check_pair(const int ends[2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fcntl(ends[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		assert_int_equal(fcntl(ends[i], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		check_bytes(ends[i], ends[!i]);
	}
	assert_false(passes(ends[1], ends[0]));
	check_bytes(ends[1], ends[0]); /* and it goes on */
	assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
	check_bytes(ends[0], ends[1]);
}

static void
a_pair_of_this_kernel(void **state)
{
	int ends[2];

	(void)state;
	is_old = false;
	assert_int_equal(ends_make(getuid(), ends), 0);
	check_pair(ends);
	close(ends[0]);
	close(ends[1]);
}

static void
a_pair_of_an_old_kernel(void **state)
{
	int ends[2];

	(void)state;
	is_old = true;
	assert_int_equal(ends_make(getuid(), ends), 0);
	assert_int_equal(domain_of(ends[0]), AF_INET);
	check_pair(ends);
	close(ends[0]);
	close(ends[1]);
}

static void
it_is_the_users(void **state)
{
	struct stat st;
	int ends[2], other;

	(void)state;
	is_old = true;
	if (geteuid() != 0)
		skip();
	assert_int_equal(ends_make(SOMEBODY, ends), 0);
	assert_int_equal(fstat(ends[1], &st), 0);
	assert_int_equal(st.st_uid, SOMEBODY);
	other = socket(AF_INET, SOCK_STREAM, 0); /* and we are who we were */
	assert_int_equal(fstat(other, &st), 0);
	assert_int_equal(st.st_uid, 0);
	close(other);
	close(ends[0]);
	close(ends[1]);
}

/* The first in the queue are not the one that was meant. */
static void
strangers_in_between(void **state)
{
	int ends[2];

	(void)state;
	is_old = true;
	strangers = 3;
	assert_int_equal(ends_make(getuid(), ends), 0);
	check_pair(ends);
	for (int i = 0; i < strangers; i++)
		close(stranger_fds[i]);
	strangers = 0;
	close(ends[0]);
	close(ends[1]);
}

static unsigned int
port_of(int fd)
{
	struct sockaddr_in at = {.sin_family = AF_UNSPEC};
	socklen_t len = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

/* A connection between the two ports that is over, and keeps them from use (TIME_WAIT). */
static bool
keeps_ports(unsigned int one, unsigned int other)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	char line[256], here[64], there[64];
	bool found = false;

	assert_non_null(table);
	snprintf(here, sizeof(here), "0100007F:%04X 0100007F:%04X 06", one, other);
	snprintf(there, sizeof(there), "0100007F:%04X 0100007F:%04X 06", other, one);
	while (fgets(line, sizeof(line), table) != NULL)
		found |= strstr(line, here) != NULL || strstr(line, there) != NULL;
	fclose(table);
	return found;
}

/* Whichever goes first. */
static void
unwanted_ends_keep_no_port(void **state)
{
	unsigned int one, other;
	int ends[2];

	(void)state;
	is_old = true;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(ends_make(getuid(), ends), 0);
		one = port_of(ends[0]);
		other = port_of(ends[1]);
		if (i % 2 == 0)
			close(ends[0]);
		ends_discard(&ends[1]);
		assert_int_equal(ends[1], -1);
		if (i % 2 != 0)
			close(ends[0]);
		assert_false(keeps_ports(one, other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pair_of_this_kernel),
	    cmocka_unit_test(a_pair_of_an_old_kernel),
	    cmocka_unit_test(it_is_the_users),
	    cmocka_unit_test(strangers_in_between),
	    cmocka_unit_test(unwanted_ends_keep_no_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
