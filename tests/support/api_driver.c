/* Plays the supervisor for the api helper: api_driver API ARG... Each line of standard
 * input is a command; the answers are lines.
 *   otp OTP [MS]        "ok|bad|replayed|none COUNTER|- TIME_MS WORDS"
 *   send OTP MS         asks, and does not wait: "sent"
 *   take                one answer to a question that was sent
 *   host NAME ADDRESS…  "told"
 *   servers             what was last told of each: "PLACE ASKED FAILED WORDS"
 *   kib                 memory of its own, in KiB
 *   pid
 *   raw HEX             a message as it stands: "sent"
 *   end                 waits for its end: "exit N" or "signal N" */
#include "lib/num.h"
#include "tests/support/helper_talk.h"
#include "tests/support/usage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#define SERVERS 16
#define WAIT_MS 90000

static struct helper helper;
static uint32_t last_id;
static char servers[SERVERS][256];

static void
note_server(struct wire_in *in)
{
	char words[256];
	uint16_t place = wire_get_u16(in);
	unsigned long long asked = wire_get_u64(in), failed = wire_get_u64(in);

	(void)wire_get_u32(in);
	(void)wire_get_u64(in);
	wire_get_str(in, words, sizeof(words));
	REQUIRE(wire_end(in) == 0 && place < SERVERS);
	snprintf(servers[place], sizeof(servers[place]), "%u %llu %llu %.180s", place, asked,
	    failed, words);
}

/* The next message that is no notice. */
static bool
receive(struct wire_in *in, struct proto_header *header, int timeout_ms)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	int64_t deadline_ms = io_now_ms() + timeout_ms;

	for (;;) {
		ssize_t n = client_receive(helper.fd, buf, sizeof(buf), deadline_ms);
		if (n <= 0)
			return false;
		wire_in_init(in, buf, (size_t)n);
		REQUIRE(proto_get_header(in, header) == 0);
		if (header->id != 0 || header->type == PROTO_READY)
			return true;
		REQUIRE(header->type == PROTO_API_SERVER);
		note_server(in);
	}
}

static void
ask(const char *otp, uint32_t ms)
{
	uint8_t buf[512];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_API_OTP, ++last_id);
	wire_put_str(&out, otp);
	wire_put_u32(&out, ms);
	helper_put(&helper, &out);
}

static void
say_answer(int64_t began_ms)
{
	static const char *const names[] = {"none", "ok", "bad", "replayed"};
	struct proto_header header;
	char words[256], counter[32] = "-";
	struct wire_in in;
	uint8_t verdict, has_counter;
	uint32_t n;

	if (!receive(&in, &header, WAIT_MS)) {
		printf("gone\n");
		return;
	}
	REQUIRE(header.type == PROTO_API_ANSWER);
	verdict = wire_get_u8(&in);
	has_counter = wire_get_u8(&in);
	n = wire_get_u32(&in);
	wire_get_str(&in, words, sizeof(words));
	REQUIRE(wire_end(&in) == 0 && verdict < 4 && has_counter < 2);
	REQUIRE(has_counter || n == 0);
	if (has_counter)
		snprintf(counter, sizeof(counter), "%u/%u", n >> 8, n & 0xff);
	printf("%s %s %lld %s\n", names[verdict], counter, (long long)(io_now_ms() - began_ms),
	    words);
}

static void
tell_host(char **words, size_t n)
{
	uint8_t buf[8192];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_API_HOST, ++last_id);
	wire_put_str(&out, words[1]);
	wire_put_u16(&out, (uint16_t)(n - 2));
	for (size_t i = 2; i < n; i++)
		wire_put_str(&out, words[i]);
	helper_put(&helper, &out);
	printf("told\n");
}

static void
send_raw(const char *hex)
{
	uint8_t bytes[4096];
	size_t n = strlen(hex) / 2;

	REQUIRE(n <= sizeof(bytes));
	for (size_t i = 0; i < n; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	REQUIRE(client_send(helper.fd, bytes, n, -1, io_now_ms() + WAIT_MS) == 0);
	printf("sent\n");
}

static void
say_servers(void)
{
	struct proto_header header;
	struct wire_in in;

	while (io_wait(helper.fd, POLLIN, io_now_ms() + 100) == 0 && receive(&in, &header, 100))
		;
	for (size_t i = 0; i < SERVERS; i++)
		if (servers[i][0] != '\0')
			printf("%s\n", servers[i]);
}

static void
say_end(void)
{
	struct proto_header header;
	struct wire_in in;
	int status;

	while (receive(&in, &header, WAIT_MS))
		;
	status = helper_end(&helper, 0);
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
}

static void
obey(char *line)
{
	char *words[32], *rest = line;
	uint64_t ms = 3000;
	size_t n = 0;

	while (n < 32 && (words[n] = strsep(&rest, " ")) != NULL)
		n++;
	if (strcmp(words[0], "otp") == 0 && n >= 2) {
		int64_t began_ms = io_now_ms();
		REQUIRE(n < 3 || num_parse(words[2], 1, 100000, &ms) == 0);
		ask(words[1], (uint32_t)ms);
		say_answer(began_ms);
	} else if (strcmp(words[0], "send") == 0 && n == 3) {
		REQUIRE(num_parse(words[2], 1, 100000, &ms) == 0);
		ask(words[1], (uint32_t)ms);
		printf("sent\n");
	} else if (strcmp(words[0], "take") == 0) {
		say_answer(io_now_ms());
	} else if (strcmp(words[0], "host") == 0 && n >= 2) {
		tell_host(words, n);
	} else if (strcmp(words[0], "servers") == 0) {
		say_servers();
	} else if (strcmp(words[0], "kib") == 0) {
		printf("%ld\n", usage_kib(helper.pid));
	} else if (strcmp(words[0], "pid") == 0) {
		printf("%d\n", (int)helper.pid);
	} else if (strcmp(words[0], "raw") == 0 && n == 2) {
		send_raw(words[1]);
	} else if (strcmp(words[0], "end") == 0) {
		say_end();
		exit(0);
	} else {
		printf("what?\n");
	}
}

int
main(int argc, char **argv)
{
	static char line[65536];
	struct proto_header header;
	struct wire_in in;

	if (argc < 2)
		return 64;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	helper = helper_start((const char *const *)(uintptr_t)(argv + 1));
	if (!receive(&in, &header, WAIT_MS)) {
		say_end();
		return 0;
	}
	REQUIRE(header.type == PROTO_READY && wire_end(&in) == 0);
	printf("ready\n");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	if (helper.fd >= 0)
		REQUIRE(helper_end(&helper, 0) == 0);
	return 0;
}
