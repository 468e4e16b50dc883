/* verify: validates YubiKey OTPs for the supervisor. As root it fetches the
 * store's key and makes the store's folder; all else happens without rights. */
#include "lib/helper.h"
#include "lib/log.h"
#include "lib/version.h"
#include "verify/crypt.h"
#include "verify/kek.h"
#include "verify/sql.h"
#include "verify/storedir.h"
#include "verify/verifier.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sysexits.h>

#define OPEN_TIMEOUT_MS 3000

/* What libc, SQLite and OpenSSL call once they are up. No socket, no exec, no
 * fork, no kill but of itself. */
static const int calls[] = {
    /* the supervisor, and a key file that it passes */
    SYS_recvmsg, SYS_sendmsg, SYS_ppoll, SYS_close, SYS_read, SYS_write, SYS_writev, SYS_fstat,
    /* the store */
    SYS_openat, SYS_newfstatat, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_fcntl, SYS_fsync,
    SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_unlinkat, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getcwd, SYS_fchmod, SYS_geteuid, SYS_getpid, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_gettimeofday,
#ifdef SYS_open /* the older calls, where the machine has them */
    SYS_poll, SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_unlink, SYS_readlink, SYS_time,
#endif
    /* memory, random numbers */
    SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mprotect, SYS_mlock,
    SYS_munlock, SYS_futex, SYS_getrandom,
    /* abort(3) */
    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_gettid, SYS_tgkill};

struct options {
	const char *store, *key, *account;
};

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"store", required_argument, NULL, 's'},
	    {"key", required_argument, NULL, 'k'}, {"account", required_argument, NULL, 'a'},
	    {NULL, 0, NULL, 0}};
	int c;

	*o = (struct options){.account = "_sallyport-verify"};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			o->store = optarg;
		else if (c == 'k')
			o->key = optarg;
		else if (c == 'a')
			o->account = optarg;
		else
			return -EINVAL;
	}
	/* Absolute: what is opened later must be what was checked now. */
	if (optind != argc || o->store == NULL || o->key == NULL || o->store[0] != '/' ||
	    o->key[0] != '/')
		return -EINVAL;
	return 0;
}

/* All that needs root; the key itself is wiped again. 0 or -errno. */
static int
fetch(const struct options *o, struct crypt **crypt)
{
	struct secret kek = {0};
	bool has_store = true;
	int err = storedir_prepare(o->store, o->account, &has_store);

	if (err == 0)
		err = kek_obtain(o->key, has_store, &kek);
	if (err == 0)
		err = crypt_new(crypt, kek.bytes);
	secret_free(&kek);
	return err;
}

/* A store that failed is left as it is, because closing writes to it. */
static int
serve(const struct options *o, const struct crypt *crypt, struct worker *worker)
{
	struct keyring *ring = NULL;
	int err = keyring_open(&ring, o->store, crypt, OPEN_TIMEOUT_MS);

	if (err < 0) {
		log_error("store %s cannot be used: %s", o->store, strerror(-err));
		return err == -EUCLEAN ? EX_CONFIG : 1;
	}
	if (verifier_run(ring, worker) < 0)
		return 1;
	keyring_close(ring);
	return 0;
}

int
main(int argc, char **argv)
{
	struct worker *worker = NULL; /* ends with the process */
	struct crypt *crypt = NULL;
	struct options o;
	int status;

	if (version_is_asked(argc, argv))
		return puts("verify " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("verify", false);
	if (read_options(argc, argv, &o) < 0 || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: verify --store DIR --key FILE "
			  "[--account NAME]");
		return EX_USAGE;
	}
	helper_isolate();
	if (sql_init() < 0 || fetch(&o, &crypt) < 0)
		return EX_CONFIG;
	if (helper_drop(o.account) < 0 || worker_start(&worker, crypt) < 0 ||
	    helper_filter(calls, sizeof(calls) / sizeof(calls[0])) < 0)
		return EX_CONFIG;
	status = serve(&o, crypt, worker);
	return status; /* the worker may still use crypt */
}
