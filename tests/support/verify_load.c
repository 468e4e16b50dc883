/* Plays the supervisor for the program verify under load: the same OTP many times
 * at once (race), many OTPs one by one (load), kills at random moments (kill). */
#include "lib/num.h"
#include "tests/support/softkey.h"
#include "tests/support/verify_list.h"
#include "tests/support/verify_otp.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>

#define KEYS   8
#define WINDOW 32 /* OTPs under way at once */
#define RACERS 8

static struct peer peer;

/* --- keys of our own -------------------------------------------------- */

static void
make_key(struct softkey *key)
{
	uint8_t random[4];

	*key = (struct softkey){.use = 1};
	if (getrandom(key->uid, sizeof(key->uid), 0) < 0 ||
	    getrandom(key->aes, sizeof(key->aes), 0) < 0 ||
	    getrandom(random, sizeof(random), 0) < 0)
		peer_die("no random numbers");
	memcpy(key->id, "vvcc", 4);
	yubikey_modhex_encode(key->id + 4, (const char *)random, sizeof(random));
}

static void
import_keys(struct peer *p, struct softkey *keys, size_t n)
{
	static char report[IO_MESSAGE_MAX];
	int fd = memfd_create("keys", MFD_CLOEXEC);
	unsigned int status;
	char line[160];

	for (size_t i = 0; i < n; i++) {
		make_key(&keys[i]);
		softkey_line(&keys[i], (unsigned int)i + 1, line);
		if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
			peer_die("the keys cannot be written");
	}
	if (lseek(fd, 0, SEEK_SET) < 0 || !peer_import(p, fd, false) ||
	    !peer_done(p, &status, report))
		peer_die("the keys cannot be imported");
	close(fd);
	if (status != 0)
		peer_die(report);
}

/* --- race and load ---------------------------------------------------- */

static int
race(unsigned int rounds, char **argv)
{
	unsigned int found[PROTO_OTP_FOREIGN + 1] = {0}, wrong = 0;
	char otp[SOFTKEY_OTP_MAX + 1];
	char *ids[1];
	struct softkey key;
	struct verified v;

	peer_start(&peer, argv);
	if (!peer_ready(&peer))
		peer_die("it does not start");
	import_keys(&peer, &key, 1);
	ids[0] = key.id;
	for (unsigned int round = 0; round < rounds; round++) {
		unsigned int accepted = 0;
		softkey_otp(&key, otp);
		softkey_count(&key);
		for (int i = 0; i < RACERS; i++)
			if (!peer_ask_otp(&peer, otp, ids, 1))
				peer_die("it has gone");
		for (int i = 0; i < RACERS; i++) {
			if (!peer_verified(&peer, &v) || v.found > PROTO_OTP_FOREIGN)
				peer_die("it has gone");
			found[v.found]++;
			accepted += v.found == PROTO_OTP_OK;
		}
		wrong += accepted != 1;
	}
	printf("%u rounds of %u: %u accepted, %u replayed, %u rounds without exactly one\n",
	    rounds, RACERS, found[PROTO_OTP_OK], found[PROTO_OTP_REPLAYED], wrong);
	if (peer_finish(&peer) != 0)
		peer_die("it did not end in order");
	return wrong != 0 || found[PROTO_OTP_OK] != rounds ||
	       found[PROTO_OTP_REPLAYED] != rounds * (RACERS - 1);
}

static int
load(unsigned int count, char **argv)
{
	char otp[SOFTKEY_OTP_MAX + 1];
	char *ids[1];
	struct softkey key;
	struct verified v;
	int64_t began_ms;

	peer_start(&peer, argv);
	if (!peer_ready(&peer))
		peer_die("it does not start");
	import_keys(&peer, &key, 1);
	ids[0] = key.id;
	began_ms = io_now_ms();
	for (unsigned int i = 0; i < count; i++) {
		softkey_otp(&key, otp);
		softkey_count(&key);
		if (!peer_ask_otp(&peer, otp, ids, 1) || !peer_verified(&peer, &v))
			peer_die("it has gone");
		if (v.found != PROTO_OTP_OK)
			peer_die("a good OTP was refused");
	}
	printf(
	    "%u accepted one by one in %lld ms\n", count, (long long)(io_now_ms() - began_ms));
	if (peer_finish(&peer) != 0)
		peer_die("it did not end in order");
	return 0;
}

/* --- kill ------------------------------------------------------------- */

struct fate {
	struct softkey key;
	char last[SOFTKEY_OTP_MAX + 1]; /* the last OTP that was accepted */
	uint32_t accepted, stored, tried;
};

static struct fate fates[KEYS];
static unsigned int violations, acks, listed_keys;
static uint64_t highest_seq;

static void
violate(const char *what, const char *key)
{
	printf("VIOLATION: %s: %s\n", key, what);
	violations++;
}

static struct fate *
fate_of(const char *key)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(fates[i].key.id, key) == 0)
			return &fates[i];
	return NULL;
}

