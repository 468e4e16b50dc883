/* Plays the supervisor for the recorder over many files: kills at each step of a
 * rotation; a session that cut_shim.c looks at; the check of what a power cut left.
 * log_driver kill|full|session|check RECORDER FOLDER ROUNDS|FILLER|ACKS [VERIFY STORE KEY] */
#include "cli/audit_files.h"
#include "cli/audit_line.h"
#include "cli/audit_verify.h"
#include "tests/support/full.h"
#include "tests/support/log_play.h"
#include "tests/support/softkey.h"
#include "tests/support/verify_codes.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#define ACKS_MAX 200000

static struct play play;
static const char *program, *folder;
static char path[4096];
static uint32_t acked[ACKS_MAX]; /* [seq]: the token that was acknowledged under it */
static uint32_t token, acks;
static uint64_t store_seq; /* the highest on record */
static uint64_t last_seq;  /* that was acknowledged */

static void
start(void)
{
	play_start(&play, program, folder, path);
	REQUIRE(play.store_seq >= store_seq);
}

/* As the supervisor does at READY. */
static void
mend(void)
{
	if (play.is_next)
		REQUIRE(logfolder_finish(play.folder) == 0);
	else
		logfolder_abandon(play.folder);
}

static void
end(int signal_number)
{
	helper_end(&play.helper, signal_number);
	close(play.folder);
}

static void
send_record(bool durable, uint64_t with_store_seq)
{
	play_begin(PROTO_RECORD, ++token);
	wire_put_u8(&play_out, durable);
	wire_put_u16(&play_out, with_store_seq > 0 ? 3 : 2);
	wire_put_u8(&play_out, AUDIT_EVENT);
	wire_put_u8(&play_out, 1);
	wire_put_str(&play_out, durable ? "open" : "deny");
	play_number(AUDIT_COUNTER, token);
	if (with_store_seq > 0)
		play_number(AUDIT_STORE_SEQ, with_store_seq);
	helper_put(&play.helper, &play_out);
}

/* To the log of cut_shim.c, when it is there. */
static void
tell_shim(const char *line)
{
	static void (*ack)(const char *);

	if (ack == NULL)
		*(void **)(uintptr_t)&ack = dlsym(RTLD_DEFAULT, "cut_ack");
	if (ack != NULL)
		ack(line);
}

static void
note_ack(struct wire_in *in, uint32_t id)
{
	uint32_t error = wire_get_u32(in);
	uint64_t seq = wire_get_u64(in);
	char line[64];

	REQUIRE(wire_end(in) == 0 && error == 0 && seq > 0 && seq < ACKS_MAX);
	REQUIRE(acked[seq] == 0);
	acked[seq] = id;
	last_seq = seq;
	acks++;
	snprintf(line, sizeof(line), "record %llu %u\n", (unsigned long long)seq, id);
	tell_shim(line);
}

static void
records(int n)
{
	struct wire_in in;

	for (int i = 0; i < n; i++) {
		send_record(true, 0);
		if (i % 3 == 1)
			send_record(false, 0);
		struct proto_header h = helper_get(&play.helper, PROTO_RECORDED, &in);
		note_ack(&in, i % 3 == 1 ? token - 1 : token);
		REQUIRE(h.id == (i % 3 == 1 ? token - 1 : token));
	}
}

static uint32_t
wait_done(void)
{
	struct wire_in in;

	helper_get(&play.helper, PROTO_RECORD_DONE, &in);
	return wire_get_u32(&in);
}

/* Steps of a rotation, in their order. */
static void
prepare(int *fd, char name[AUDIT_NAME_MAX])
{
	struct audit_name old = {0};
	struct wire_in in;

	play_begin(PROTO_RECORD_STATE, 1);
	helper_put(&play.helper, &play_out);
	helper_get(&play.helper, PROTO_RECORDER_STATE, &in);
	wire_get_u64(&in);
	wire_get_u64(&in);
	old.seq = wire_get_u64(&in);
	old.day = wire_get_u32(&in);
	REQUIRE(old.seq > 0 && old.day > 20000);
	*fd = logfolder_prepare(play.folder, &old);
	REQUIRE(*fd >= 0);
	audit_name_format(&old, name);
}

static void
ask_rotate(int fd, const char *name)
{
	play_begin(PROTO_RECORD_ROTATE, 2);
	wire_put_str(&play_out, name);
	REQUIRE(
	    client_send(play.helper.fd, play_buf, play_out.len, fd, io_now_ms() + 5000) == 0);
	close(fd);
}

