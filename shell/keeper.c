/* One loop over the daemon, the child's log and signals. */
#include "shell/keeper.h"

#include "lib/io.h"
#include "shell/claims.h"
#include "shell/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EX_SOFTWARE 70
#define EX_SIGNALED 128 /* and the signal's number, as a shell has it */
#define KILL_MS     500 /* from SIGHUP to SIGKILL; the daemon gives us 800 */
#define SETTLE_MS   100 /* a failure would have been said by then */
#define GOODBYE_MS  1000
#define REST_MS     500 /* for what outlives the child; then it goes, and we with it */
#define DRAIN_MAX   64  /* reads of a log that does not end with its writer */

/* Lines that may be told: so many a second, and so many at once. What the daemon itself
 * takes of one user is bounded there. */
struct allowance {
	uint32_t per_s, most, left;
	int64_t filled_ms;
};

struct keeper {
	struct talk *talk;
	pid_t child;
	int log, signals;
	struct claims claims;
	struct allowance done, refused;
	uint32_t left_out;
	bool has_told;
	int64_t end_ms; /* SIGKILL is due then; 0: not being ended */
	int status;     /* of the child, once it has_ended */
	bool has_ended;
};

static void
signals_of(sigset_t *set)
{
	static const int numbers[] = {SIGCHLD, SIGHUP, SIGTERM, SIGINT, SIGQUIT};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(set, numbers[i]);
}

/* A group of our own: whoever is in it ends with us. A signal that we do not read does
 * nothing, because rsync, taken over, could send it. */
