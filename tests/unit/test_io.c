/* Messages with and without descriptors, deadlines, and which files are trusted. */
#include "lib/io.h"

#include "lib/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	int a, b;      /* two ends of a SOCK_SEQPACKET pair */
	char dir[32];  /* a folder of root's */
	char path[64]; /* a file in it */
};

static int
setup(void **state)
{
	static struct scene scene;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	scene = (struct scene){.a = pair[0], .b = pair[1]};
	memcpy(scene.dir, "/tmp/test-io-XXXXXX", sizeof("/tmp/test-io-XXXXXX"));
	if (mkdtemp(scene.dir) == NULL || chmod(scene.dir, 0755) < 0)
		return -1;
	snprintf(scene.path, sizeof(scene.path), "%s/file", scene.dir);
	*state = &scene;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;
	char other[64];

	io_close(&scene->a);
	io_close(&scene->b);
	snprintf(other, sizeof(other), "%s/link", scene->dir);
	unlink(other);
	unlink(scene->path);
	return rmdir(scene->dir);
}

static size_t
open_descriptors(void)
{
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
a_message_arrives_whole(void **state)
{
	struct scene *scene = *state;
	char buf[16];
	int fds[IO_FDS_MAX];

	assert_int_equal(io_send(scene->a, "one", 3, NULL, 0), 0);
	assert_int_equal(io_send(scene->a, "three", 5, NULL, 0), 0);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), fds), 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(fds[0], -1);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), 5);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), -EAGAIN);
	io_close(&scene->a);
	assert_int_equal(scene->a, -1);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), 0);
}

static void
a_message_too_long_is_refused_and_gone(void **state)
{
	struct scene *scene = *state;
	char buf[4];

	assert_int_equal(io_send(scene->a, "12345", 5, NULL, 0), 0);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), -EMSGSIZE);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), -EAGAIN);
}

static void
bounds_of_sending(void **state)
{
	struct scene *scene = *state;
	static char big[IO_MESSAGE_MAX + 1];
	const int fds[3] = {0, 1, 2};

	assert_int_equal(io_send(scene->a, big, 0, NULL, 0), -EINVAL);
	assert_int_equal(io_send(scene->a, big, sizeof(big), NULL, 0), -EINVAL);
	assert_int_equal(io_send(scene->a, big, 1, fds, 3), -EINVAL);
	assert_int_equal(io_send(scene->a, big, IO_MESSAGE_MAX, NULL, 0), 0);
	assert_int_equal(io_receive(scene->b, big, sizeof(big), NULL), IO_MESSAGE_MAX);
}

static void
a_full_queue_and_a_gone_peer_are_errors_not_signals(void **state)
{
	struct scene *scene = *state;
	static char big[IO_MESSAGE_MAX];
	int err = 0;

	for (int i = 0; i < 1000 && err == 0; i++)
		err = io_send(scene->a, big, sizeof(big), NULL, 0);
	assert_int_equal(err, -EAGAIN);
	io_close(&scene->b);
	/* What it had not read is told first. */
	assert_int_equal(io_send(scene->a, big, 1, NULL, 0), -ECONNRESET);
	assert_int_equal(io_send(scene->a, big, 1, NULL, 0), -EPIPE);
}

static void
descriptors_travel_and_close_on_exec(void **state)
{
	struct scene *scene = *state;
	int pipe_fds[2], fds[IO_FDS_MAX];
	char buf[8];

	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(io_send(scene->a, "m", 1, pipe_fds, 2), 0);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), fds), 1);
	assert_true(fds[0] >= 0 && fds[1] >= 0);
	assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fds[1], "y", 1), 1);
	assert_int_equal(read(pipe_fds[0], buf, 1), 1);
	for (int i = 0; i < 2; i++) {
		close(pipe_fds[i]);
		close(fds[i]);
	}
}

/* As a hostile peer would: n descriptors and len bytes in one message. */
static void
send_raw(int fd, size_t len, size_t n)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int) * 8)];
	} control = {0};
	char bytes[8] = {0};
	struct iovec iov = {.iov_base = bytes, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.buf,
	    .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(fd));
	assert_int_equal(sendmsg(fd, &msg, 0), (ssize_t)len);
}

