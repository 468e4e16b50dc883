/* libcurl, and what it must not do. */
#include "api/fetch.h"

#include "api/reply.h"
#include "lib/io.h"
#include "lib/secret.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HEADERS_MAX  16384 /* bytes of one answer */
#define A_SERVER_MAX 8     /* connections; the next requests wait */
#define ALL_MAX      64
#define UNUSED_MAX_S 60 /* a connection is not used again after that */
#define LIFETIME_S   3600

struct fetch {
	CURLM *multi;
	const struct crypto *crypto;
	const char *proxy;
};

struct fetch_job {
	struct fetch *fetch;
	CURL *easy;
	struct curl_slist *resolve;
	fetch_done_fn *fn;
	void *arg;
	struct timespec began;
	const char *trouble;
	size_t len, header_len;
	char body[REPLY_MAX + 1];
};

/* --- one request ------------------------------------------------------- */

static size_t
on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct fetch_job *job = arg;

	(void)one;
	if (len > REPLY_MAX - job->len) {
		job->trouble = "too long an answer";
		return CURL_WRITEFUNC_ERROR;
	}
	memcpy(job->body + job->len, bytes, len);
	job->len += len;
	return len;
}

static size_t
on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct fetch_job *job = arg;

	(void)bytes;
	(void)one;
	job->header_len += len;
	if (job->header_len <= HEADERS_MAX)
		return len;
	job->trouble = "too long a header";
	return CURL_WRITEFUNC_ERROR;
}

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *arg)
{
	const struct fetch *fetch = arg;

	(void)easy;
	return crypto_arm(fetch->crypto, ssl_ctx) == 0 ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static void
job_free(struct fetch_job *job)
{
	if (job == NULL)
		return;
	curl_easy_cleanup(job->easy);
	curl_slist_free_all(job->resolve);
	secret_wipe(job->body, job->len);
	free(job);
}

/* One option that does not take is a request that is not made. */
#define SET(option, value)                                                                     \
	(rc = rc == CURLE_OK ? curl_easy_setopt(job->easy, option, value) : rc)

static CURLcode
set_transport(struct fetch_job *job, const struct fetch_request *request)
{
	const char *proxy = job->fetch->proxy;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROGRESS, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->timeout_ms);
	SET(CURLOPT_MAXAGE_CONN, (long)UNUSED_MAX_S);
	SET(CURLOPT_MAXLIFETIME_CONN, (long)LIFETIME_S);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_USERAGENT, "sallyport");
	/* "" and "*", not NULL: that would ask the environment. */
	SET(CURLOPT_PROXY, proxy != NULL ? proxy : "");
	SET(CURLOPT_NOPROXY, proxy != NULL ? "" : "*");
	if (job->resolve != NULL)
		SET(CURLOPT_RESOLVE, job->resolve);
	return rc;
}

static CURLcode
set_tls(struct fetch_job *job)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	/* The authorities come from on_tls; the built-in folder and file don't count. */
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
	SET(CURLOPT_SSL_CTX_DATA, job->fetch);
	return rc;
}

static CURLcode
set_answer(struct fetch_job *job)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, job);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, job);
	SET(CURLOPT_BUFFERSIZE, (long)REPLY_MAX);
	SET(CURLOPT_PRIVATE, job);
	return rc;
}

struct fetch_job *
fetch_start(struct fetch *fetch, const struct fetch_request *request)
{
	struct fetch_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->fetch = fetch;
	job->fn = request->fn;
	job->arg = request->arg;
	clock_gettime(CLOCK_MONOTONIC, &job->began);
	job->easy = curl_easy_init();
	if (request->resolve != NULL && request->resolve[0] != '\0') {
		job->resolve = curl_slist_append(NULL, request->resolve);
		if (job->resolve == NULL)
			goto fail;
	}
	if (job->easy == NULL || set_transport(job, request) != CURLE_OK ||
	    set_tls(job) != CURLE_OK || set_answer(job) != CURLE_OK ||
	    curl_multi_add_handle(fetch->multi, job->easy) != CURLM_OK)
		goto fail;
	return job;
fail:
	job_free(job);
	return NULL;
}

void
fetch_cancel(struct fetch_job *job)
{
	(void)curl_multi_remove_handle(job->fetch->multi, job->easy);
	job_free(job);
}

/* --- all of them ------------------------------------------------------- */

int
fetch_new(struct fetch **fetch, const struct crypto *crypto, const char *proxy)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -ENOMEM;
	f->crypto = crypto;
	f->proxy = proxy;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		f->multi = curl_multi_init();
	if (f->multi == NULL ||
	    curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)A_SERVER_MAX) !=
		CURLM_OK ||
	    curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)ALL_MAX) !=
		CURLM_OK ||
	    curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)ALL_MAX) != CURLM_OK) {
		fetch_free(f);
		return -EIO;
	}
	*fetch = f;
	return 0;
}

void
fetch_free(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	curl_multi_cleanup(fetch->multi);
	free(fetch);
}

static const char *
trouble_of(const struct fetch_job *job, CURLcode rc)
{
	if (rc == CURLE_OK)
		return NULL;
	if (job->trouble != NULL)
		return job->trouble;
	return rc == CURLE_OPERATION_TIMEDOUT ? "no answer in time" : curl_easy_strerror(rc);
}

static uint32_t
us_since(const struct timespec *began)
{
	struct timespec now;
	int64_t us;

	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (int64_t)(now.tv_sec - began->tv_sec) * 1000000 +
	     (now.tv_nsec - began->tv_nsec) / 1000;
	return us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void
finish(struct fetch_job *job, CURLcode rc)
{
	struct fetch_result result = {.trouble = trouble_of(job, rc),
	    .body = job->body,
	    .len = job->len,
	    .us = us_since(&job->began)};

	if (rc == CURLE_OK &&
	    curl_easy_getinfo(job->easy, CURLINFO_RESPONSE_CODE, &result.http) != CURLE_OK)
		result.http = 0;
	(void)curl_multi_remove_handle(job->fetch->multi, job->easy);
	job->fn(job->arg, &result);
	job_free(job);
}

static void
finish_all(struct fetch *fetch)
{
	struct fetch_job *job;
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left)) != NULL) {
		CURLcode rc = message->data.result;
		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &job) == CURLE_OK)
			finish(job, rc);
	}
}

int
fetch_turn(struct fetch *fetch, int fd, int timeout_ms)
{
	struct curl_waitfd wait = {.fd = fd, .events = CURL_WAIT_POLLIN};
	int running;

	if (curl_multi_poll(fetch->multi, &wait, 1, timeout_ms, NULL) != CURLM_OK ||
	    curl_multi_perform(fetch->multi, &running) != CURLM_OK)
		return -EIO;
	finish_all(fetch);
	return 0;
}
