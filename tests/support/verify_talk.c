/* Plays the supervisor for the program verify, as a script tells it on standard
 * input; prints the answers. */
#include "lib/num.h"
#include "tests/support/verify_list.h"
#include "tests/support/verify_used.h"

#include <signal.h>
#include <string.h>
#include <yubikey.h>

static struct peer peer;

static const char *
found_name(unsigned int found)
{
	static const char *const names[] = {[PROTO_OTP_FAILED] = "FAILED",
	    [PROTO_OTP_OK] = "OK",
	    [PROTO_OTP_GARBLED] = "GARBLED",
	    [PROTO_OTP_REPLAYED] = "REPLAYED",
	    [PROTO_OTP_UNKNOWN] = "UNKNOWN",
	    [PROTO_OTP_DISABLED] = "DISABLED",
	    [PROTO_OTP_FOREIGN] = "FOREIGN",
	    [PROTO_OTP_CODE] = "CODE",
	    [PROTO_OTP_CODE_WRONG] = "CODE_WRONG",
	    [PROTO_OTP_CODE_SPENT] = "CODE_SPENT",
	    [PROTO_OTP_CODES_OFF] = "CODES_OFF"};

	return found < sizeof(names) / sizeof(names[0]) ? names[found] : "?";
}

static void
say_end(int end)
{
	if (end >= 256)
		printf("SIGNAL %d\n", end - 256);
	else
		printf("EXIT %d\n", end);
}

static bool
say_verified(struct peer *p)
{
	struct verified v;

	if (!peer_verified(p, &v))
		return false;
	printf("%s %s %u/%u seq %llu\n", found_name(v.found), v.key[0] != '\0' ? v.key : "-",
	    v.counter >> 8, v.counter & 0xff, (unsigned long long)v.store_seq);
	return true;
}

static bool
say_done(struct peer *p)
{
	static char report[IO_MESSAGE_MAX];
	unsigned int status;

	if (!peer_done(p, &status, report))
		return false;
	printf("DONE %u\n%s", status, report);
	return true;
}

static void
say_row(const struct listed *row, void *arg)
{
	static const char *const states[] = {"broken", "active", "disabled"};

	(void)arg;
	printf("%s %s %u/%u %s\n", row->key, row->state < 3 ? states[row->state] : "?",
	    row->counter >> 8, row->counter & 0xff, row->note);
}

static bool
talk_import(struct peer *p, const char *path, bool is_dry)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_sent;

	if (fd < 0)
		peer_die("the key file cannot be opened");
	is_sent = peer_import(p, fd, is_dry);
	close(fd);
	return is_sent;
}

static bool
talk_codes(struct peer *p, const char *user, const char *count)
{
	char code[64];
	struct wire_out out;
	struct wire_in in;
	uint8_t buf[300];
	uint64_t n;
	uint32_t id;

	if (num_parse(count, 0, 99, &n) < 0)
		peer_die("codes wants a number");
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_KEYS_CODES, ++p->id);
	wire_put_str(&out, user);
	wire_put_u8(&out, (uint8_t)n);
	if (!peer_send(p, &out, NULL) || !peer_get(p, PROTO_CODES, &id, &in))
		return false;
	for (uint16_t left = wire_get_u16(&in); left > 0; left--) {
		wire_get_str(&in, code, sizeof(code));
		printf("%s\n", code);
	}
	if (wire_end(&in) < 0)
		peer_die("malformed codes");
	return true;
}

static bool
say_used(struct peer *p)
{
	char user[PROTO_NAME_MAX + 1];
	unsigned int number, left;
	struct wire_in in;
	uint32_t id;

	if (!peer_get(p, PROTO_CODE_USED, &id, &in))
		return false;
	wire_get_str(&in, user, sizeof(user));
	number = wire_get_u8(&in);
	(void)wire_get_u64(&in);
	left = wire_get_u16(&in);
	if (wire_end(&in) < 0 || id != 0)
		peer_die("a malformed notice");
	printf("USED %s %u left %u\n", user, number, left);
	return true;
}

static bool
say_worn(struct peer *p)
{
	char key[PROTO_PUBLIC_ID_MAX + 1];
	struct wire_in in;
	uint32_t id, count;

	if (!peer_get(p, PROTO_KEYS_WORN, &id, &in))
		return false;
	count = wire_get_u32(&in);
	wire_get_str(&in, key, sizeof(key));
	if (wire_end(&in) < 0 || id != 0)
		peer_die("a malformed notice");
	printf("WORN %u %s\n", count, key);
	return true;
}

