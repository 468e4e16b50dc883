/* Plays the supervisor for the recorder: load and kills, a full disk, SSH keys,
 * a big file. recorder_driver durable|full|keys|kernel|stuck|wait|hostile|big RECORDER LOG [ARGUMENT] */
#include "cli/audit_line.h"
#include "cli/audit_verify.h"
#include "tests/support/full.h"
#include "tests/support/helper_talk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#define ACKS_MAX 2000000
#define WINDOW   64

static struct helper helper;
static const char *program, *path;
static uint64_t last_seq; /* as READY gave it */
static uint8_t buf[IO_MESSAGE_MAX];
static struct wire_out out;

static int
start(void)
{
	const char *const argv[] = {program, "--log", path, "--host", "gw1", NULL};
	int64_t began = io_now_ms();
	struct wire_in in;

	helper = helper_start(argv);
	helper_get(&helper, PROTO_READY, &in);
	last_seq = wire_get_u64(&in);
	wire_get_u64(&in);
	wire_get_u8(&in);
	REQUIRE(wire_end(&in) == 0);
	return (int)(io_now_ms() - began);
}

static void
record_begin(uint32_t id, enum proto_keep keep, const char *event, uint16_t more)
{
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RECORD, id);
	wire_put_u8(&out, (uint8_t)keep);
	wire_put_u16(&out, (uint16_t)(more + 1));
	wire_put_u8(&out, AUDIT_EVENT);
	wire_put_u8(&out, 1);
	wire_put_str(&out, event);
}

static void
record_number(uint8_t field, uint64_t value)
{
	wire_put_u8(&out, field);
	wire_put_u8(&out, 0);
	wire_put_u64(&out, value);
}

static void
record_text(uint8_t field, const char *text)
{
	wire_put_u8(&out, field);
	wire_put_u8(&out, 1);
	wire_put_str(&out, text);
}

/* One durable record and its answer: the errno. */
static uint32_t
record_one(const char *event)
{
	struct proto_header header;
	struct wire_in in;
	uint32_t error;

	record_begin(4711, true, event, 2);
	record_text(AUDIT_USER, "anne");
	record_text(AUDIT_VM, "webdev");
	helper_put(&helper, &out);
	header = helper_get(&helper, PROTO_RECORDED, &in);
	REQUIRE(header.id == 4711);
	error = wire_get_u32(&in);
	REQUIRE((wire_get_u64(&in) == 0) == (error != 0));
	REQUIRE(wire_end(&in) == 0);
	return error;
}

static void
verify(void)
{
	REQUIRE(audit_verify(path, stdout) == 0);
}

/* --- durable: kill -9 under load -------------------------------------------- */

static uint64_t *acked; /* [seq]: the token that was acknowledged under it */
static uint32_t acks;
static uint64_t token, outstanding;

static void
note_ack(struct wire_in *in, uint32_t id)
{
	uint32_t error = wire_get_u32(in);
	uint64_t seq = wire_get_u64(in);

	REQUIRE(wire_end(in) == 0 && error == 0 && seq > 0 && seq < ACKS_MAX);
	REQUIRE(acked[seq] == 0);
	acked[seq] = id;
	acks++;
	outstanding--;
}

/* Answers that wait; false when the recorder is gone. */
static bool
take_acks(void)
{
	uint8_t answer[64];

	for (;;) {
		struct proto_header header;
		struct wire_in in;
		ssize_t n = io_receive(helper.fd, answer, sizeof(answer), NULL);
		if (n == -EAGAIN)
			return true;
		if (n <= 0)
			return false;
		wire_in_init(&in, answer, (size_t)n);
		REQUIRE(proto_get_header(&in, &header) == 0 && header.type == PROTO_RECORDED);
		note_ack(&in, header.id);
	}
}

static void
load_until(int64_t end_ms)
{
	while (io_now_ms() < end_ms && take_acks()) {
		bool durable = token % 4 != 3;
		if (outstanding >= WINDOW) {
			io_wait(helper.fd, POLLIN, end_ms);
			continue;
		}
		record_begin((uint32_t)++token, durable, durable ? "open" : "deny", 1);
		record_number(AUDIT_COUNTER, token);
		if (io_send(helper.fd, buf, out.len, NULL, 0) < 0)
			break;
		outstanding += durable;
	}
}

