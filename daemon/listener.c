/* socket, bind, listen, accept. */
#include "daemon/listener.h"

#include "daemon/stranger.h"
#include "lib/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int spare = -1; /* a descriptor kept for the day that there is none */

int
listener_unix(const char *path, int type)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, err = 0;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	mask = umask(0177);
	if (bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0 || listen(fd, BACKLOG) < 0)
		err = -errno;
	umask(mask);
	if (err < 0)
		io_close(&fd);
	return err < 0 ? err : fd;
}

int
listener_tcp(struct in_addr address, uint16_t port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address};
	const int on = 1;
	int err = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* Our own old connections in TIME_WAIT must not keep us out; a listener of
	 * someone else's still does. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err < 0)
		io_close(&fd);
	return err < 0 ? err : fd;
}

static bool
option_is(int fd, int option, int wanted)
{
	socklen_t len = sizeof(wanted);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

int
listener_adopt_tcp(int fd, struct in_addr address, uint16_t port)
{
	struct sockaddr_in sin = {0};
	socklen_t len = sizeof(sin);
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_uid != 0 ||
	    !option_is(fd, SO_DOMAIN, AF_INET) || !option_is(fd, SO_TYPE, SOCK_STREAM) ||
	    !option_is(fd, SO_PROTOCOL, IPPROTO_TCP) || !option_is(fd, SO_ACCEPTCONN, 1) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0 || len != sizeof(sin) ||
	    sin.sin_addr.s_addr != address.s_addr || sin.sin_port != htons(port))
		return -EINVAL;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return -EINVAL;
	listener_drain(fd);
	return 0;
}

void
listener_drain(int fd)
{
	int client;

	/* Bounded: what comes after this many has come since we look. */
	for (int i = 0; i < 2 * BACKLOG && (client = listener_accept(fd)) >= 0; i++)
		stranger_close(&client);
}

int
listener_accept(int fd)
{
	int client, err;

	if (spare < 0)
		spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client >= 0)
		return client;
	err = -errno;
	if (err != -EMFILE && err != -ENFILE)
		return err == -EINTR || err == -ECONNABORTED ? -EAGAIN : err;
	io_close(&spare);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	stranger_close(&client);
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return -EMFILE;
}
