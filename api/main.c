/* api: asks validation servers about OTPs, for the supervisor. It holds the API key and
 * no OTP secret. As root it reads key and certificates; all else happens without
 * rights. */
#include "api/crypto.h"
#include "api/fetch.h"
#include "api/serve.h"
#include "lib/api_key.h"
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/version.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <time.h>

#define KEY_FILE_MAX 4096
#define CA_FILE_MAX  (4 * 1024 * 1024)

/* What libc, libcurl and OpenSSL call once they are up. Sockets to the network, and
 * no file, exec, fork, thread or kill but of itself. */
static const int calls[] = {
    /* the supervisor and the servers */
    SYS_recvmsg, SYS_sendmsg, SYS_recvfrom, SYS_sendto, SYS_read, SYS_write, SYS_writev,
    SYS_ppoll, SYS_close, SYS_socket, SYS_connect, SYS_getsockopt, SYS_setsockopt,
    SYS_getsockname, SYS_getpeername, SYS_fcntl, SYS_ioctl, SYS_shutdown, SYS_fstat,
#ifdef SYS_poll /* the older calls, where the machine has them */
    SYS_poll, SYS_time,
#endif
    SYS_nanosleep, SYS_clock_nanosleep, SYS_gettimeofday, SYS_getpid,
    /* memory, random numbers */
    SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_mlock,
    SYS_munlock, SYS_futex, SYS_getrandom,
    /* libcurl shields itself from SIGPIPE; abort(3) */
    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_gettid, SYS_tgkill};

struct options {
	const char *client, *key, *ca, *proxy, *account;
	char **urls;
	size_t count;
};

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"id", required_argument, NULL, 'i'},
	    {"key", required_argument, NULL, 'k'}, {"ca", required_argument, NULL, 'c'},
	    {"proxy", required_argument, NULL, 'p'}, {"account", required_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0}};
	uint64_t client;
	int c;

	*o = (struct options){.account = "_sallyport-api"};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		const char **to = c == 'i'   ? &o->client
				  : c == 'k' ? &o->key
				  : c == 'c' ? &o->ca
				  : c == 'p' ? &o->proxy
				  : c == 'a' ? &o->account
					     : NULL;
		if (to == NULL)
			return -EINVAL;
		*to = optarg;
	}
	o->urls = argv + optind;
	o->count = (size_t)(argc - optind);
	return o->client != NULL && num_parse(o->client, 1, 9999999999, &client) == 0 &&
		       o->key != NULL && o->ca != NULL && o->count >= 1 &&
		       o->count <= SERVERS_MAX
		   ? 0
		   : -EINVAL;
}

static int
read_servers(const struct options *o, struct server *servers)
{
	struct url proxy, url;
	const char *why;

	if (o->proxy != NULL && url_parse(o->proxy, "http", 3128, &proxy, &why) < 0) {
		log_error("api_proxy: %s", why);
		return -EINVAL;
	}
	for (size_t i = 0; i < o->count; i++) {
		if (url_parse(o->urls[i], "https", 443, &url, &why) < 0) {
			log_error("api_url: %s", why);
			return -EINVAL;
		}
		server_init(&servers[i], o->urls[i], o->proxy != NULL ? &proxy : NULL);
	}
	return 0;
}

/* A file of root's, whole. 0 or -errno, and it was said why. */
static int
read_file(const char *path, enum io_trust trust, size_t max, char **text, size_t *len)
{
	const char *why = NULL;
	int fd = io_open_trusted(path, trust, &why);
	int err = fd < 0 ? fd : io_read_all(fd, max, text, len);

	io_close(&fd);
	if (err < 0)
		log_error("%s: %s", path, why != NULL ? why : strerror(-err));
	return err;
}

static int
fetch_key(const char *path, struct secret *key)
{
	const char *why = NULL;
	char *text = NULL;
	size_t len = 0;
	int err = read_file(path, IO_TRUST_SECRET, KEY_FILE_MAX, &text, &len);

	if (err < 0)
		return err;
	err = api_key_read(text, len, key, &why);
	if (err < 0)
		log_error("%s: the API key %s", path, why != NULL ? why : strerror(-err));
	secret_wipe(text, len);
	free(text);
	return err;
}

static int
fetch_authorities(const char *path, struct crypto *crypto)
{
	char *text = NULL;
	size_t len = 0;
	int err = read_file(path, IO_TRUST_PUBLIC, CA_FILE_MAX, &text, &len);

	if (err < 0)
		return err;
	err = crypto_trust(crypto, text, len);
	if (err < 0)
		log_error("%s: %s", path,
		    err == -EINVAL ? "is not a file of certificates (PEM)"
				   : "its certificates cannot be taken");
	free(text);
	return err;
}

/* Whatever a server sends, it costs no more than this. No new process or thread. */
static void
limit(void)
{
	static const struct {
		int what;
		rlim_t value;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0}, {RLIMIT_NPROC, 0},
	    {RLIMIT_NOFILE, 256}, {RLIMIT_DATA, 256 * 1024 * 1024}};

	/* Its log may be a file: then the line is lost, not the process. */
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)setrlimit((__rlimit_resource_t)limits[i].what,
		    &(struct rlimit){limits[i].value, limits[i].value});
}

static int
run(const struct options *o)
{
	static struct server servers[SERVERS_MAX];
	struct crypto *crypto = NULL;
	struct fetch *fetch = NULL;
	struct secret key = {0};
	int status = EX_CONFIG;

	if (read_servers(o, servers) < 0 || crypto_new(&crypto) < 0 ||
	    fetch_key(o->key, &key) < 0 || fetch_authorities(o->ca, crypto) < 0)
		goto out;
	limit();
	if (fetch_new(&fetch, crypto, o->proxy) < 0 ||
	    helper_confine(o->account, calls, sizeof(calls) / sizeof(calls[0])) < 0)
		goto out;
	status = serve_run(&(struct serve_spec){.fetch = fetch,
		     .crypto = crypto,
		     .key = &key,
		     .client = o->client,
		     .servers = servers,
		     .count = o->count}) == 0
		     ? 0
		     : 1;
out:
	fetch_free(fetch);
	secret_free(&key);
	crypto_free(crypto);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o;

	if (version_is_asked(argc, argv))
		return puts("api " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("api", false);
	if (read_options(argc, argv, &o) < 0 || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: api --id N --key FILE --ca FILE "
			  "[--proxy URL] [--account NAME] URL...");
		return EX_USAGE;
	}
	helper_isolate();
	/* The dates of certificates are compared in UTC, without a file of zones. */
	setenv("TZ", "UTC0", 1);
	tzset();
	return run(&o);
}
