/* Plays the supervisor of a recorder whose flush fails, and one that is killed itself.
 * recorder_gone flush|killed RECORDER LOG */
#include "lib/audit_field.h"
#include "tests/support/helper_talk.h"

#include <errno.h>
#include <poll.h>

static struct helper helper;
static const char *path;

/* It may be gone already: what is expected of it afterwards tells. */
static void
record(uint32_t id, enum proto_keep keep, const char *event)
{
	uint8_t buf[256];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RECORD, id);
	wire_put_u8(&out, (uint8_t)keep);
	wire_put_u16(&out, 1);
	wire_put_u8(&out, AUDIT_EVENT);
	wire_put_u8(&out, 1);
	wire_put_str(&out, event);
	REQUIRE(!out.failed);
	(void)io_send(helper.fd, out.buf, out.len, NULL, 0);
}

static bool
stands_in_file(const char *text)
{
	static char bytes[65536];
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(bytes, 1, sizeof(bytes) - 1, f);

	if (f != NULL)
		fclose(f);
	bytes[n] = '\0';
	return strstr(bytes, text) != NULL;
}

/* An end is written, not flushed; then the flush of what would answer for it fails, or, if
 * that comes half a second late, the recorder's own. */
static void
run_flush(void)
{
	int64_t end_ms = io_now_ms() + HELPER_ANSWER_MS;
	uint8_t buf[64];
	ssize_t said;

	record(1, PROTO_KEEP_BEFORE, "close");
	while (!stands_in_file("\"event\":\"close\"") && io_now_ms() < end_ms)
		(void)poll(NULL, 0, 1);
	record(2, PROTO_KEEP_DURABLE, "open");
	REQUIRE(io_wait(helper.fd, POLLIN, end_ms) == 0);
	said = io_receive(helper.fd, buf, sizeof(buf), NULL);
	REQUIRE(said == 0 || said == -ECONNRESET);
	REQUIRE(WEXITSTATUS(helper_end(&helper, 0)) == 1);
	printf("ok a flush fails: it says nothing and ends\n");
}

/* What it sent last is there when it goes, and an answer that it has not read. */
static void
run_killed(void)
{
	int status;

	record(1, PROTO_KEEP_DURABLE, "open");
	REQUIRE(io_wait(helper.fd, POLLIN, io_now_ms() + HELPER_ANSWER_MS) == 0);
	REQUIRE(kill(helper.pid, SIGSTOP) == 0);
	REQUIRE(waitpid(helper.pid, &status, WUNTRACED) == helper.pid && WIFSTOPPED(status));
	record(2, PROTO_KEEP_DURABLE, "close");
	close(helper.fd);
	helper.fd = -1;
	REQUIRE(WEXITSTATUS(helper_end(&helper, SIGCONT)) == 0);
	REQUIRE(stands_in_file("\"event\":\"close\""));
	printf("ok a supervisor that is killed: what it sent last is on record\n");
}

int
main(int argc, char **argv)
{
	const char *words[] = {argc > 2 ? argv[2] : "", "--log", argc > 3 ? argv[3] : "", NULL};
	struct wire_in in;

	if (argc != 4)
		return 64;
	signal(SIGPIPE, SIG_IGN);
	path = argv[3];
	helper = helper_start(words);
	helper_get(&helper, PROTO_READY, &in);
	if (strcmp(argv[1], "flush") == 0)
		run_flush();
	else
		run_killed();
	return 0;
}
