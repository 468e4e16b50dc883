/* Two queues, a lock, a thread that never ends but with the process. */
#include "verify/worker.h"

#include "lib/confine.h"
#include "lib/log.h"
#include "lib/secret.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES (256 * 1024)

/* Memory, the lock, the word that a job is done, a last line on the log. */
static const int calls[] = {SYS_futex, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise,
    SYS_mprotect, SYS_brk, SYS_write, SYS_writev, SYS_sendmsg, SYS_getpid, SYS_gettid,
    SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_tgkill};

struct queue {
	struct worker_job *first, **end;
};

struct worker {
	const struct crypt *crypt;
	pthread_mutex_t lock;
	pthread_cond_t given;
	struct queue waiting, done;
	size_t count; /* waiting or in work */
	bool is_ready;
	int fd; /* eventfd(2) */
};

static void
put(struct queue *queue, struct worker_job *job)
{
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

static struct worker_job *
take(struct queue *queue)
{
	struct worker_job *job = queue->first;

	if (job == NULL)
		return NULL;
	queue->first = job->next;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return job;
}

static void
work(struct worker *w, struct worker_job *job)
{
	job->err = crypt_slow(w->crypt, job->secret, CODE_CHARS, job->salt, job->hash);
	secret_wipe(job->secret, sizeof(job->secret));
}

static void *
run(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;
	uint64_t one = 1;

	/* A helper that can't be confined must not go on. */
	if (confine_to_calls(calls, sizeof(calls) / sizeof(calls[0])) < 0)
		_exit(1);
	pthread_mutex_lock(&w->lock);
	w->is_ready = true;
	pthread_cond_broadcast(&w->given);
	for (;;) {
		while ((job = take(&w->waiting)) == NULL)
			pthread_cond_wait(&w->given, &w->lock);
		pthread_mutex_unlock(&w->lock);
		work(w, job);
		pthread_mutex_lock(&w->lock);
		put(&w->done, job);
		w->count--;
		(void)!write(w->fd, &one, sizeof(one));
	}
	return NULL;
}

/* No signal is the thread's. */
static int
start_thread(struct worker *w)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = -pthread_create(&thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err < 0)
		return err;
	pthread_mutex_lock(&w->lock);
	while (!w->is_ready)
		pthread_cond_wait(&w->given, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

int
worker_start(struct worker **worker, const struct crypt *crypt)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (w == NULL)
		return -ENOMEM;
	w->crypt = crypt;
	w->waiting.end = &w->waiting.first;
	w->done.end = &w->done.first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->given, NULL);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = w->fd < 0 ? -errno : start_thread(w);
	if (err < 0) {
		log_error(
		    "the thread for recovery codes cannot be started: %s", strerror(-err));
		if (w->fd >= 0)
			close(w->fd);
		free(w);
		return err;
	}
	*worker = w;
	return 0;
}

int
worker_fd(const struct worker *worker)
{
	return worker->fd;
}

int
worker_give(struct worker *worker, struct worker_job *job)
{
	int err = 0;

	pthread_mutex_lock(&worker->lock);
	if (worker->count >= WORKER_JOBS) {
		err = -EAGAIN;
	} else {
		worker->count++;
		put(&worker->waiting, job);
		pthread_cond_signal(&worker->given);
	}
	pthread_mutex_unlock(&worker->lock);
	return err;
}

struct worker_job *
worker_take(struct worker *worker)
{
	struct worker_job *job;
	uint64_t count;

	pthread_mutex_lock(&worker->lock);
	(void)!read(worker->fd, &count, sizeof(count));
	job = take(&worker->done);
	pthread_mutex_unlock(&worker->lock);
	return job;
}