static void
check_row(const struct listed *row, void *arg)
{
	struct fate *f = fate_of(row->key);

	(void)arg;
	if (f == NULL)
		return;
	listed_keys++;
	if (row->state != PROTO_KEY_ACTIVE)
		violate("its row is broken", row->key);
	if (row->counter < f->accepted)
		violate("an accepted OTP is forgotten", row->key);
	if (row->counter < f->stored)
		violate("its counter fell", row->key);
	if (row->counter > f->tried)
		violate("its counter is one that was never tried", row->key);
	f->stored = row->counter;
}

/* After a restart: all that was accepted is still spent. */
static void
check_store(struct peer *p)
{
	struct verified v;

	if (p->store_seq < highest_seq)
		violate("its sequence fell", "store");
	listed_keys = 0;
	if (!peer_list(p, check_row, NULL))
		peer_die("it has gone while listing");
	if (listed_keys != KEYS)
		violate("keys are missing", "store");
	for (size_t i = 0; i < KEYS; i++) {
		char *ids[1] = {fates[i].key.id};
		if (fates[i].last[0] == '\0')
			continue;
		if (!peer_ask_otp(p, fates[i].last, ids, 1) || !peer_verified(p, &v))
			peer_die("it has gone while checking");
		if (v.found != PROTO_OTP_REPLAYED)
			violate("an accepted OTP was not refused as replayed", ids[0]);
	}
}

static void
take_ack(const struct verified *v, char sent[WINDOW][SOFTKEY_OTP_MAX + 1])
{
	struct fate *f = fate_of(v->key);

	if (v->found != PROTO_OTP_OK || f == NULL) {
		violate("a fresh OTP was refused", v->key);
		return;
	}
	if (v->counter <= f->accepted)
		violate("accepted below an accepted one", v->key);
	acks++;
	f->accepted = v->counter;
	memcpy(f->last, sent[v->id % WINDOW], sizeof(f->last));
	if (v->store_seq > highest_seq)
		highest_seq = v->store_seq;
}

/* OTPs of all keys in turn, WINDOW of them under way, until the time has come;
 * then the kill, then the answers that were sent before it. */
static void
load_and_kill(struct peer *p, int64_t end_ms)
{
	static char sent[WINDOW][SOFTKEY_OTP_MAX + 1];
	unsigned int under_way = 0;
	struct verified v;

	while (io_now_ms() < end_ms) {
		while (under_way < WINDOW - 1) {
			struct fate *f = &fates[p->id % KEYS];
			char *ids[1] = {f->key.id};
			char *otp = sent[(p->id + 1) % WINDOW];
			softkey_otp(&f->key, otp);
			f->tried = (uint32_t)f->key.use << 8 | f->key.session;
			softkey_count(&f->key);
			if (!peer_ask_otp(p, otp, ids, 1))
				peer_die("it has gone by itself");
			under_way++;
		}
		if (!peer_verified(p, &v))
			peer_die("it has gone by itself");
		take_ack(&v, sent);
		under_way--;
	}
	kill(p->pid, SIGKILL);
	while (peer_verified(p, &v))
		take_ack(&v, sent);
}

static int
kill_often(unsigned int times, char **argv)
{
	struct softkey keys[KEYS];
	uint8_t random = 0;

	for (unsigned int i = 0; i < times; i++) {
		peer_start(&peer, argv);
		if (!peer_ready(&peer))
			peer_die("it does not start");
		if (i == 0) {
			import_keys(&peer, keys, KEYS);
			for (size_t k = 0; k < KEYS; k++)
				fates[k].key = keys[k];
		}
		check_store(&peer);
		if (getrandom(&random, sizeof(random), 0) < 0)
			peer_die("no random numbers");
		load_and_kill(&peer, io_now_ms() + random % 40);
		if (peer_finish(&peer) != 256 + SIGKILL)
			peer_die("it ended before the kill");
	}
	peer_start(&peer, argv);
	if (!peer_ready(&peer))
		peer_die("it does not start");
	check_store(&peer);
	if (peer_finish(&peer) != 0)
		peer_die("it did not end in order");
	printf("%u kills, %u accepted, %u violations\n", times, acks, violations);
	return violations != 0 || acks < times;
}

int
main(int argc, char **argv)
{
	uint64_t n = 0;

	signal(SIGPIPE, SIG_IGN);
	if (argc >= 4 && num_parse(argv[2], 1, 1000000, &n) == 0) {
		if (strcmp(argv[1], "race") == 0)
			return race((unsigned int)n, argv + 3);
		if (strcmp(argv[1], "load") == 0)
			return load((unsigned int)n, argv + 3);
		if (strcmp(argv[1], "kill") == 0)
			return kill_often((unsigned int)n, argv + 3);
	}
	fputs("usage: verify_load race|load|kill N PROGRAM ARG...\n", stderr);
	return 64;
}
