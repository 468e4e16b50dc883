/* The names helper: asks NSS, so that the supervisor never waits for it. No
 * system-call filter: NSS loads the modules that the machine is set up with
 * (files, SSSD, LDAP, systemd …), which open files and sockets, make threads and
 * load libraries as they like; a list that suits them all keeps nothing out, and
 * one that doesn't locks everybody out. It has its own uid and no privilege. */
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/version.h"
#include "names/answer.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define SEND_TIMEOUT_MS 5000

/* One question after the other. 0; 1: the supervisor is gone; -errno. */
static int
turn(void)
{
	static uint8_t message[IO_MESSAGE_MAX];
	struct pollfd p = {.fd = HELPER_FD, .events = POLLIN};
	uint8_t buf[ANSWER_MAX];
	size_t len;
	ssize_t n;
	int err;

	if (poll(&p, 1, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	n = io_receive(HELPER_FD, message, sizeof(message), NULL);
	if (n == 0 || n == -ECONNRESET)
		return 1;
	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	err = answer_message(message, (size_t)n, buf, &len);
	return err < 0 ? err : helper_send(buf, len, SEND_TIMEOUT_MS);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
	    {"account", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	const char *account = "_sallyport-names";
	int c, result;

	if (version_is_asked(argc, argv))
		return puts("names " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("names", false);
	while ((c = getopt_long(argc, argv, "", known, NULL)) == 'a')
		account = optarg;
	if (c != -1 || optind != argc || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: names [--account NAME]");
		return 64;
	}
	helper_isolate();
	result = helper_drop(account);
	if (result == 0)
		result = helper_ready();
	while (result == 0)
		result = turn();
	return helper_ended(result) < 0 ? 1 : 0;
}
