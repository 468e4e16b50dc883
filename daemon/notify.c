/* sd_notify without the library. */
#include "daemon/notify.h"

#include "lib/io.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The length of the address, 0 when there is no manager. */
static socklen_t
address_of_manager(struct sockaddr_un *sun)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path != NULL ? strlen(path) : 0;

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len < 2 || len >= sizeof(sun->sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memcpy(sun->sun_path, path, len);
	if (path[0] == '@')
		sun->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool
notify_is_wanted(void)
{
	struct sockaddr_un sun;

	return address_of_manager(&sun) > 0;
}

int
notify_send(const char *state, int fd)
{
	struct sockaddr_un sun;
	socklen_t len = address_of_manager(&sun);
	int err, manager;

	if (len == 0)
		return -ENOTCONN;
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager < 0)
		return -errno;
	err = connect(manager, (const struct sockaddr *)&sun, len) < 0 ? -errno : 0;
	if (err == 0)
		err = io_send(manager, state, strlen(state), &fd, fd >= 0 ? 1 : 0);
	close(manager);
	return err;
}

void
notify_manager(const char *state)
{
	(void)notify_send(state, -1);
}
