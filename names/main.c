/* The names helper: asks NSS, so that the supervisor never waits for it. No
 * system-call filter: NSS loads the modules that the machine is set up with
 * (files, SSSD, LDAP, systemd …), which open files and sockets, make threads and
 * load libraries as they like; a list that suits them all keeps nothing out, and
 * one that doesn't locks everybody out. It has its own uid and no privilege. */
#include "lib/drop.h"
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/version.h"
#include "names/answer.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SEND_TIMEOUT_MS 5000

static int
start(const char *account)
{
	uint8_t buf[16];
	struct wire_out out;
	int err = drop_to_account(account);

	if (err < 0) {
		log_error("cannot become %s: %s", account, strerror(-err));
		return err;
	}
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_READY, 0);
	return helper_send(buf, out.len, SEND_TIMEOUT_MS);
}

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
	if (c != -1 || optind != argc) {
		log_error("usage: names [--account NAME]");
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	result = start(account);
	while (result == 0)
		result = turn();
	if (result == -EPIPE || result == -ECONNRESET) /* gone, while we had more to say */
		return 0;
	if (result < 0)
		log_error("ends: %s", strerror(-result));
	return result < 0 ? 1 : 0;
}
