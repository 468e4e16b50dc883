/* As many logins as the daemon can take, straight at pam.sock: no sshd and no
 * module, in a service that is an OTP check and nothing else.
 *
 *   otp_load keys N             lines for `key import`, of keys with known secrets
 *   otp_load mapping N          lines for yubikey_mappings, of users load0…
 *   otp_load run N USE SECONDS SERVICE
 *                               N logins at a time; prints granted, refused, seconds.
 *                               USE: the keys' use counter, higher in each run */
#include "lib/client.h"
#include "lib/io.h"
#include "lib/num.h"
#include "lib/proto.h"
#include "tests/support/softkey.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAM_SOCK "/run/sallyport/pam.sock"
#define N_MAX    512

static struct softkey keys[N_MAX];
static struct pollfd polls[N_MAX];
static size_t granted, refused;

static void
make_key(struct softkey *key, unsigned int i, uint16_t use)
{
	uint8_t number[4] = {0x10, 0x0d, (uint8_t)(i >> 8), (uint8_t)i};
	char tail[9];

	*key = (struct softkey){.use = use};
	memset(key->uid, (int)((i + 1) & 0xff), sizeof(key->uid));
	key->uid[0] = (uint8_t)(i >> 8);
	memset(key->aes, (int)((i + 1) & 0xff), sizeof(key->aes));
	key->aes[0] = (uint8_t)(i >> 8);
	yubikey_modhex_encode(tail, (const char *)number, sizeof(number));
	snprintf(key->id, sizeof(key->id), "vvcc%s", tail);
}

static void
send_message(int fd, const struct wire_out *out)
{
	if (out->failed || io_send(fd, out->buf, out->len, NULL, 0) < 0) {
		fputs("otp_load: cannot ask\n", stderr);
		exit(1);
	}
}

static void
begin(size_t i, const char *service)
{
	uint8_t buf[1024];
	struct wire_out out;
	char user[32];

	polls[i].fd = client_connect(PAM_SOCK, io_now_ms() + 5000);
	polls[i].events = POLLIN;
	if (polls[i].fd < 0) {
		fputs("otp_load: cannot connect\n", stderr);
		exit(1);
	}
	snprintf(user, sizeof(user), "load%zu", i);
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_PAM_BEGIN, 1);
	wire_put_str(&out, service);
	wire_put_str(&out, user);
	wire_put_str(&out, ""); /* rhost */
	wire_put_str(&out, ""); /* tty */
	wire_put_str(&out, ""); /* ruser */
	wire_put_u8(&out, 0);
	send_message(polls[i].fd, &out);
}

static void
type_otp(size_t i)
{
	const struct softkey key = keys[i];
	char otp[SOFTKEY_OTP_MAX + 1];
	uint8_t buf[256];
	struct wire_out out;

	softkey_otp(&key, otp);
	softkey_count(&keys[i]);
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_PAM_OTP, 2);
	wire_put_str(&out, otp);
	send_message(polls[i].fd, &out);
}

static void
answered(size_t i, const char *service)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	struct proto_header header = {0};
	struct wire_in in;
	ssize_t n = io_receive(polls[i].fd, buf, sizeof(buf), NULL);

	if (n > 0) {
		wire_in_init(&in, buf, (size_t)n);
		(void)proto_get_header(&in, &header);
	}
	if (header.type == PROTO_PAM_PROMPT) {
		type_otp(i);
		return;
	}
	if (header.type == PROTO_PAM_GRANTED)
		granted++;
	else
		refused++;
	io_close(&polls[i].fd);
	begin(i, service);
}

static int
run(size_t n, uint16_t use, int64_t seconds, const char *service)
{
	int64_t began = io_now_ms(), end = began + seconds * 1000;

	for (size_t i = 0; i < n; i++) {
		make_key(&keys[i], (unsigned int)i, use);
		begin(i, service);
	}
	while (io_now_ms() < end) {
		if (poll(polls, n, 1000) <= 0)
			break; /* nobody is answered for a second: the count shows it */
		for (size_t i = 0; i < n; i++)
			if (polls[i].revents != 0)
				answered(i, service);
	}
	printf("%zu %zu %.3f\n", granted, refused, (double)(io_now_ms() - began) / 1000);
	return refused == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	uint64_t n, use, seconds;
	char line[160];

	if (argc < 3 || num_parse(argv[2], 1, N_MAX, &n) < 0)
		return 64;
	if (argc == 6 && strcmp(argv[1], "run") == 0 &&
	    num_parse(argv[3], 1, 0x7fff, &use) == 0 &&
	    num_parse(argv[4], 1, 600, &seconds) == 0)
		return run(n, (uint16_t)use, (int64_t)seconds, argv[5]);
	for (unsigned int i = 0; i < n; i++) {
		make_key(&keys[i], i, 1);
		softkey_line(&keys[i], i + 1, line);
		if (strcmp(argv[1], "keys") == 0)
			fputs(line, stdout);
		else
			printf("load%u:%s\n", i, keys[i].id);
	}
	return 0;
}
