/* The kernel's boot id. */
#include "daemon/boot.h"

#include "lib/io.h"

#include <fcntl.h>
#include <unistd.h>

void
boot_id_read(char id[BOOT_ID_MAX])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, id, BOOT_ID_MAX - 1) : -1;

	id[n > 0 ? n : 0] = '\0';
	io_close(&fd);
}
