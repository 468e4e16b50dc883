/* HTTPS requests, many at once, over connections that are kept: libcurl, wrapped, and
 * its only use. No proxy, resolver, file, redirect or environment variable has a say
 * in it but what is given here. */
#ifndef SALLYPORT_API_FETCH_H
#define SALLYPORT_API_FETCH_H

#include "api/crypto.h"

#include <stddef.h>
#include <stdint.h>

struct fetch;
struct fetch_job;

struct fetch_result {
	const char *trouble; /* NULL, or why there is no answer: a static text */
	long http;	     /* status code of the answer */
	const char *body;    /* NUL-terminated */
	size_t len;
	uint32_t us; /* from fetch_start to now */
};

/* The job has ended, and is freed after this. */
typedef void fetch_done_fn(void *arg, const struct fetch_result *result);

struct fetch_request {
	const char *url;
	const char *resolve; /* "host:port:address,…" for the host that is connected to;
	                        NULL or "" when that is an address */
	uint32_t timeout_ms;
	fetch_done_fn *fn;
	void *arg;
};

/* The library's own start; after crypto_new. proxy: NULL, or "http://host:port"; it must
 * outlive *fetch, as crypto must. 0, -EIO. */
int fetch_new(struct fetch **fetch, const struct crypto *crypto, const char *proxy);
/* No job may be left. Accepts NULL. */
void fetch_free(struct fetch *fetch);

/* NULL without memory; what request points to need not outlive the call. fn is called
 * from fetch_turn, once, unless the job is cancelled before. */
struct fetch_job *fetch_start(struct fetch *fetch, const struct fetch_request *request);
void fetch_cancel(struct fetch_job *job);

/* Waits until fd is readable, a job has work to do, or timeout_ms; does the work. 0, or
 * -EIO: libcurl can't go on. */
int fetch_turn(struct fetch *fetch, int fd, int timeout_ms);

#endif
