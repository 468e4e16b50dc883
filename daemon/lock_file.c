/* A flush may take as long as the disk likes: so a child does it, and has a
 * deadline. What it found comes back through a pipe. */
#include "daemon/lock_file.h"

#include "daemon/proc.h"
#include "lib/io.h"
#include "lib/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER   "/var/lib/sallyport"
#define WRITE_MS 3000

struct lock_file_job {
	int pidfd, pipe;
	struct loop_watch *watch, *timer;
	lock_file_fn *fn;
	void *arg;
};

#define OUTCOME_LENGTH 8 /* two errnos, for the file and for the one in /run */

/* --- reading ---------------------------------------------------------------- */

static int
read_one(const char *path, struct lock_list *list, char *why, size_t cap)
{
	const char *untrusted = NULL;
	char *text = NULL;
	size_t len = 0;
	int fd = io_open_trusted(path, IO_TRUST_SECRET, &untrusted), err = fd < 0 ? fd : 0;

	if (err == -ENOENT)
		return err;
	if (err == 0)
		err = io_read_all(fd, LOCK_TEXT_MAX, &text, &len);
	io_close(&fd);
	if (err < 0)
		snprintf(why, cap, "%s", untrusted != NULL ? untrusted : strerror(-err));
	else
		err = lock_list_parse(text, len, list, why, cap);
	free(text);
	return err;
}

int
lock_file_read(struct lock_list *list, char *why, size_t cap)
{
	struct lock_list run = {0};
	int disk_err = read_one(LOCK_FILE, list, why, cap);
	int run_err = read_one(LOCK_FILE_RUN, &run, why, cap);

	if (run_err == 0 && (disk_err == -ENOENT || run.seq > list->seq)) {
		struct lock_list old = *list;
		*list = run;
		run = old;
	}
	lock_list_free(&run);
	if (disk_err < 0 && disk_err != -ENOENT)
		return disk_err;
	return run_err < 0 && run_err != -ENOENT ? run_err : 0;
}

/* --- writing, in the child --------------------------------------------------- */

static int
flush_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (fd < 0 || fsync(fd) < 0)
		err = -errno;
	io_close(&fd);
	return err;
}

static int
write_one(const char *path, const char *temp, const char *text, size_t len)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err;

	if (fd < 0)
		return -errno;
	err = io_write_all(fd, text, len);
	if (err == 0 && (fchmod(fd, 0600) < 0 || fsync(fd) < 0 || rename(temp, path) < 0))
		err = -errno;
	io_close(&fd);
	if (err < 0)
		(void)unlink(temp);
	return err;
}

static void
child(int pipe, const char *text, size_t len, bool is_broken)
{
	uint8_t outcome[OUTCOME_LENGTH];
	struct wire_out out;
	int disk = 0, run = 0;

	/* Whatever happens to this process, it holds nobody's sockets. */
	if (dup2(pipe, 3) < 0 || close_range(4, ~0U, 0) < 0)
		_exit(1);
	/* A second name, so that there is a file whatever happens: without one nobody
	 * would be locked. */
	if (is_broken)
		(void)unlink(LOCK_FILE ".broken");
	if (is_broken && link(LOCK_FILE, LOCK_FILE ".broken") < 0 && errno != ENOENT)
		disk = -errno;
	if (disk == 0)
		disk = write_one(LOCK_FILE, LOCK_FILE ".new", text, len);
	if (disk == 0)
		disk = flush_folder(FOLDER);
	if (disk == 0)
		(void)unlink(LOCK_FILE_RUN);
	else
		run = write_one(LOCK_FILE_RUN, LOCK_FILE_RUN ".new", text, len);
	wire_out_init(&out, outcome, sizeof(outcome));
	wire_put_u32(&out, (uint32_t)-disk);
	wire_put_u32(&out, (uint32_t)-run);
	_exit(write(3, outcome, out.len) == (ssize_t)out.len ? 0 : 1);
}

/* --- the parent's side -------------------------------------------------------- */

void
lock_file_cancel(struct lock_file_job *job)
{
	if (job == NULL)
		return;
	loop_watch_free(job->watch);
	loop_watch_free(job->timer);
	(void)proc_signal(job->pidfd, SIGKILL);
	io_close(&job->pidfd);
	io_close(&job->pipe);
	free(job);
}

static void
finish(struct lock_file_job *job, int error, bool is_kept)
{
	lock_file_fn *fn = job->fn;
	void *arg = job->arg;

	lock_file_cancel(job);
	fn(arg, error, is_kept);
}

static void
on_outcome(void *arg, int fd, unsigned int events)
{
	uint8_t outcome[OUTCOME_LENGTH];
	struct wire_in in;
	ssize_t n = read(fd, outcome, sizeof(outcome));
	uint32_t disk, run;

	(void)events;
	wire_in_init(&in, outcome, n > 0 ? (size_t)n : 0);
	disk = wire_get_u32(&in);
	run = wire_get_u32(&in);
	if (wire_end(&in) < 0 || disk > INT32_MAX)
		finish(arg, -EIO, false);
	else
		finish(arg, -(int)disk, disk != 0 && run == 0);
}

static void
on_late(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	finish(arg, -ETIMEDOUT, false);
}

struct lock_file_job *
lock_file_write(struct loop *loop, const char *text, size_t len, bool is_broken,
    lock_file_fn *fn, void *arg)
{
	struct lock_file_job *job = calloc(1, sizeof(*job));
	int ends[2] = {-1, -1};
	pid_t pid;

	if (job == NULL)
		return NULL;
	*job = (struct lock_file_job){.pidfd = -1, .pipe = -1, .fn = fn, .arg = arg};
	if (pipe2(ends, O_CLOEXEC) < 0)
		goto failed;
	job->pipe = ends[0];
	job->watch = loop_watch_fd(loop, ends[0], LOOP_READ, on_outcome, job);
	job->timer = loop_timer(loop, on_late, job);
	if (job->watch == NULL || job->timer == NULL ||
	    loop_timer_set(job->timer, WRITE_MS) < 0)
		goto failed;
	pid = fork();
	if (pid == 0)
		child(ends[1], text, len, is_broken);
	if (pid < 0)
		goto failed;
	job->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	io_close(&ends[1]);
	return job;
failed:
	io_close(&ends[1]);
	lock_file_cancel(job);
	return NULL;
}
