/* What all helpers do alike. */
#include "lib/helper.h"

#include "lib/confine.h"
#include "lib/drop.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

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
helper_send(const void *buf, size_t len, int timeout_ms)
{
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	int err;

	while ((err = io_send(HELPER_FD, buf, len, NULL, 0)) == -EAGAIN) {
		err = io_wait(HELPER_FD, POLLOUT, deadline_ms);
		if (err < 0)
			break;
	}
	return err;
}