static void
check_acked(void)
{
	struct audit_lines lines;
	struct audit_record record;
	const char *line;
	uint32_t found = 0;
	size_t len;

	REQUIRE(audit_line_open(&lines, path) == 0);
	while (audit_line_next(&lines, &line, &len) > 0) {
		REQUIRE(audit_line_parse(line, len, &record) == 0);
		if (record.seq < ACKS_MAX && acked[record.seq] != 0) {
			REQUIRE(
			    (uint64_t)record.field[AUDIT_COUNTER].number == acked[record.seq]);
			found++;
		}
		audit_line_free(&record);
	}
	audit_line_close(&lines);
	printf("ok %u answered records are in the file (%u answered)\n", found, acks);
	REQUIRE(found == acks && acks > 1000);
}

/* As a power cut leaves it: the beginning of a line. */
static void
tear(void)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	REQUIRE(fd >= 0 && write(fd, "{\"seq\":77,\"time\"", 16) == 16);
	close(fd);
}

static void
run_durable(int rounds)
{
	uint64_t highest = 0;

	acked = calloc(ACKS_MAX, sizeof(*acked));
	REQUIRE(acked != NULL);
	srandom(1);
	for (int i = 0; i < rounds; i++) {
		start();
		REQUIRE(last_seq >= highest);
		outstanding = 0;
		load_until(io_now_ms() + random() % 40);
		kill(helper.pid, SIGKILL);
		while (io_wait(helper.fd, POLLIN, io_now_ms() + 5000) == 0 && take_acks())
			;
		helper_end(&helper, SIGKILL);
		for (uint64_t seq = highest; seq < ACKS_MAX; seq++)
			if (acked[seq] != 0)
				highest = seq;
		if (i % 10 == 5)
			tear();
	}
	start();
	REQUIRE(helper_end(&helper, 0) == 0);
	printf("ok killed %d times\n", rounds);
	check_acked();
	verify();
	printf("ok the chain holds, no gap\n");
}

/* --- full: no space on the device -------------------------------------------- */

static void
deny(int n)
{
	for (int i = 0; i < n; i++) {
		record_begin(0, false, "deny", 1);
		record_text(AUDIT_USER, "anne");
		helper_put(&helper, &out);
	}
}

static void
closes(int n)
{
	for (int i = 0; i < n; i++)
		REQUIRE(record_one(i % 2 == 0 ? "close" : "session-end") == 0);
}

static int64_t
count_dropped(void)
{
	struct audit_lines lines;
	struct audit_record record;
	const char *line;
	int64_t sum = 0;
	size_t len;

	REQUIRE(audit_line_open(&lines, path) == 0);
	while (audit_line_next(&lines, &line, &len) > 0) {
		REQUIRE(audit_line_parse(line, len, &record) == 0);
		if (strcmp(record.field[AUDIT_EVENT].text, "dropped") == 0)
			sum += record.field[AUDIT_COUNT].number;
		audit_line_free(&record);
	}
	audit_line_close(&lines);
	return sum;
}

static void
put_before(uint32_t id, const char *event)
{
	record_begin(id, PROTO_KEEP_BEFORE, event, 0);
	helper_put(&helper, &out);
}

/* What goes before another is heard of when it failed, and else by the other's answer. */
static void
befores(void)
{
	struct proto_header header;
	struct wire_in in;

	put_before(1, "close");
	put_before(2, "open");
	record_begin(3, PROTO_KEEP_DURABLE, "close", 0);
	helper_put(&helper, &out);
	header = helper_get(&helper, PROTO_RECORDED, &in);
	REQUIRE(header.id == 2 && wire_get_u32(&in) == ENOSPC);
	header = helper_get(&helper, PROTO_RECORDED, &in);
	REQUIRE(header.id == 3 && wire_get_u32(&in) == 0);
}

static void
run_full(const char *filler)
{
	const struct timespec pause = {.tv_nsec = 150 * 1000 * 1000};
	int64_t began;
	int opens = 0;

	start();
	REQUIRE(record_one("open") == 0);
	fill_device(filler);
	began = io_now_ms();
	while (opens < 10000 && record_one("open") == 0)
		opens++;
	REQUIRE(opens < 10000 && record_one("open") == ENOSPC && record_one("otp") == ENOSPC);
	printf("ok full: refused with ENOSPC after %d more, %d ms\n", opens,
	    (int)(io_now_ms() - began));
	fill_device(filler); /* what is kept is not there for others */
	closes(800);
	printf("ok full: 800 ends of channels are written\n");
	befores();
	printf("ok full: of two that go before a third, the one that is refused is answered\n");
	REQUIRE(helper_end(&helper, 0) == 0);
	start();
	REQUIRE(record_one("open") == ENOSPC);
	closes(20);
	printf("ok full: a new recorder starts, refuses opens, writes ends\n");
	deny(100);
	REQUIRE(record_one("open") == ENOSPC);
	REQUIRE(unlink(filler) == 0);
	nanosleep(&pause, NULL);
	REQUIRE(record_one("open") == 0);
	REQUIRE(count_dropped() == 100);
	printf("ok space again: opens are written, 100 dropped denials are counted\n");
	REQUIRE(helper_end(&helper, 0) == 0);
	verify();
}

