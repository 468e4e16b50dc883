/* The recorder: writes the audit file, and answers only for what is on disk. */
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "recorder/logfile.h"
#include "recorder/writer.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEND_TIMEOUT_MS 5000

struct options {
	const char *log, *account, *host;
};

static const int calls[] = {SYS_read, SYS_pread64, SYS_write, SYS_fdatasync, SYS_ftruncate,
    SYS_fallocate, SYS_fstatfs, SYS_fstat, SYS_newfstatat, SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_recvmsg, SYS_sendmsg, SYS_sendto, SYS_close, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap,
    SYS_madvise, SYS_futex, SYS_getrandom};

static struct writer writer;

static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"log", required_argument, NULL, 'l'},
	    {"account", required_argument, NULL, 'a'}, {"host", required_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'l')
			options->log = optarg;
		else if (c == 'a')
			options->account = optarg;
		else if (c == 'h')
			options->host = optarg;
		else
			return -EINVAL;
	}
	return optind == argc && options->log != NULL ? 0 : -EINVAL;
}

/* What libraries load at their first use, they must load before the filter. */
static int
warm_up(void)
{
	struct line_record record = {0};
	struct line_frame frame = {.host = "", .prev = ""};
	struct chain chain;
	size_t len;
	int err = line_format(&record, &frame, writer.buf, sizeof(writer.buf), &len);

	return err < 0 ? err : chain_go_on(&chain, 0, writer.buf, len);
}

static int
send_ready(uint64_t seq, uint64_t store_seq)
{
	uint8_t buf[32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_READY, 0);
	wire_put_u64(&out, seq);
	wire_put_u64(&out, store_seq);
	return helper_send(buf, out.len, SEND_TIMEOUT_MS);
}

static int
start(const struct options *options)
{
	struct tail tail;
	int err, fd = logfile_open(options->log);

	if (fd < 0)
		return fd;
	journal_open(&writer.journal);
	err = warm_up();
	if (err == 0)
		err = helper_confine(options->account, calls, sizeof(calls) / sizeof(calls[0]));
	if (err < 0)
		return err;
	err = tail_find(fd, &tail);
	if (err == 0)
		err = writer_begin(&writer, fd, options->host, &tail);
	if (err < 0) {
		log_error("%s: %s", options->log,
		    err == -EBADMSG
			? "its end is not an audit record; move it away to begin anew"
			: strerror(-err));
		return err;
	}
	return send_ready(writer.good.seq, tail.store_seq);
}

/* One message into the batch. 0, or -EBADMSG for what no supervisor sends. */
static int
take_message(const uint8_t *buf, size_t len)
{
	struct line_record record;
	struct proto_header header;
	struct wire_in in;
	uint8_t durable;

	wire_in_init(&in, buf, len);
	if (proto_get_header(&in, &header) < 0 || header.type != PROTO_RECORD)
		return -EBADMSG;
	durable = wire_get_u8(&in);
	if (in.failed)
		return -EBADMSG;
	if (line_parse(&in, &record) == 0)
		writer_add(&writer, header.id, durable != 0, &record);
	else if (durable != 0)
		writer_refuse(&writer, header.id, EBADMSG);
	else
		log_error("a record with unknown or broken fields is lost");
	return 0;
}

/* Takes what waits, as far as the batch has room. 1: the supervisor is gone. */
static int
collect(void)
{
	static uint8_t buf[IO_MESSAGE_MAX];

	while (writer_has_room(&writer)) {
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), NULL);
		if (n == 0 || n == -ECONNRESET)
			return 1;
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		int err = take_message(buf, (size_t)n);
		if (err < 0)
			return err;
	}
	return 0;
}

static int
answer(void)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < writer.n; i++) {
		const struct writer_entry *entry = &writer.entries[i];
		struct wire_out out;
		uint8_t buf[32];

		if (!entry->is_answered)
			continue;
		wire_out_init(&out, buf, sizeof(buf));
		proto_put_header(&out, PROTO_RECORDED, entry->id);
		wire_put_u32(&out, (uint32_t)entry->error);
		wire_put_u64(&out, entry->seq);
		err = helper_send(buf, out.len, SEND_TIMEOUT_MS);
	}
	return err;
}

/* Until the supervisor is gone: 0, or -errno. */
static int
serve(void)
{
	struct pollfd p = {.fd = HELPER_FD, .events = POLLIN};

	for (;;) {
		int collected, err, sent;

		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return -errno;
		collected = collect();
		err = writer_commit(&writer);
		sent = answer();
		writer_clear(&writer);
		if (err < 0 || collected < 0)
			return err < 0 ? err : collected;
		if (collected > 0)
			return 0;
		if (sent == -EPIPE || sent == -ECONNRESET)
			return 0;
		if (sent < 0)
			return sent;
	}
}

int
main(int argc, char **argv)
{
	static char host[256];
	struct options options = {.account = "_sallyport-record", .host = host};
	int err;

	log_open("recorder", false);
	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	if (parse_options(argc, argv, &options) < 0) {
		log_error("usage: recorder --log FILE [--account NAME] [--host NAME]");
		return 64;
	}
	/* A reached file-size limit shall be an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	err = start(&options);
	if (err == 0)
		err = serve();
	if (err < 0)
		log_error("ends: %s", strerror(-err));
	return err < 0 ? 1 : 0;
}