static void
sync_names(void)
{
	play_begin(PROTO_RECORD_SYNC, 3);
	helper_put(&play.helper, &play_out);
	REQUIRE(wait_done() == 0);
}

/* As far as that step; 6 is all of it. */
static void
rotate(int steps)
{
	const struct timespec pause = {.tv_nsec = random() % 2000000};
	char name[AUDIT_NAME_MAX];
	int fd;

	if (steps < 1)
		return;
	prepare(&fd, name);
	if (steps < 2) {
		close(fd);
		return;
	}
	ask_rotate(fd, name);
	if (steps < 3) {
		nanosleep(&pause, NULL);
		return;
	}
	REQUIRE(wait_done() == 0);
	if (steps < 4)
		return;
	records(1 + (int)(random() % 3));
	tell_shim("window\n");
	REQUIRE(steps < 5 || logfolder_finish(play.folder) == 0);
	if (steps >= 6)
		sync_names();
}

static void
check_acked(void)
{
	struct audit_files files;
	struct audit_record record;
	struct audit_lines lines;
	const char *line;
	uint32_t found = 0;
	size_t len;

	REQUIRE(audit_files_find(folder, &files) == 0);
	REQUIRE(audit_verify_all(&files, NULL, stdout) == 0);
	for (size_t i = 0; i < files.count; i++) {
		REQUIRE(audit_line_open(&lines, files.paths[i]) == 0);
		while (audit_line_next(&lines, &line, &len) > 0) {
			REQUIRE(audit_line_parse(line, len, &record) == 0);
			REQUIRE(i > 0 || lines.number > 1 || record.seq == 1);
			if (record.seq < ACKS_MAX && acked[record.seq] != 0) {
				REQUIRE(
				    record.field[AUDIT_COUNTER].number == acked[record.seq]);
				found++;
			}
			audit_line_free(&record);
		}
		audit_line_close(&lines);
	}
	printf("ok %u of %u answered records are in %zu files\n", found, acks, files.count);
	REQUIRE(found == acks);
	audit_files_free(&files);
}

static void
run_kill(int rounds)
{
	struct wire_in in;

	srandom(1);
	for (int i = 0; i < rounds; i++) {
		start();
		if (random() % 4 != 0)
			mend();
		else if (play.is_next) { /* the supervisor dies before it names the file */
			end(SIGKILL);
			start();
			REQUIRE(play.is_next);
			mend();
		}
		if (i == 0) {
			send_record(true, 42);
			helper_get(&play.helper, PROTO_RECORDED, &in);
			note_ack(&in, token);
			store_seq = 42;
		}
		records(1 + (int)(random() % 5));
		rotate(i % 7);
		end(SIGKILL);
	}
	start();
	mend();
	records(1);
	end(0);
	printf("ok killed %d times, at each step of a rotation\n", rounds);
	check_acked();
}

/* --- a full disk ----------------------------------------------------------------- */

static uint32_t
record_event(const char *event)
{
	struct wire_in in;

	play_begin(PROTO_RECORD, 9);
	wire_put_u8(&play_out, 1);
	wire_put_u16(&play_out, 1);
	wire_put_u8(&play_out, AUDIT_EVENT);
	wire_put_u8(&play_out, 1);
	wire_put_str(&play_out, event);
	helper_put(&play.helper, &play_out);
	helper_get(&play.helper, PROTO_RECORDED, &in);
	return wire_get_u32(&in);
}

/* The room kept for ends is there before, while and after a new file is begun. */
static void
run_full(const char *filler)
{
	char name[AUDIT_NAME_MAX];
	int fd;

	start();
	records(3);
	rotate(6);
	fill_device(filler);
	prepare(&fd, name);
	ask_rotate(fd, name);
	REQUIRE(wait_done() == ENOSPC);
	logfolder_abandon(play.folder);
	REQUIRE(faccessat(play.folder, AUDIT_NAME_NEXT, F_OK, 0) < 0);
	printf("ok full: no new file is begun, the old one is gone on with\n");
	for (int i = 0; i < 1000; i++)
		REQUIRE(record_event("close") == 0);
	printf("ok full: 1,000 ends are written into the file that was begun before\n");
	REQUIRE(unlink(filler) == 0);
	rotate(6);
	fill_device(filler);
	for (int i = 0; i < 1000; i++)
		REQUIRE(record_event("close") == 0);
	printf("ok space again: a new file is begun, with room of its own\n");
	end(0);
	REQUIRE(unlink(filler) == 0);
	check_acked();
}

