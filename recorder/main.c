/* The recorder: writes the audit file, and answers only for what is on disk. */
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/version.h"
#include "recorder/logfile.h"
#include "recorder/rotate.h"
#include "recorder/writer.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEND_TIMEOUT_MS 5000

/* Lines that nobody waits for are flushed after so long; a journal that could not
 * take a record is asked again. */
#define SETTLE_MS 500
#define RETRY_MS  250
#define ABSENT_MS 5000

struct options {
	const char *log, *account, *host;
	bool tells_kernel;
};

static const int calls[] = {SYS_read, SYS_pread64, SYS_write, SYS_fdatasync, SYS_fsync,
    SYS_ftruncate, SYS_fallocate, SYS_fstatfs, SYS_fstat, SYS_newfstatat, SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_recvmsg, SYS_recvfrom, SYS_sendmsg, SYS_sendto, SYS_close, SYS_brk, SYS_mmap,
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_getrandom};

static struct writer writer;
static struct logfile logfile;

/* A rotation that was asked for; done between two batches. */
static struct {
	bool is_wanted;
	uint32_t id;
	int fd;
	char name[PROTO_NAME_MAX + 1];
} rotation = {.fd = -1};

static int
parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"log", required_argument, NULL, 'l'},
	    {"account", required_argument, NULL, 'a'}, {"host", required_argument, NULL, 'h'},
	    {"kernel-audit", no_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'l')
			options->log = optarg;
		else if (c == 'a')
			options->account = optarg;
		else if (c == 'h')
			options->host = optarg;
		else if (c == 'k')
			options->tells_kernel = true;
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
send_ready(uint64_t seq, uint64_t store_seq, bool is_next)
{
	uint8_t buf[32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_READY, 0);
	wire_put_u64(&out, seq);
	wire_put_u64(&out, store_seq);
	wire_put_u8(&out, is_next);
	return helper_send(buf, out.len, SEND_TIMEOUT_MS);
}

static int
start(const struct options *options)
{
	struct tail tail;
	bool is_next = false;
	int err = logfile_open(options->log, &logfile);

	if (err < 0)
		return err;
	journal_open(&writer.journal);
	writer.kernel.fd = -1;
	if (options->tells_kernel)
		kernel_start(&writer.kernel, options->account);
	err = warm_up();
	if (err == 0)
		err = helper_confine(options->account, calls, sizeof(calls) / sizeof(calls[0]));
	if (err < 0)
		return err;
	err = rotate_find(&logfile, &tail, &is_next);
	if (err == 0)
		err = writer_begin(&writer, logfile.fd, options->host, &tail);
	if (err < 0) {
		log_error("%s: %s", options->log,
		    err == -EBADMSG
			? "its end is not an audit record; move it away to begin anew"
			: strerror(-err));
		return err;
	}
	return send_ready(writer.good.seq, tail.store_seq, is_next);
}

static int
take_record(uint32_t id, struct wire_in *in)
{
	struct line_record record;
	uint8_t keep = wire_get_u8(in);

	if (in->failed || keep > PROTO_KEEP_BEFORE)
		return -EBADMSG;
	if (line_parse(in, &record) == 0)
		writer_add(&writer, id, (enum proto_keep)keep, &record);
	else if (keep != PROTO_KEEP)
		writer_refuse(&writer, id, EBADMSG);
	else
		log_error("a record with unknown or broken fields is lost");
	return 0;
}

static int
send_done(uint32_t id, int err)
{
	uint8_t buf[32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RECORD_DONE, id);
	wire_put_u32(&out, (uint32_t)-err);
	return helper_send(buf, out.len, SEND_TIMEOUT_MS);
}

static int
take_rotate(uint32_t id, struct wire_in *in, int *fd)
{
	wire_get_str(in, rotation.name, sizeof(rotation.name));
	if (wire_end(in) < 0 || *fd < 0)
		return -EBADMSG;
	rotation.is_wanted = true;
	rotation.id = id;
	rotation.fd = *fd;
	*fd = -1;
	return 0;
}

static uint64_t
free_bytes(void)
{
	struct statvfs fs;

	return fstatvfs(writer.fd, &fs) < 0 ? 0 : (uint64_t)fs.f_bavail * fs.f_frsize;
}

static void
put_sink(struct wire_out *out, enum proto_sink sink, uint64_t waiting, uint64_t missed)
{
	wire_put_u8(out, (uint8_t)sink);
	wire_put_u64(out, waiting);
	wire_put_u64(out, missed);
}

static int
send_state(uint32_t id)
{
	const struct journal *journal = &writer.journal;
	const struct kernel *kernel = &writer.kernel;
	uint8_t buf[128];
	struct wire_out out;

	kernel_look(&writer.kernel);
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_RECORDER_STATE, id);
	wire_put_u64(&out, writer.good.seq);
	wire_put_u64(&out, (uint64_t)writer.size);
	wire_put_u64(&out, writer.head.seq);
	wire_put_u32(&out, (uint32_t)writer.head.day);
	wire_put_u64(&out, free_bytes());
	wire_put_u8(&out, writer.space.is_short);
	wire_put_u64(&out, writer.dropped);
	put_sink(&out,
	    journal->fd < 0 || journal->is_absent ? PROTO_SINK_ABSENT : PROTO_SINK_OK,
	    journal->n, journal->missed);
	put_sink(&out,
	    !kernel->is_wanted   ? PROTO_SINK_OFF
	    : kernel->is_refused ? PROTO_SINK_ABSENT
				 : PROTO_SINK_OK,
	    kernel->waiting, kernel->missed);
	return helper_send(buf, out.len, SEND_TIMEOUT_MS);
}