/* --- keys: one record for each line of a file ---------------------------------- */

static void
run_keys(const char *file)
{
	char line[PROTO_KEY_MAX];
	FILE *f = fopen(file, "r");

	REQUIRE(f != NULL);
	start();
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		record_begin(0, false, "session", 1);
		record_text(AUDIT_SSH_KEY, line);
		helper_put(&helper, &out);
	}
	fclose(f);
	REQUIRE(record_one("close") == 0);
	/* Not what any supervisor sends: refused alone, the next one goes well. */
	record_begin(9, true, "open", 1);
	helper_put(&helper, &out);
	struct wire_in in;
	REQUIRE(helper_get(&helper, PROTO_RECORDED, &in).id == 9);
	REQUIRE(wire_get_u32(&in) == EBADMSG);
	REQUIRE(record_one("close") == 0);
	REQUIRE(helper_end(&helper, 0) == 0);
	verify();
}

/* --- big: a file of 1 GB whose only store_seq stands at its beginning ----------- */

static void
run_big(void)
{
	static char line[600];
	FILE *f = fopen(path, "w");
	uint64_t seq = 2;
	int ms;

	REQUIRE(f != NULL);
	fprintf(f,
	    "{\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\",\"event\":\"otp\","
	    "\"store_seq\":42,\"prev\":\"%064d\"}\n",
	    0);
	for (size_t n = 0; n < (size_t)1 << 30; seq++) {
		int len = snprintf(line, sizeof(line),
		    "{\"seq\":%" PRIu64 ",\"event\":\"deny\",\"detail\":\"%0500d\"}\n", seq, 7);
		fwrite(line, 1, (size_t)len, f);
		n += (size_t)len;
	}
	REQUIRE(fclose(f) == 0 && chmod(path, 0640) == 0);
	ms = start();
	REQUIRE(last_seq == seq - 1);
	REQUIRE(helper_end(&helper, 0) == 0);
	printf("ok a file of 1 GiB: ready after %d ms\n", ms);
	REQUIRE(ms < 10000); /* the supervisor's patience */
}

/* --- kernel: OTPs and sessions for the kernel's audit ------------------------------ */

struct sinks {
	unsigned int kernel;
	uint64_t waiting, missed;
};

static struct sinks
ask_sinks(void)
{
	struct sinks s;
	struct wire_in in;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RECORD_STATE, 5);
	helper_put(&helper, &out);
	helper_get(&helper, PROTO_RECORDER_STATE, &in);
	wire_get_u64(&in);
	wire_get_u64(&in);
	wire_get_u64(&in);
	wire_get_u32(&in);
	wire_get_u64(&in);
	wire_get_u8(&in);
	wire_get_u64(&in);
	wire_get_u8(&in);
	wire_get_u64(&in);
	wire_get_u64(&in);
	s.kernel = wire_get_u8(&in);
	s.waiting = wire_get_u64(&in);
	s.missed = wire_get_u64(&in);
	REQUIRE(wire_end(&in) == 0);
	return s;
}

static void
login(const char *event, const char *user, const char *verdict)
{
	record_begin(0, false, event, 3);
	record_text(AUDIT_USER, user);
	record_text(AUDIT_SOURCE, "192.0.2.7");
	record_text(AUDIT_VERDICT, verdict);
	helper_put(&helper, &out);
}

static struct sinks
wait_sinks(void)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	struct sinks s = ask_sinks();

	for (int i = 0; i < 3000 && s.waiting > 0; i++) {
		nanosleep(&pause, NULL);
		s = ask_sinks();
	}
	return s;
}