/* --- a session for power cuts ---------------------------------------------------- */

static struct peer peer;
static struct softkey key = {.id = "vvccbdefghij",
    .uid = {1, 2, 3, 4, 5, 6},
    .use = 1,
    .aes = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 12, 13, 14, 15, 16}};

static struct softkey api_key = {.id = "ccccccbcgujh", .use = 1};

/* Recovery codes; those before code_next were used. */
#define CODES      20
#define CODES_USER "anne"
static char codes[CODES][PROTO_OTP_MAX + 1];
static uint32_t code_next = CODES;

static void
import_key(void)
{
	static char report[IO_MESSAGE_MAX];
	int fd = memfd_create("key", MFD_CLOEXEC);
	unsigned int status = 1;
	char line[160];

	softkey_line(&key, 1, line);
	REQUIRE(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	REQUIRE(lseek(fd, 0, SEEK_SET) == 0 && peer_import(&peer, fd, false));
	REQUIRE(peer_done(&peer, &status, report) && status == 0);
	close(fd);
}

/* What verify answered, then what the recorder did. */
static void
note_spent(const char *kind, const char *text, uint64_t seq)
{
	char line[128];
	struct wire_in in;

	snprintf(line, sizeof(line), "%s %s %llu\n", kind, text, (unsigned long long)seq);
	tell_shim(line);
	send_record(true, seq);
	helper_get(&play.helper, PROTO_RECORDED, &in);
	note_ack(&in, token);
	/* What verify is told is on disk: the number that the next line adds one to. */
	peer.audit_seq = last_seq - 1;
}

/* A login: the OTP is spent, then it is on record. */
static void
login(void)
{
	char otp[SOFTKEY_OTP_MAX + 1];
	char *ids[1] = {key.id};
	struct verified v;

	softkey_otp(&key, otp);
	softkey_count(&key);
	REQUIRE(peer_ask_otp(&peer, otp, ids, 1));
	REQUIRE(peer_skip_used(&peer) == PROTO_VERIFIED && peer_verified(&peer, &v));
	REQUIRE(v.found == PROTO_OTP_OK);
	note_spent("otp", otp, v.store_seq);
}

/* An OTP of the validation service's key: claimed, so that it may be sent once. */
static void
claim(void)
{
	char otp[SOFTKEY_OTP_MAX + 1], id[PROTO_PUBLIC_ID_MAX + 1];
	char *ids[1] = {api_key.id};
	struct wire_in in;
	uint64_t seq;
	uint32_t n;

	softkey_otp(&api_key, otp);
	softkey_count(&api_key);
	REQUIRE(peer_ask_otp(&peer, otp, ids, 1));
	REQUIRE(peer_skip_used(&peer) == PROTO_VERIFY_ASK);
	REQUIRE(peer_get(&peer, PROTO_VERIFY_ASK, &n, &in));
	wire_get_str(&in, id, sizeof(id));
	seq = wire_get_u64(&in);
	REQUIRE(!in.failed && strcmp(id, api_key.id) == 0);
	note_spent("claim", otp, seq);
}

static void
use_code(void)
{
	const char *code;
	struct verified v;

	if (code_next == CODES)
		return; /* new ones would void those that were used */
	code = codes[code_next++];
	REQUIRE(peer_ask_of(&peer, CODES_USER, code, NULL, 0));
	REQUIRE(peer_skip_used(&peer) == PROTO_VERIFIED && peer_verified(&peer, &v));
	REQUIRE(v.found == PROTO_OTP_CODE);
	note_spent("code", code, v.store_seq);
}

/* Store and log are made before (ROUNDS 0), then looked at. */
static void
run_session(int rounds, char **verify)
{
	peer_start(&peer, verify);
	REQUIRE(peer_ready(&peer));
	if (rounds == 0) {
		import_key();
		REQUIRE(peer_add_api(&peer, api_key.id));
	}
	start();
	for (int i = 0; i < rounds; i++) {
		if (i == 0) {
			records(1);
			peer.audit_seq = last_seq - 1;
			REQUIRE(peer_make_codes(&peer, CODES_USER, codes, CODES));
			code_next = 0;
		}
		login();
		if (i % 2 == 0)
			claim();
		if (i % 3 == 0)
			use_code();
		records(1 + i % 4);
		send_record(false, 0);
		if (i % 4 == 3)
			rotate(6);
	}
	end(0);
	peer_finish(&peer);
}

/* --- after a cut -------------------------------------------------------------------- */

static unsigned int violations;

static void
violate(const char *what, const char *detail)
{
	printf("VIOLATION: %s %s\n", what, detail);
	violations++;
}

static void
check_otp(const char *otp)
{
	char *ids[2] = {key.id, api_key.id};

	REQUIRE(peer_ask_otp(&peer, otp, ids, 2));
	if (!peer_is_found(&peer, PROTO_OTP_REPLAYED))
		violate("a spent OTP passes again, or may be sent again:", otp);
}

static void
check_code(const char *code)
{
	REQUIRE(peer_ask_of(&peer, CODES_USER, code, NULL, 0));
	if (!peer_is_found(&peer, PROTO_OTP_CODE_SPENT))
		violate("a used code is not spent:", code);
}

/* Acks are lines: "record SEQ TOKEN", and "otp", "claim" or "code TEXT STORE_SEQ". */
static void
read_acks(const char *file)
{
	char line[256];
	unsigned long long a, b;
	FILE *f = fopen(file, "r");

	REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *rest = line, *kind = strsep(&rest, " "), *first = strsep(&rest, " ");
		if (strcmp(kind, "window\n") == 0)
			continue;
		REQUIRE(rest != NULL);
		b = strtoull(rest, NULL, 10);
		if (strcmp(kind, "record") == 0) {
			a = strtoull(first, NULL, 10);
			REQUIRE(a < ACKS_MAX);
			acked[a] = (uint32_t)b;
			acks++;
		} else {
			if (strcmp(kind, "code") == 0)
				check_code(first);
			else
				check_otp(first);
			if (b > peer.store_seq)
				violate("the store has lost its number", "");
		}
	}
	fclose(f);
}

