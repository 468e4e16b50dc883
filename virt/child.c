/* fork without exec: libvirt is first called in the child. */
#include "virt/child.h"

#include "lib/helper.h"
#include "lib/io.h"
#include "virt/answer.h"
#include "virt/hypervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ORDER_MAX 512

int
child_read_order(struct wire_in *in, struct child_order *order)
{
	order->what = (enum proto_console)wire_get_u8(in);
	wire_get_str(in, order->name, sizeof(order->name));
	order->time_ms = wire_get_u32(in);
	return wire_end(in);
}

int
child_order(const struct child *child, uint32_t id, const struct child_order *order)
{
	uint8_t buf[ORDER_MAX];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_VIRT_OPEN, id);
	wire_put_u8(&out, (uint8_t)order->what);
	wire_put_str(&out, order->name);
	wire_put_u32(&out, order->time_ms);
	return io_send(child->fd, buf, out.len, NULL, 0);
}

/* --- in the child ----------------------------------------------------------- */

/* Waits for an order. 0; -errno when there will be none. */
static int
take_order(uint32_t *id, struct child_order *order)
{
	struct pollfd p = {.fd = HELPER_FD, .events = POLLIN};
	struct proto_header header;
	uint8_t buf[ORDER_MAX];
	struct wire_in in;
	ssize_t n;

	if (poll(&p, 1, -1) < 0)
		return -errno;
	n = io_receive(HELPER_FD, buf, sizeof(buf), NULL);
	if (n <= 0)
		return n == 0 ? -ESHUTDOWN : (int)n;
	wire_in_init(&in, buf, (size_t)n);
	if (proto_get_header(&in, &header) < 0 || header.type != PROTO_VIRT_OPEN)
		return -EBADMSG;
	*id = header.id;
	return child_read_order(&in, order);
}

static void
be_opener(void)
{
	struct child_order order = {0};
	enum proto_virt status;
	uint32_t id = 0;
	int fd = -1, err;

	while ((err = take_order(&id, &order)) == 0 || err == -EINTR) {
		if (err < 0)
			continue;
		status = hypervisor_open_graphics(order.name, order.what, &fd);
		err = answer_opened(id, status, fd);
		io_close(&fd);
		if (err < 0)
			return;
	}
}

static void
be_console(void)
{
	struct child_order order = {0};
	enum proto_virt status;
	int ends[2] = {-1, -1};
	uint32_t id = 0;

	if (take_order(&id, &order) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	status = hypervisor_open_serial(order.name);
	if (answer_opened(id, status, status == PROTO_VIRT_OK ? ends[1] : -1) < 0)
		return;
	io_close(&ends[1]);
	if (status == PROTO_VIRT_OK)
		hypervisor_pump(ends[0]);
}

_Noreturn static void
be_child(enum child_kind kind, int fd, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent || (fd != HELPER_FD && dup2(fd, HELPER_FD) < 0) ||
	    close_range(HELPER_FD + 1, ~0U, 0) < 0)
		_exit(1);
	if (kind == CHILD_OPENER)
		be_opener();
	else if (kind == CHILD_CONSOLE)
		be_console();
	else
		hypervisor_watch(answer_changed);
	_exit(0);
}

/* --- in the parent ---------------------------------------------------------- */

int
child_start(struct child *child, enum child_kind kind)
{
	pid_t pid, parent = getpid();
	int ends[2], err;

	*child = (struct child){.kind = kind, .pidfd = -1, .fd = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		be_child(kind, ends[1], parent);
	err = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (err == 0) {
		child->fd = ends[0];
		child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		err = child->pidfd < 0 ? -errno : 0;
	} else {
		close(ends[0]);
	}
	if (err < 0) /* without its end it ends by itself */
		io_close(&child->fd);
	return err;
}

void
child_end(struct child *child)
{
	if (child->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
	io_close(&child->pidfd);
	io_close(&child->fd);
}