static pid_t
child_of(pid_t pid)
{
	char name[64], text[32] = "";
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(name, O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

/* SIGSTOP takes effect when the process runs next: until then it may take a message. */
static void
wait_stopped(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
	char name[64], text[256], state = '?';

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 6000 && state != 'T'; i++) {
		FILE *f = fopen(name, "r");
		REQUIRE(f != NULL && fgets(text, sizeof(text), f) != NULL);
		fclose(f);
		state = strrchr(text, ')')[2];
		nanosleep(&pause, NULL);
	}
	REQUIRE(state == 'T');
}

static void
run_kernel(void)
{
	struct sinks s;

	start();
	login("otp", "anne", "deny");
	login("otp", "anne", "allow");
	login("otp", "mal\nory acct=\"root\"\x1b[2J", "deny");
	login("session", "anne", "");
	login("session-end", "anne", "");
	login("open", "anne", "allow"); /* not for the kernel */
	REQUIRE(record_one("close") == 0);
	s = wait_sinks();
	printf("kernel %u, %" PRIu64 " missed\n", s.kernel, s.missed);
	REQUIRE(helper_end(&helper, 0) == 0);
	verify();
}

/* Whatever a user calls himself. */
static void
run_hostile(void)
{
	static char big[10241];
	static const char *const users[] = {"a\nSALLYPORT_HASH=0\nMESSAGE=forged",
	    "\033]0;x\007\033[2J", "%s%n%x%1000000d", "\",\"event\":\"open\",\"x\":\"",
	    "\xff\xc2\x9b\xe2\x80\xae", "a\rb\tc\x7f", big};

	memset(big, '\n', sizeof(big) - 1);
	start();
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		record_begin(0, false, "deny", 4);
		record_text(AUDIT_USER, users[i]);
		record_text(AUDIT_VM, users[i]);
		record_text(AUDIT_SOURCE, users[i]);
		record_text(AUDIT_REASON, users[i]);
		helper_put(&helper, &out);
	}
	REQUIRE(record_one("close") == 0);
	REQUIRE(helper_end(&helper, 0) == 0);
	verify();
}

/* Some records, then nothing until the file is there: whatever is sent, is by itself. */
static void
run_wait(const char *file)
{
	const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};

	start();
	for (int i = 0; i < 20; i++)
		REQUIRE(record_one("open") == 0);
	for (int i = 0; i < 6000 && access(file, F_OK) < 0; i++)
		nanosleep(&pause, NULL);
	REQUIRE(helper_end(&helper, 0) == 0);
}

/* Its writer hangs, as in a kernel whose own log is full; then it is gone. */
static void
run_stuck(void)
{
	struct sinks s;
	int64_t began;
	pid_t child;

	start();
	child = child_of(helper.pid);
	REQUIRE(child > 0 && kill(child, SIGSTOP) == 0);
	wait_stopped(child);
	began = io_now_ms();
	for (int i = 0; i < 3000; i++) {
		login("otp", "anne", "deny");
		if (i % 100 == 0)
			REQUIRE(record_one("open") == 0);
	}
	REQUIRE(record_one("close") == 0);
	s = ask_sinks();
	REQUIRE(s.missed > 1000 && s.missed + s.waiting == 3000);
	printf("ok its writer hangs: 3,000 OTPs on record in %d ms, %" PRIu64 " missed\n",
	    (int)(io_now_ms() - began), s.missed);
	REQUIRE(kill(child, SIGKILL) == 0);
	login("otp", "anne", "deny");
	REQUIRE(record_one("close") == 0);
	s = wait_sinks();
	REQUIRE(s.waiting == 0 && s.missed == 3001 && s.kernel == PROTO_SINK_ABSENT);
	printf("ok its writer is killed: the file is written, the status says so\n");
	REQUIRE(helper_end(&helper, 0) == 0);
	verify();
}

int
main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	const char *argument = argc > 4 ? argv[4] : NULL;

	if (argc < 4) {
		printf("usage: recorder_driver durable|full|keys|kernel|stuck|wait|hostile|big "
		       "RECORDER LOG "
		       "[ARGUMENT]\n");
		return 64;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	program = argv[2];
	path = argv[3];
	if (strcmp(what, "durable") == 0)
		run_durable(argument == NULL ? 100 : (int)strtol(argument, NULL, 10));
	else if (strcmp(what, "full") == 0 && argument != NULL)
		run_full(argument);
	else if (strcmp(what, "keys") == 0 && argument != NULL)
		run_keys(argument);
	else if (strcmp(what, "kernel") == 0)
		run_kernel();
	else if (strcmp(what, "wait") == 0 && argument != NULL)
		run_wait(argument);
	else if (strcmp(what, "hostile") == 0)
		run_hostile();
	else if (strcmp(what, "stuck") == 0)
		run_stuck();
	else if (strcmp(what, "big") == 0)
		run_big();
	else
		return 64;
	return 0;
}
