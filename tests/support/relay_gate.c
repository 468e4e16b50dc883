/* The smallest supervisor for the relay: listens, and lets it carry everybody who
 * comes to one place. Of a SPICE session it keeps what the daemon would: others than
 * main only with main's id. For tests and figures of the relay alone.
 * relay_gate RELAY opaque|spice|vnc MAY LISTEN TARGET, the two as unix:PATH or
 * tcp:ADDRESS:PORT. Says "relay PID", "ready", and then a line for each thing that
 * the relay tells; "count" on its input asks for COUNTS, its end ends it. */
#include "spice/link.h"
#include "tests/support/helper_talk.h"
#include "tests/support/place.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define GREETING_MS 1000
#define BACKLOG     4096

static struct helper helper;
static enum proto_mode mode;
static uint32_t may, next_channel = 1, main_channel, session;
static struct place target;
static uint8_t buf[IO_MESSAGE_MAX];

static int
listen_at(const char *where)
{
	struct place place = place_read(where);
	int on = 1, fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(fd >= 0);
	if (place.address.ss_family == AF_UNIX)
		unlink(where + 5);
	REQUIRE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
	REQUIRE(bind(fd, (struct sockaddr *)&place.address, place.len) == 0);
	REQUIRE(listen(fd, BACKLOG) == 0);
	if (place.address.ss_family == AF_UNIX)
		REQUIRE(chmod(where + 5, 0666) == 0);
	return fd;
}

static struct wire_out
begin(uint8_t type, uint32_t channel)
{
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 0);
	if (channel != 0)
		wire_put_u32(&out, channel);
	return out;
}

static void
send_it(const struct wire_out *out, const int *fds, size_t n)
{
	int err;

	while ((err = io_send(helper.fd, out->buf, out->len, fds, n)) == -EAGAIN ||
	       err == -ETOOMANYREFS)
		usleep(100);
	REQUIRE(err == 0);
}

static void
start(uint32_t channel, const int *fds, size_t n)
{
	struct wire_out out = begin(PROTO_RELAY_START, channel);

	wire_put_u32(&out, 0);
	wire_put_u8(&out, (uint8_t)mode);
	wire_put_u32(&out, may);
	send_it(&out, fds, n);
}

static void
take_client(int listener)
{
	int fds[2] = {accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), -1};
	uint32_t channel = next_channel++;
	struct wire_out out;

	if (fds[0] < 0)
		return;
	if (mode == PROTO_MODE_SPICE) {
		out = begin(PROTO_RELAY_GREET, channel);
		wire_put_u32(&out, GREETING_MS);
		send_it(&out, fds, 1);
	} else if ((fds[1] = place_connect(&target)) >= 0) {
		start(channel, fds, 2);
	}
	io_close(&fds[0]);
	io_close(&fds[1]);
}

static void
greeted(uint32_t channel, struct wire_in *in)
{
	uint8_t error = wire_get_u8(in), type = wire_get_u8(in), id = wire_get_u8(in);
	uint32_t connection = wire_get_u32(in);
	struct wire_out out;
	int vm;

	printf("greeted %u error %u type %u id %u connection %u\n", channel, error, type, id,
	    connection);
	if (error == SPICE_OK && connection != 0 && connection != session)
		error = SPICE_BAD_CONNECTION_ID;
	if (error == SPICE_OK && (vm = place_connect(&target)) >= 0) {
		start(channel, &vm, 1);
		close(vm);
		if (connection == 0)
			main_channel = channel;
		return;
	}
	out = begin(PROTO_RELAY_REFUSE, channel);
	wire_put_u8(&out, error == SPICE_OK ? SPICE_ERROR : error);
	send_it(&out, NULL, 0);
}

static void
ended(uint32_t channel, struct wire_in *in)
{
	uint64_t up = wire_get_u64(in), down = wire_get_u64(in);
	uint8_t why = wire_get_u8(in);
	char words[PROTO_NAME_MAX + 1];

	wire_get_str(in, words, sizeof(words));
	printf("ended %u why %u up %" PRIu64 " down %" PRIu64 " words %s\n", channel, why, up,
	    down, words);
	if (channel == main_channel)
		session = 0;
}

static void
counts(struct wire_in *in)
{
	uint8_t is_last = wire_get_u8(in);
	uint16_t n = wire_get_u16(in);

	for (; n > 0 && !in->failed; n--) {
		uint32_t channel = wire_get_u32(in);
		uint64_t up = wire_get_u64(in), down = wire_get_u64(in);
		printf("count %u up %" PRIu64 " down %" PRIu64 "\n", channel, up, down);
	}
	if (is_last)
		printf("counted\n");
}

static void
take_message(void)
{
	ssize_t n = io_receive(helper.fd, buf, sizeof(buf), NULL);
	struct proto_header header;
	struct wire_in in;
	uint32_t channel;

	if (n == 0 || n == -ECONNRESET) {
		printf("the relay is gone\n");
		exit(1);
	}
	REQUIRE(n > 0);
	wire_in_init(&in, buf, (size_t)n);
	REQUIRE(proto_get_header(&in, &header) == 0);
	if (header.type == PROTO_RELAY_COUNTS) {
		counts(&in);
		REQUIRE(wire_end(&in) == 0);
		return;
	}
	channel = wire_get_u32(&in);
	if (header.type == PROTO_RELAY_GREETED) {
		greeted(channel, &in);
	} else if (header.type == PROTO_RELAY_SESSION) {
		session = wire_get_u32(&in);
		printf("session %u id %u\n", channel, session);
	} else {
		REQUIRE(header.type == PROTO_RELAY_ENDED);
		ended(channel, &in);
	}
	REQUIRE(wire_end(&in) == 0);
}

/* False at its end. */
static bool
take_order(void)
{
	char line[64];
	ssize_t n = read(0, line, sizeof(line));
	struct wire_out out;

	if (n > 0 && strncmp(line, "count", 5) == 0) {
		out = begin(PROTO_RELAY_COUNT, 0);
		send_it(&out, NULL, 0);
	}
	return n > 0;
}

int
main(int argc, char **argv)
{
	static const char *const modes[] = {"opaque", "spice", "vnc"};
	struct pollfd fds[3] = {{.events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
	struct rlimit files;
	struct wire_in in;
	uint64_t number;

	REQUIRE(argc == 6 && num_parse(argv[3], 0, UINT32_MAX, &number) == 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (mode < 3 && strcmp(modes[mode], argv[2]) != 0)
		mode++;
	REQUIRE(mode < 3 && getrlimit(RLIMIT_NOFILE, &files) == 0);
	may = (uint32_t)number;
	target = place_read(argv[5]);
	files.rlim_cur = files.rlim_max;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
	helper = helper_start((const char *const[]){argv[1], NULL});
	helper_get(&helper, PROTO_READY, &in);
	fds[0].fd = listen_at(argv[4]);
	fds[1].fd = helper.fd;
	printf("relay %d\nready\n", (int)helper.pid);
	for (;;) {
		REQUIRE(poll(fds, 3, -1) > 0);
		if (fds[2].revents != 0 && !take_order())
			break;
		if (fds[1].revents != 0)
			take_message();
		if (fds[0].revents != 0)
			take_client(fds[0].fd);
	}
	(void)helper_end(&helper, SIGKILL);
	return 0;
}
