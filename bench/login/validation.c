/* A validation server that takes next to no time (tests/support/validation.py can do
 * everything and takes most of a millisecond), and a client that shows what it takes.
 *
 *   validation serve FOLDER PORT   protocol 2.0 over HTTPS, with FOLDER/server.pem and the
 *                                  key in FOLDER/api.key; accepts each OTP once
 *   validation ask FOLDER PORT     asks with each line of standard input as the OTP, over
 *                                  one connection; prints the median in microseconds */
#include "lib/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX  2048
#define SPENT_MAX 20000
#define PAUSE_MS  5

static uint8_t key[64];
static int key_len;
static char (*spent)[64];
static size_t spent_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
die(const char *what)
{
	fprintf(stderr, "validation: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- server ------------------------------------------------------------ */

/* The value of name in the query of a request's first line, "" when there is none. */
static void
value_of(const char *query, const char *name, char *value, size_t cap)
{
	size_t len = strlen(name), n = 0;

	for (const char *at = query; at != NULL && n == 0; at = strpbrk(at, "&")) {
		at += *at == '&' || *at == '?';
		if (strncmp(at, name, len) == 0 && at[len] == '=') {
			n = strcspn(at + len + 1, "& \r\n");
			snprintf(value, cap, "%.*s", (int)n, at + len + 1);
			return;
		}
	}
	value[0] = '\0';
}

/* The number of this OTP, from 1; 0: it was accepted before. */
static size_t
spend(const char *otp)
{
	size_t number = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = spent_count; i > 0; i--)
		if (strcmp(spent[i - 1], otp) == 0)
			goto out;
	if (spent_count < SPENT_MAX) {
		snprintf(spent[spent_count++], sizeof(spent[0]), "%s", otp);
		number = spent_count;
	}
out:
	pthread_mutex_unlock(&lock);
	return number;
}

static void
sign(const char *text, char mac[32])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	HMAC(EVP_sha1(), key, key_len, (const uint8_t *)text, strlen(text), digest, &n);
	EVP_EncodeBlock((uint8_t *)mac, digest, (int)n);
}

static int
answer_to(const char *request, char out[TEXT_MAX])
{
	const char *query = strchr(request, '?');
	char otp[64], nonce[64], text[512], body[1024], mac[32], counters[64] = "";
	size_t number;
	int len = 0;

	value_of(query != NULL ? query : "", "otp", otp, sizeof(otp));
	value_of(query != NULL ? query : "", "nonce", nonce, sizeof(nonce));
	number = spend(otp);
	if (number > 0)
		snprintf(counters, sizeof(counters), "sessioncounter=%zu&sessionuse=%zu&",
		    number / 256 + 1, number % 256);
	/* What is signed is in the order of the names. */
	snprintf(text, sizeof(text),
	    "nonce=%s&otp=%s&%ssl=100&status=%s&t=2026-11-21T01:32:57Z0123&timestamp=12345",
	    nonce, otp, counters, number > 0 ? "OK" : "REPLAYED_OTP");
	sign(text, mac);
	for (const char *at = text; *at != '\0' && len < (int)sizeof(body) - 4; at++) {
		if (*at == '&')
			body[len++] = '\r';
		body[len++] = *at == '&' ? '\n' : *at;
	}
	body[len] = '\0';
	return snprintf(out, TEXT_MAX,
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n"
	    "h=%s\r\n%s\r\n",
	    strlen("h=\r\n\r\n") + strlen(mac) + strlen(body), mac, body);
}

static void *
serve_one(void *arg)
{
	char in[TEXT_MAX], out[TEXT_MAX];
	SSL *tls = arg;
	int n, len = 0;

	if (SSL_accept(tls) != 1)
		goto out;
	while ((n = SSL_read(tls, in + len, (int)sizeof(in) - 1 - len)) > 0) {
		len += n;
		in[len] = '\0';
		if (strstr(in, "\r\n\r\n") == NULL)
			continue;
		len = 0;
		n = answer_to(in, out);
		if (SSL_write(tls, out, n) != n)
			break;
	}
out:
	close(SSL_get_fd(tls));
	SSL_free(tls);
	return NULL;
}

static struct sockaddr_in
place(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void
read_key(const char *folder)
{
	char path[256], text[128];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "%s/api.key", folder);
	f = fopen(path, "re");
	if (f == NULL || fgets(text, sizeof(text) / 2, f) == NULL)
		die(path);
	fclose(f);
	n = (int)strcspn(text, "\n");
	key_len = EVP_DecodeBlock(key, (uint8_t *)text, n);
	while (n > 0 && text[--n] == '=')
		key_len--;
	if (key_len <= 0)
		die(path);
}

static int
serve(const char *folder, uint16_t port)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	struct sockaddr_in sin = place(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, client;
	pthread_t thread;
	char path[256];
	SSL *tls;

	signal(SIGPIPE, SIG_IGN);
	read_key(folder);
	spent = calloc(SPENT_MAX, sizeof(*spent));
	snprintf(path, sizeof(path), "%s/server.pem", folder);
	if (spent == NULL || context == NULL ||
	    SSL_CTX_use_certificate_chain_file(context, path) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) != 1)
		die(path);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, 64) < 0)
		die("listen");
	printf("listening %u\n", port);
	fflush(stdout);
	while ((client = accept(fd, NULL, NULL)) >= 0) {
		setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		tls = SSL_new(context);
		if (tls == NULL || SSL_set_fd(tls, client) != 1 ||
		    pthread_create(&thread, NULL, serve_one, tls) != 0)
			die("a connection");
		pthread_detach(thread);
	}
	return 1;
}

/* --- client ------------------------------------------------------------ */

static int
compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return x < y ? -1 : x > y;
}

static long
ask_one(SSL *tls, const char *otp)
{
	char text[TEXT_MAX];
	struct timespec a, b;
	int n = snprintf(text, sizeof(text),
	    "GET /wsapi/2.0/verify?id=1&nonce=0123456789abcdef0123&otp=%s&timestamp=1 "
	    "HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    otp);

	(void)poll(NULL, 0, PAUSE_MS); /* as between logins */
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (SSL_write(tls, text, n) != n || (n = SSL_read(tls, text, sizeof(text) - 1)) <= 0)
		die("no answer");
	clock_gettime(CLOCK_MONOTONIC, &b);
	text[n] = '\0';
	if (strstr(text, "status=OK") == NULL)
		die("not OK");
	return (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
}

static int
ask(uint16_t port)
{
	static long times[1000];
	SSL *tls = SSL_new(SSL_CTX_new(TLS_client_method())); /* whoever it is */
	struct sockaddr_in sin = place(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	char otp[80];
	size_t n = 0;

	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (tls == NULL || SSL_set_fd(tls, fd) != 1 || SSL_connect(tls) != 1)
		die("TLS");
	while (n < 1000 && fgets(otp, sizeof(otp), stdin) != NULL) {
		otp[strcspn(otp, "\n")] = '\0';
		times[n++] = ask_one(tls, otp);
	}
	if (n == 0)
		return 1;
	qsort(times, n, sizeof(times[0]), compare);
	printf("server\t%ld\n", times[n / 2]);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t port;

	if (argc != 4 || num_parse(argv[3], 1, 65535, &port) < 0)
		return 64;
	if (strcmp(argv[1], "serve") == 0)
		return serve(argv[2], (uint16_t)port);
	return strcmp(argv[1], "ask") == 0 ? ask((uint16_t)port) : 64;
}