static void
descriptors_not_asked_for_are_refused_and_closed(void **state)
{
	struct scene *scene = *state;
	char buf[8];
	int fds[IO_FDS_MAX];
	size_t before = open_descriptors();

	send_raw(scene->a, 1, 1);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), -EBADMSG);
	send_raw(scene->a, 1, 8);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), fds), -EBADMSG);
	assert_int_equal(fds[0], -1);
	assert_int_equal(fds[1], -1);
	send_raw(scene->a, 0, 2);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), fds), 0);
	assert_int_equal(fds[0], -1);
	assert_int_equal(open_descriptors(), before);
}

/* Has this process, as another one sees it, a lock on the file? */
static bool
is_locked(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct flock lock = {.l_type = F_WRLCK};
		int fd = open(path, O_RDWR | O_CLOEXEC);
		_exit(fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* What closing costs is up to the file system: it may be the peer's, and answer never.
 * A close shows by the record lock that it takes away (fcntl(2)). */
static void
descriptors_not_asked_for_are_never_ours_to_close(void **state)
{
	struct scene *scene = *state;
	struct flock lock = {.l_type = F_WRLCK};
	int fd = open(scene->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), fds[IO_FDS_MAX];
	char buf[8];

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	assert_int_equal(io_send(scene->a, "x", 1, &fd, 1), 0);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), NULL), -EBADMSG);
	assert_true(is_locked(scene->path));
	assert_int_equal(io_send(scene->a, "x", 1, &fd, 1), 0);
	assert_int_equal(io_receive(scene->b, buf, sizeof(buf), fds), 1);
	io_close(&fds[0]);
	assert_false(is_locked(scene->path)); /* so a close does show */
	close(fd);
}

static void
waiting_ends_at_the_deadline(void **state)
{
	struct scene *scene = *state;
	int64_t began = io_now_ms();
	char buf[8];

	assert_int_equal(io_wait(scene->b, POLLIN, began + 40), -ETIMEDOUT);
	assert_true(io_now_ms() - began >= 40);
	assert_true(io_now_ms() - began < 30000);
	assert_int_equal(io_wait(scene->b, POLLIN, began - 1), -ETIMEDOUT);
	assert_int_equal(
	    client_receive(scene->b, buf, sizeof(buf), io_now_ms() + 10), -ETIMEDOUT);
	assert_int_equal(io_send(scene->a, "x", 1, NULL, 0), 0);
	assert_int_equal(io_wait(scene->b, POLLIN, io_now_ms() + 60000), 0);
	assert_int_equal(client_receive(scene->b, buf, sizeof(buf), io_now_ms() + 10), 1);
	io_close(&scene->a);
	assert_int_equal(
	    client_receive(scene->b, buf, sizeof(buf), io_now_ms() + 10), -ECONNRESET);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(sun.sun_path, path, strlen(path));
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static void
a_client_talks_to_roots_listener_only(void **state)
{
	struct scene *scene = *state;
	int listener, fd;

	assert_int_equal(client_connect(scene->path, io_now_ms() + 50), -ENOENT);
	listener = listen_at(scene->path);
	fd = client_connect(scene->path, io_now_ms() + 60000);
	assert_true(fd >= 0);
	/* The queue is full now, nobody accepts: an answer at the deadline all the same. */
	assert_int_equal(client_connect(scene->path, io_now_ms() + 50), -ETIMEDOUT);
	close(fd);
	close(listener);
	unlink(scene->path);

	listener = listen_at(scene->path);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(listen(listener, 4), 0); /* from here on it is nobody's */
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(client_connect(scene->path, io_now_ms() + 60000), -EPERM);
	close(listener);
}

static void
write_file(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text\n", 5), 5);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
trusted(const char *path, enum io_trust trust)
{
	const char *why = "untouched";
	int fd = io_open_trusted(path, trust, &why);

	if (fd < 0) {
		assert_true(fd != -EPERM || why != NULL);
		return fd;
	}
	assert_null(why);
	close(fd);
	return 0;
}

static void
roots_own_files_are_trusted(void **state)
{
	struct scene *scene = *state;

	write_file(scene->path, 0644);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_SECRET), -EPERM);
	assert_int_equal(chmod(scene->path, 0640), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_SECRET), 0);
	assert_int_equal(chown(scene->path, 0, 4242), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_SECRET), -EPERM);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), 0);
	assert_int_equal(io_open_trusted("/no/such/file", IO_TRUST_PUBLIC, NULL), -ENOENT);
}

