/* A SPICE client as far as the main channel's first message: proves that a real
 * SPICE server is at the other end and that bytes go both ways. Prints the
 * session id. Formats: spice/protocol.h (link header, link message, reply) and
 * spice/enums.h of the SPICE project; all numbers little endian. */
#include "lib/io.h"
#include "lib/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_MS        50000 /* with an SSH login */
#define REPLY_SIZE        178   /* without capability words */
#define KEY_AT            4
#define KEY_SIZE          162 /* DER, RSA 1024 */
#define TICKET_SIZE       128
#define MESSAGE_MAIN_INIT 103
#define CAPS_COMMON       0x0b /* auth selection, SPICE auth, mini header */

static int64_t deadline_ms;

static uint32_t
u32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static void
fail(const char *what)
{
	fprintf(stderr, "spice_link: %s\n", what);
	exit(1);
}

static void
take(int fd, void *buf, size_t len)
{
	uint8_t *at = buf;

	while (len > 0) {
		ssize_t n;
		if (io_wait(fd, POLLIN, deadline_ms) < 0)
			fail("no answer in time");
		n = read(fd, at, len);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			fail("closed by the other end");
		if (n < 0 && errno != EINTR)
			fail(strerror(errno));
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

static void
give(int fd, const void *buf, size_t len)
{
	if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("the other end takes nothing");
}

static void
send_link(int fd)
{
	static const uint8_t link[] = {'R', 'E', 'D', 'Q', 2, 0, 0, 0, 2, 0, 0, 0, 26, 0, 0, 0,
	    /* connection 0, main channel 0, one common and one channel word at 18 */
	    0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 18, 0, 0, 0,
	    /* the words */
	    CAPS_COMMON, 0, 0, 0, 9, 0, 0, 0};

	give(fd, link, sizeof(link));
}

/* Reads the reply and leaves the server's key, DER, in key. */
static void
take_reply(int fd, uint8_t key[KEY_SIZE])
{
	uint8_t header[16], reply[4096];
	uint32_t size;

	take(fd, header, sizeof(header));
	size = u32(header + 12);
	if (memcmp(header, "REDQ", 4) != 0 || size < REPLY_SIZE || size > sizeof(reply))
		fail("this is no SPICE server");
	take(fd, reply, size);
	if (u32(reply) != 0) {
		fprintf(stderr, "spice_link: link refused, error %u\n", u32(reply));
		exit(2);
	}
	memcpy(key, reply + KEY_AT, KEY_SIZE);
}

/* The empty password with its NUL, for the server alone. */
static void
send_ticket(int fd, const uint8_t *key)
{
	uint8_t out[4 + TICKET_SIZE] = {1}; /* mechanism 1: SPICE ticket */
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &key, KEY_SIZE);
	EVP_PKEY_CTX *ctx = pkey != NULL ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
	size_t len = TICKET_SIZE;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) <= 0 ||
	    EVP_PKEY_encrypt(ctx, out + 4, &len, (const uint8_t *)"", 1) <= 0 ||
	    len != TICKET_SIZE)
		fail("the server's key is no RSA key of 1024 bits");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	give(fd, out, sizeof(out));
}

static uint32_t
take_session(int fd)
{
	uint8_t result[4], header[6], body[32];

	take(fd, result, sizeof(result));
	if (u32(result) != 0)
		fail("ticket refused");
	take(fd, header, sizeof(header));
	if ((header[0] | header[1] << 8) != MESSAGE_MAIN_INIT ||
	    u32(header + 2) != sizeof(body))
		fail("the first message is not INIT");
	take(fd, body, sizeof(body));
	return u32(body);
}

static int
connect_tcp(const char *address, const char *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	uint64_t number;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, address, &sin.sin_addr) != 1 ||
	    num_parse(port, 1, 65535, &number) < 0)
		fail("address or port");
	sin.sin_port = htons((uint16_t)number);
	if (connect(fd, (const struct sockaddr *)&sin, sizeof(sin)) < 0)
		fail(strerror(errno));
	return fd;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(sun.sun_path))
		fail("path");
	memcpy(sun.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		fail(strerror(errno));
	return fd;
}

/* Talks to a command's standard input and output, as ssh -W has them. */
static int
connect_command(char **argv)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail(strerror(errno));
	pid = fork();
	if (pid < 0)
		fail(strerror(errno));
	if (pid == 0) {
		dup2(pair[1], 0);
		dup2(pair[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(pair[1]);
	return pair[0];
}

int
main(int argc, char **argv)
{
	uint8_t key[KEY_SIZE];
	int fd = -1;

	deadline_ms = io_now_ms() + TIMEOUT_MS;
	if (argc == 4 && strcmp(argv[1], "tcp") == 0)
		fd = connect_tcp(argv[2], argv[3]);
	else if (argc == 3 && strcmp(argv[1], "unix") == 0)
		fd = connect_unix(argv[2]);
	else if (argc >= 3 && strcmp(argv[1], "run") == 0)
		fd = connect_command(argv + 2);
	else
		fail("usage: spice_link tcp ADDRESS PORT | unix PATH | run COMMAND...");
	send_link(fd);
	take_reply(fd, key);
	send_ticket(fd, key);
	printf("SPICE session 0x%08x\n", take_session(fd));
	close(fd);
	return 0;
}
