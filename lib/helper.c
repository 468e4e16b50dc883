/* What all helpers do alike. */
#include "lib/helper.h"

#include "lib/confine.h"
#include "lib/drop.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READY_MS 5000

bool
helper_has_supervisor(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

void
helper_isolate(void)
{
	/* Libraries take orders from the environment; a descriptor would survive the loss
	 * of root. */
	clearenv();
	close_range(HELPER_FD + 1, ~0U, 0);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

int
helper_drop_in(const char *account, const char *group)
{
	int err = drop_to_account_in(account, group);

	if (err < 0)
		log_error("cannot become %s: %s", account, strerror(-err));
	return err;
}

int
helper_drop(const char *account)
{
	int err = drop_to_account(account);

	if (err < 0)
		log_error("cannot become %s: %s", account, strerror(-err));
	return err;
}

int
helper_filter(const int *calls, size_t n)
{
	int err = confine_to_calls(calls, n);

	if (err < 0)
		log_error("cannot confine itself: %s", strerror(-err));
	return err;
}

int
helper_confine(const char *account, const int *calls, size_t n)
{
	int err = helper_drop(account);

	return err < 0 ? err : helper_filter(calls, n);
}

int
helper_send_fd(const void *buf, size_t len, int fd, int timeout_ms)
{
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	int err;

	while ((err = io_send(HELPER_FD, buf, len, &fd, fd >= 0)) == -EAGAIN) {
		err = io_wait(HELPER_FD, POLLOUT, deadline_ms);
		if (err < 0)
			break;
	}
	return err;
}

int
helper_send(const void *buf, size_t len, int timeout_ms)
{
	return helper_send_fd(buf, len, -1, timeout_ms);
}

int
helper_ready(void)
{
	uint8_t buf[16];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_READY, 0);
	return helper_send(buf, out.len, READY_MS);
}

int
helper_ended(int err)
{
	if (err >= 0 || err == -ESHUTDOWN || err == -EPIPE || err == -ECONNRESET)
		return 0;
	if (err == -EBADMSG)
		log_error("the supervisor sent a malformed message");
	else
		log_error("cannot go on: %s", strerror(-err));
	return err;
}