static void
files_that_others_can_write_are_not(void **state)
{
	struct scene *scene = *state;

	write_file(scene->path, 0664);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chmod(scene->path, 0646), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chmod(scene->path, 0644), 0);
	assert_int_equal(chown(scene->path, 4242, 0), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chown(scene->path, 0, 0), 0);
	assert_int_equal(chmod(scene->dir, 0777), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chmod(scene->dir, 01777), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), 0);
	assert_int_equal(chown(scene->dir, 4242, 0), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chown(scene->dir, 0, 0), 0);
}

static void
a_fifo_does_not_hang_us(void **state)
{
	struct scene *scene = *state;
	int64_t began = io_now_ms();

	assert_int_equal(mkfifo(scene->path, 0600), 0);
	assert_int_equal(trusted(scene->path, IO_TRUST_PUBLIC), -EPERM);
	assert_true(io_now_ms() - began < 30000);
	assert_int_equal(trusted("/dev/zero", IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(trusted("/etc", IO_TRUST_PUBLIC), -EPERM);
}

static void
a_link_is_judged_where_it_leads(void **state)
{
	struct scene *scene = *state;
	char outer[40], link_path[64];

	memcpy(outer, "/tmp/test-io-user-XXXXXX", sizeof("/tmp/test-io-user-XXXXXX"));
	assert_non_null(mkdtemp(outer));
	snprintf(link_path, sizeof(link_path), "%s/link", outer);
	write_file(scene->path, 0644);
	assert_int_equal(symlink(scene->path, link_path), 0);
	/* Root's link to root's file in root's folder. */
	assert_int_equal(trusted(link_path, IO_TRUST_PUBLIC), 0);
	/* The same file, but now its own folder is somebody else's. */
	assert_int_equal(chown(scene->dir, 4242, 4242), 0);
	assert_int_equal(trusted(link_path, IO_TRUST_PUBLIC), -EPERM);
	assert_int_equal(chown(scene->dir, 0, 0), 0);
	unlink(link_path);
	assert_int_equal(symlink("/no/such/file", link_path), 0);
	assert_int_equal(trusted(link_path, IO_TRUST_PUBLIC), -ENOENT);
	unlink(link_path);
	assert_int_equal(rmdir(outer), 0);
}

static void
a_file_is_read_whole_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	char *text = NULL, chunk[1000];
	size_t len = 0;
	int fd = open(scene->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	memset(chunk, 'c', sizeof(chunk));
	assert_int_equal(io_read_all(fd, 100, &text, &len), 0);
	assert_int_equal(len, 0);
	assert_string_equal(text, "");
	free(text);
	for (int i = 0; i < 20; i++)
		assert_int_equal(write(fd, chunk, sizeof(chunk)), sizeof(chunk));
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(io_read_all(fd, 20000, &text, &len), 0);
	assert_int_equal(len, 20000);
	assert_int_equal(strlen(text), 20000);
	free(text);
	text = NULL;
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(io_read_all(fd, 19999, &text, &len), -EFBIG);
	assert_null(text);
	close(fd);
	assert_int_equal(io_read_all(-1, 10, &text, &len), -EBADF);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE(a_message_arrives_whole),
	    SCENE(a_message_too_long_is_refused_and_gone),
	    SCENE(bounds_of_sending),
	    SCENE(a_full_queue_and_a_gone_peer_are_errors_not_signals),
	    SCENE(descriptors_travel_and_close_on_exec),
	    SCENE(descriptors_not_asked_for_are_never_ours_to_close),
	    SCENE(descriptors_not_asked_for_are_refused_and_closed),
	    SCENE(waiting_ends_at_the_deadline),
	    SCENE(a_client_talks_to_roots_listener_only),
	    SCENE(roots_own_files_are_trusted),
	    SCENE(files_that_others_can_write_are_not),
	    SCENE(a_fifo_does_not_hang_us),
	    SCENE(a_link_is_judged_where_it_leads),
	    SCENE(a_file_is_read_whole_or_not_at_all),
	};

	if (geteuid() != 0) {
		puts("needs root: trust is about root's files");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
