/* Plays the supervisor for the program verify: OTPs one by one, alone and then while many
 * keys are imported; says how long they took. */
#include "lib/num.h"
#include "tests/support/softkey.h"
#include "tests/support/verify_keys.h"
#include "tests/support/verify_otp.h"

#include <sys/mman.h>
#include <time.h>

#define OTPS_MAX 200000
#define ALONE    100

static struct peer peer;
static int64_t took_us[OTPS_MAX];

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* count keys with ids and secrets made of their numbers. */
static int
make_file(unsigned int count)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(dup(fd), "w") : NULL;
	struct softkey key = {.use = 1};
	char line[160];

	if (f == NULL)
		peer_die("no file for the keys");
	for (unsigned int i = 1; i <= count; i++) {
		uint8_t number[4] = {
		    (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		memcpy(key.id, "vvtt", 4);
		yubikey_modhex_encode(key.id + 4, (const char *)number, 4);
		memcpy(key.aes + 8, number, 4);
		softkey_line(&key, i, line);
		fputs(line, f);
	}
	if (fclose(f) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		peer_die("the keys cannot be written");
	return fd;
}

static void
import(struct peer *p, int fd)
{
	static char report[IO_MESSAGE_MAX];
	unsigned int status;

	if (!peer_import(p, fd, false) || !peer_done(p, &status, report) || status != 0)
		peer_die("the first key cannot be imported");
}

/* Waits for the next message: true for an OTP's answer, false for the import's. */
static bool
take_answer(struct peer *p)
{
	struct proto_header header;
	struct wire_in in;
	ssize_t n;

	if (io_wait(p->fd, POLLIN, io_now_ms() + PEER_ANSWER_MS) < 0)
		peer_die("no answer");
	n = io_receive(p->fd, p->buf, sizeof(p->buf), NULL);
	if (n <= 0)
		peer_die("it has gone");
	wire_in_init(&in, p->buf, (size_t)n);
	if (proto_get_header(&in, &header) < 0)
		peer_die("a malformed answer");
	if (header.type == PROTO_VERIFIED && wire_get_u8(&in) != PROTO_OTP_OK)
		peer_die("a good OTP was refused");
	if (header.type == PROTO_KEYS_DONE && wire_get_u8(&in) != 0)
		peer_die("the import failed");
	return header.type == PROTO_VERIFIED;
}

/* One OTP: true when the import's answer came meanwhile. */
static bool
ask_one(struct peer *p, struct softkey *key, int64_t *us)
{
	char otp[SOFTKEY_OTP_MAX + 1], *ids[1] = {key->id};
	int64_t sent_us = now_us();
	bool is_done = false;

	softkey_otp(key, otp);
	softkey_count(key);
	if (!peer_ask_otp(p, otp, ids, 1))
		peer_die("it has gone");
	while (!take_answer(p))
		is_done = true;
	*us = now_us() - sent_us;
	return is_done;
}

/* What an OTP takes on this machine while nothing else is asked: the median. */
static int64_t
alone(struct peer *p, struct softkey *key)
{
	for (size_t i = 0; i < ALONE; i++)
		(void)ask_one(p, key, &took_us[i]);
	qsort(took_us, ALONE, sizeof(took_us[0]), by_size);
	return took_us[ALONE / 2];
}

int
main(int argc, char **argv)
{
	struct softkey key = {.id = "vvccvvccvvcc", .uid = {1}, .aes = {1, 2, 3}, .use = 1};
	char line[160];
	bool is_done = false;
	size_t n = 0;
	uint64_t count;
	int64_t began_us, alone_us;
	int fd;

	if (argc < 3 || num_parse(argv[1], 1, 100000, &count) < 0) {
		fputs("usage: verify_import_load KEYS PROGRAM ARG...\n", stderr);
		return 64;
	}
	peer_start(&peer, argv + 2);
	if (!peer_ready(&peer))
		peer_die("it does not start");
	fd = memfd_create("key", MFD_CLOEXEC);
	softkey_line(&key, 1, line);
	if (fd < 0 || write(fd, line, strlen(line)) < 0 || lseek(fd, 0, SEEK_SET) != 0)
		peer_die("no file for the key");
	import(&peer, fd);
	close(fd);
	alone_us = alone(&peer, &key);
	fd = make_file((unsigned int)count);
	began_us = now_us();
	if (!peer_import(&peer, fd, false))
		peer_die("it has gone");
	while (!is_done && n < OTPS_MAX)
		is_done = ask_one(&peer, &key, &took_us[n++]);
	qsort(took_us, n, sizeof(took_us[0]), by_size);
	printf("%llu keys in %lld ms, meanwhile %zu OTPs: p50 %lld us, p99 %lld us, most %lld "
	       "us; alone %lld us\n",
	    (unsigned long long)count, (long long)((now_us() - began_us) / 1000), n,
	    (long long)took_us[n / 2], (long long)took_us[n * 99 / 100],
	    (long long)took_us[n - 1], (long long)alone_us);
	close(fd);
	return peer_finish(&peer) == 0 ? 0 : 1;
}