int
keeper_begin(struct keeper_signals *before)
{
	sigset_t set;

	sigfillset(&set);
	before->on_pipe = signal(SIGPIPE, SIG_IGN);
	if (getpgrp() != getpid() && setpgid(0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	return sigprocmask(SIG_BLOCK, &set, &before->mask) < 0 ? -errno : 0;
}

void
keeper_undo(const struct keeper_signals *before)
{
	(void)signal(SIGPIPE, before->on_pipe);
	(void)sigprocmask(SIG_SETMASK, &before->mask, NULL);
}

/* --- what is told ------------------------------------------------------------------ */

static bool
may_tell(struct allowance *allowance, int64_t now_ms)
{
	uint64_t more = (uint64_t)(now_ms - allowance->filled_ms) * allowance->per_s / 1000;

	if (more > 0) {
		allowance->filled_ms = now_ms;
		allowance->left = more + allowance->left > allowance->most
				      ? allowance->most
				      : allowance->left + (uint32_t)more;
	}
	if (allowance->left == 0)
		return false;
	allowance->left--;
	return true;
}

static int
send_claim(struct talk *talk, uint32_t left_out, bool is_last, const char *line)
{
	uint8_t buf[PROTO_TEXT_MAX + 64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_SHELL_CLAIM, 3);
	wire_put_u32(&out, left_out);
	wire_put_u8(&out, is_last);
	wire_put_str(&out, line);
	return out.failed ? -EMSGSIZE : io_send(talk->fd, out.buf, out.len, NULL, 0);
}

static void
tell(void *arg, const char *line, bool is_refused)
{
	struct keeper *k = arg;

	if (may_tell(is_refused ? &k->refused : &k->done, io_now_ms()) &&
	    send_claim(k->talk, k->left_out, false, line) == 0) {
		k->left_out = 0;
		k->has_told = true;
	} else if (k->left_out < UINT32_MAX) {
		k->left_out++;
	}
}

/* Who does not read what we say must not keep us from hearing the daemon. */
static bool
is_heard(void)
{
	struct pollfd polled = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&polled, 1, 0) == 1 && (polled.revents & POLLOUT) != 0;
}

static void
pass(void *arg, const char *bytes, size_t len)
{
	_Static_assert(CLAIMS_LINE_MAX <= PIPE_BUF, "does not block when there is room");

	(void)arg;
	if (is_heard())
		(void)!write(STDERR_FILENO, bytes, len);
}

void
keeper_note(struct talk *talk, const char *line, bool is_last)
{
	if (send_claim(talk, 0, is_last, line) == 0 && is_last)
		(void)io_wait(talk->fd, POLLIN, io_now_ms() + GOODBYE_MS);
}

/* All that was told is on its way to the record before the session's end is seen. */
static void
say_goodbye(struct keeper *k)
{
	if (k->talk->fd >= 0 && (k->has_told || k->left_out > 0) &&
	    send_claim(k->talk, k->left_out, true, "") == 0)
		(void)io_wait(k->talk->fd, POLLIN, io_now_ms() + GOODBYE_MS);
}

/* --- its end ----------------------------------------------------------------------- */

/* The child, what it started, and us: we wait for ours by descriptor. */
static void
send_signal(int number)
{
	(void)kill(0, number);
}

static void
end(struct keeper *k, const char *why)
{
	if (k->end_ms != 0)
		return;
	k->end_ms = io_now_ms() + KILL_MS;
	send_signal(SIGHUP);
	send_signal(SIGCONT);
	if (why != NULL && is_heard())
		say_error(why);
}

static void
hear_daemon(struct keeper *k)
{
	char why[PROTO_TEXT_MAX + 1], text[PROTO_TEXT_MAX + 64];
	int err = talk_receive(k->talk);

	if (err < 0) {
		talk_close(k->talk);
		end(k, "The gateway's daemon has gone: this transfer ends.");
		return;
	}
	if (k->talk->header.type != PROTO_SHELL_ENDED)
		return;
	wire_get_str(&k->talk->in, why, sizeof(why));
	snprintf(text, sizeof(text), "This transfer is ended: %s.", why);
	end(k, text);
}

static void
look_at_child(struct keeper *k)
{
	int status;
	pid_t pid;

	/* Its children, too, become ours when it ends. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->child)
			continue;
		k->status = status;
		k->has_ended = true;
	}
}

static void
hear_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		look_at_child(k);
	else if (info.ssi_signo == SIGHUP)
		end(k, NULL);
	else
		(void)kill(k->child, (int)info.ssi_signo);
}

/* --- the loop ---------------------------------------------------------------------- */

/* False when nothing more can come. */
static bool
read_log(struct keeper *k)
{
	char bytes[8192];
	ssize_t n = read(k->log, bytes, sizeof(bytes));

	if (n > 0)
		claims_read(&k->claims, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		io_close(&k->log);
	return n > 0;
}

static int
timeout_ms(const struct keeper *k)
{
	int64_t left = k->end_ms - io_now_ms();

	if (k->end_ms != 0)
		return left > 0 ? (int)left : 0;
	return k->claims.asked[0] != '\0' ? SETTLE_MS : -1;
}

static void
wait_for_something(struct keeper *k)
{
	struct pollfd polled[] = {{.fd = k->signals, .events = POLLIN},
	    {.fd = k->talk->fd, .events = POLLIN}, {.fd = k->log, .events = POLLIN}};
	int n = poll(polled, 3, timeout_ms(k));

	if (n == 0 && k->end_ms == 0)
		claims_settle(&k->claims);
	if (k->end_ms != 0 && io_now_ms() >= k->end_ms)
		send_signal(SIGKILL);
	if (n <= 0)
		return;
	if (polled[1].revents != 0)
		hear_daemon(k);
	if (polled[2].revents != 0)
		(void)read_log(k);
	if (polled[0].revents != 0)
		hear_signal(k);
}

/* The session counts as ended when we have: nothing of it may go on then. */
static void
end_rest(const struct keeper *k)
{
	int64_t deadline_ms = k->end_ms != 0 ? k->end_ms : io_now_ms() + REST_MS;
	struct timespec wait;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		int64_t left_ms = deadline_ms - io_now_ms();

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0)
			return;
		if (left_ms <= 0)
			break;
		wait = (struct timespec){left_ms / 1000, left_ms % 1000 * 1000000};
		(void)sigtimedwait(&set, NULL, &wait);
	}
	send_signal(SIGKILL);
}

/* As the child ended, so do we: sshd tells the client of a signal, too. */
static int
end_like(int status)
{
	sigset_t set;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (!WIFSIGNALED(status))
		return EX_SOFTWARE;
	(void)signal(WTERMSIG(status), SIG_DFL);
	(void)kill(getpid(), WTERMSIG(status));
	sigemptyset(&set);
	sigaddset(&set, WTERMSIG(status));
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	return EX_SIGNALED + WTERMSIG(status);
}

/* Neither the client nor sshd shall wait for an end of file that we hold back. */
static void
leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	close(null);
}

int
keeper_run(struct talk *talk, pid_t child, int log)
{
	static struct keeper k;
	sigset_t set;
	size_t drained = 0;

	k = (struct keeper){.talk = talk, .child = child, .log = log};
	k.done = (struct allowance){50, 250, 250, io_now_ms()};
	k.refused = (struct allowance){5, 50, 50, io_now_ms()};
	k.claims = (struct claims){.tell = tell, .pass = pass, .arg = &k};
	signals_of(&set);
	k.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	leave_streams();
	if (k.signals < 0)
		end(&k, "No descriptor is left: this transfer ends.");
	look_at_child(&k);
	while (!k.has_ended) {
		wait_for_something(&k);
		if (k.signals < 0)
			look_at_child(&k);
	}
	if (k.log >= 0)
		(void)fcntl(k.log, F_SETFL, O_NONBLOCK);
	while (k.log >= 0 && drained++ < DRAIN_MAX && read_log(&k))
		;
	claims_settle(&k.claims);
	if (k.end_ms != 0) /* what it had started goes with it */
		send_signal(SIGHUP);
	end_rest(&k);
	say_goodbye(&k);
	return end_like(k.status);
}
