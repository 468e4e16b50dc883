/* A thread beside the loop for the one slow thing: scrypt of a recovery code. It
 * opens nothing and answers nobody; its system calls are a handful. */
#ifndef SALLYPORT_VERIFY_WORKER_H
#define SALLYPORT_VERIFY_WORKER_H

#include "verify/code.h"
#include "verify/crypt.h"

#define WORKER_JOBS 16 /* that may wait at once */

struct worker;

struct worker_job {
	struct worker_job *next; /* the worker's */
	char secret[CODE_CHARS];
	uint8_t salt[CRYPT_SALT];
	uint8_t hash[CRYPT_SLOW]; /* the result */
	int err;		  /* 0, or -EIO and there is none */
};

/* To be started without rights and before the process is confined: the thread
 * confines itself before its first job. crypt must outlive it. 0 or -errno. */
int worker_start(struct worker **worker, const struct crypt *crypt);
/* Readable (POLLIN) when a job is done. */
int worker_fd(const struct worker *worker);
/* job is the worker's until worker_take gives it back. 0; -EAGAIN: too many wait. */
int worker_give(struct worker *worker, struct worker_job *job);
/* One that is done, or NULL. */
struct worker_job *worker_take(struct worker *worker);

#endif