/* One message. 0, or -errno: -EBADMSG for what no supervisor sends. */
static int
take_message(const uint8_t *buf, size_t len, int *fd)
{
	struct proto_header header;
	struct wire_in in;

	wire_in_init(&in, buf, len);
	if (proto_get_header(&in, &header) < 0)
		return -EBADMSG;
	if (header.type == PROTO_RECORD_ROTATE)
		return take_rotate(header.id, &in, fd);
	if (*fd >= 0)
		return -EBADMSG;
	switch (header.type) {
	case PROTO_RECORD:
		return take_record(header.id, &in);
	case PROTO_RECORD_SYNC:
		return wire_end(&in) < 0
			   ? -EBADMSG
			   : send_done(header.id, logfile_flush_all(logfile.folder));
	case PROTO_RECORD_STATE:
		return wire_end(&in) < 0 ? -EBADMSG : send_state(header.id);
	default:
		return -EBADMSG;
	}
}

/* Takes what waits, as far as the batch has room. 1: the supervisor is gone. */
static int
collect(void)
{
	static uint8_t buf[IO_MESSAGE_MAX];

	while (writer_has_room(&writer) && !rotation.is_wanted) {
		int fds[IO_FDS_MAX];
		ssize_t n = io_receive(HELPER_FD, buf, sizeof(buf), fds);
		/* The supervisor was killed and had answers unread: what it sent comes now. */
		if (n == -ECONNRESET)
			continue;
		if (n == 0)
			return 1;
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		int err = take_message(buf, (size_t)n, &fds[0]);
		io_close(&fds[0]);
		io_close(&fds[1]);
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

		if (!entry->is_answered || (entry->is_before && entry->error == 0))
			continue;
		wire_out_init(&out, buf, sizeof(buf));
		proto_put_header(&out, PROTO_RECORDED, entry->id);
		wire_put_u32(&out, (uint32_t)entry->error);
		wire_put_u64(&out, entry->seq);
		err = helper_send(buf, out.len, SEND_TIMEOUT_MS);
	}
	return err;
}

/* Between two batches. 0, or -errno: end. */
static int
rotate_if_wanted(void)
{
	bool is_broken = false;
	int err, sent;

	if (!rotation.is_wanted)
		return 0;
	err = rotate_to(&writer, logfile.folder, rotation.fd, rotation.name, &is_broken);
	if (err < 0)
		log_error("no new audit file could be begun: %s", strerror(-err));
	rotation.is_wanted = false;
	rotation.fd = -1;
	sent = send_done(rotation.id, err);
	return is_broken ? err : sent;
}

/* One turn: what has come is written, flushed and answered. 1: the supervisor is
 * gone; 0; -errno: end. */
static int
turn(void)
{
	int collected = collect(), err = writer_commit(&writer);
	/* Of a file whose state is unknown nothing is said: all that is unanswered comes again. */
	int sent = err < 0 ? 0 : answer();

	writer_tell(&writer);
	writer_clear(&writer);
	if (err < 0 || collected < 0)
		return err < 0 ? err : collected;
	if (collected > 0 ||
	    (writer.unflushed_ms != 0 && io_now_ms() - writer.unflushed_ms >= SETTLE_MS))
		err = writer_settle(&writer);
	if (err == 0 && sent == 0 && collected == 0)
		sent = rotate_if_wanted();
	if (err < 0)
		return err;
	return collected > 0 || sent == -EPIPE || sent == -ECONNRESET ? 1 : sent;
}

static int
wait_ms(void)
{
	if (writer.unflushed_ms != 0)
		return SETTLE_MS;
	if (writer.journal.n > 0)
		return writer.journal.is_absent ? ABSENT_MS : RETRY_MS;
	return -1;
}

/* Until the supervisor is gone: 0, or -errno. */
static int
serve(void)
{
	struct pollfd p = {.fd = HELPER_FD, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, wait_ms()), err;

		if (n < 0 && errno != EINTR)
			return -errno;
		err = n == 0 ? writer_settle(&writer) : turn();
		if (err != 0)
			return err < 0 ? err : 0;
	}
}

int
main(int argc, char **argv)
{
	static char host[256];
	struct options options = {.account = "_sallyport-record", .host = host};
	int err;

	if (version_is_asked(argc, argv))
		return puts("recorder " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("recorder", false);
	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	if (parse_options(argc, argv, &options) < 0 || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: recorder --log FILE [--kernel-audit] "
			  "[--account NAME] "
			  "[--host NAME]");
		return 64;
	}
	/* A reached file-size limit shall be an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	helper_isolate();
	err = start(&options);
	if (err == 0)
		err = serve();
	if (err < 0)
		log_error("ends: %s", strerror(-err));
	return err < 0 ? 1 : 0;
}