static bool
talk_recover(struct peer *p, const char *store_seq, const char *audit_seq)
{
	struct wire_out out;
	uint64_t seqs[2];
	uint8_t buf[32];

	if (num_parse(store_seq, 0, UINT64_MAX, &seqs[0]) < 0 ||
	    num_parse(audit_seq, 0, UINT64_MAX, &seqs[1]) < 0)
		peer_die("recover wants two numbers");
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_KEYS_RECOVER, ++p->id);
	wire_put_u64(&out, seqs[0]);
	wire_put_u64(&out, seqs[1]);
	return peer_send(p, &out, NULL) && say_done(p);
}

static bool
talk_raw(struct peer *p, const char *hex)
{
	static char bytes[4096];
	struct wire_out out;
	size_t len = strlen(hex);

	if (len % 2 != 0 || len > 2 * sizeof(bytes) - 2 || !yubikey_hex_p(hex))
		peer_die("raw wants hex digits");
	yubikey_hex_decode(bytes, hex, len / 2);
	wire_out_init(&out, bytes, sizeof(bytes));
	out.len = len / 2;
	return peer_send(p, &out, NULL);
}

/* One command; false when the program has gone. */
static bool
talk_line(struct peer *p, char **words, size_t n)
{
	const char *verb = words[0];

	if (strcmp(verb, "otp") == 0 && n >= 2)
		return peer_ask_otp(p, words[1], words + 2, n - 2) && say_verified(p);
	if (strcmp(verb, "import") == 0 && n == 2)
		return talk_import(p, words[1], false) && say_done(p);
	if (strcmp(verb, "dry") == 0 && n == 2)
		return talk_import(p, words[1], true) && say_done(p);
	if (strcmp(verb, "start") == 0 && n == 2) /* an import, not waited for */
		return talk_import(p, words[1], false);
	if (strcmp(verb, "done") == 0 && n == 1)
		return say_done(p);
	if (strcmp(verb, "list") == 0 && n == 1)
		return peer_list(p, say_row, NULL);
	if (strcmp(verb, "disable") == 0 && n == 2)
		return peer_ask_about_key(p, PROTO_KEYS_DISABLE, words[1]) && say_done(p);
	if (strcmp(verb, "enable") == 0 && n == 2)
		return peer_ask_about_key(p, PROTO_KEYS_ENABLE, words[1]) && say_done(p);
	if (strcmp(verb, "code") == 0 && n == 3)
		return peer_ask_of(p, words[1], words[2], NULL, 0) && say_verified(p);
	if (strcmp(verb, "try") == 0 && n >= 3) /* not waited for */
		return peer_ask_of(p, words[1], words[2], words + 3, n - 3);
	if (strcmp(verb, "answer") == 0 && n == 1)
		return peer_skip_used(p) == PROTO_VERIFIED && say_verified(p);
	if (strcmp(verb, "codes") == 0 && n == 3)
		return talk_codes(p, words[1], words[2]);
	if (strcmp(verb, "used") == 0 && n == 1)
		return say_used(p);
	if (strcmp(verb, "worn") == 0 && n == 1)
		return say_worn(p);
	if (strcmp(verb, "told") == 0 && n == 2)
		return peer_ask_about_key(p, PROTO_CODES_TOLD, words[1]);
	if (strcmp(verb, "recover") == 0 && n == 3)
		return talk_recover(p, words[1], words[2]);
	if (strcmp(verb, "raw") == 0 && n == 2)
		return talk_raw(p, words[1]);
	if (strcmp(verb, "pid") == 0 && n == 1)
		return printf("PID %d\n", (int)p->pid) > 0;
	if (strcmp(verb, "kill") == 0 && n == 1)
		return kill(p->pid, SIGKILL) == 0;
	if (strcmp(verb, "stop") == 0 && n == 1) /* what comes next it finds all at once */
		return kill(p->pid, SIGSTOP) == 0;
	if (strcmp(verb, "go") == 0 && n == 1)
		return kill(p->pid, SIGCONT) == 0;
	if (strcmp(verb, "end") == 0 && n == 1) /* waits until it ends by itself */
		return io_wait(p->fd, POLLIN, io_now_ms() + PEER_ANSWER_MS) < 0;
	peer_die(
	    "what? otp import dry start done list disable enable code codes try answer used "
	    "told recover raw pid kill stop go end");
}

int
main(int argc, char **argv)
{
	static char line[8192];
	char *words[80], *at, *word;
	size_t n;

	if (argc < 2) {
		fputs("usage: verify_talk PROGRAM ARG...\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	peer_start(&peer, argv + 1);
	if (peer_ready(&peer)) {
		printf("READY %llu %llu\n", (unsigned long long)peer.store_seq,
		    (unsigned long long)peer.audit_seq);
		while (fgets(line, sizeof(line), stdin) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			at = line;
			for (n = 0; n < 80 && (word = strsep(&at, " ")) != NULL;)
				if (*word != '\0')
					words[n++] = word;
			if (n > 0 && !talk_line(&peer, words, n))
				break;
		}
	}
	say_end(peer_finish(&peer));
	return 0;
}