static void
find_records(void)
{
	struct audit_files files;
	struct audit_record record;
	struct audit_lines lines;
	const char *line;
	uint32_t found = 0;
	size_t len;

	REQUIRE(audit_files_find(folder, &files) == 0);
	if (audit_verify_all(&files, NULL, stdout) < 0)
		violate("the chain is broken", "");
	for (size_t i = 0; i < files.count; i++) {
		REQUIRE(audit_line_open(&lines, files.paths[i]) == 0);
		while (audit_line_next(&lines, &line, &len) > 0)
			if (audit_line_parse(line, len, &record) == 0) {
				found +=
				    record.seq < ACKS_MAX && acked[record.seq] != 0 &&
				    record.field[AUDIT_COUNTER].number == acked[record.seq];
				audit_line_free(&record);
			}
		audit_line_close(&lines);
	}
	audit_files_free(&files);
	if (found != acks)
		violate("answered records are missing", "");
}

static int
run_check(const char *ack_file, char **verify)
{
	uint64_t told;

	peer_start(&peer, verify);
	REQUIRE(peer_ready(&peer));
	told = peer.audit_seq;
	read_acks(ack_file);
	peer_finish(&peer);
	start();
	mend();
	end(0);
	find_records();
	/* What the supervisor compares: neither may have less than the other knows. */
	if (told > play.seq)
		violate("the log is behind what the store was told", "");
	if (play.store_seq > peer.store_seq)
		violate("the store is behind the log", "");
	printf("%u violations, %u acks\n", violations, acks);
	return violations > 0;
}

int
main(int argc, char **argv)
{
	static char opt_store[] = "--store", opt_key[] = "--key";
	char *verify[] = {NULL, opt_store, NULL, opt_key, NULL, NULL};

	if (argc < 5)
		return 64;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	program = argv[2];
	folder = argv[3];
	snprintf(path, sizeof(path), "%s/audit.jsonl", folder);
	if (argc == 8) {
		verify[0] = argv[5];
		verify[2] = argv[6];
		verify[4] = argv[7];
	}
	if (strcmp(argv[1], "kill") == 0)
		run_kill((int)strtol(argv[4], NULL, 10));
	else if (strcmp(argv[1], "full") == 0)
		run_full(argv[4]);
	else if (strcmp(argv[1], "session") == 0 && argc == 8)
		run_session((int)strtol(argv[4], NULL, 10), verify);
	else if (strcmp(argv[1], "check") == 0 && argc == 8)
		return run_check(argv[4], verify);
	else
		return 64;
	return 0;
}
