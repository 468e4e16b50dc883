/* Walks down from U. A process is followed only as the very one that was seen: by
 * pidfd, with its parent still the one above it. */
#include "daemon/leftovers.h"

#include "daemon/proc.h"
#include "daemon/scope.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define CHILDREN_MAX 256
#define ROUNDS       4 /* of looking for what was started meanwhile */

void
leftovers_init(struct leftovers *l, uid_t uid)
{
	l->uid = uid;
	l->scope = -1;
	l->count = 0;
	l->is_cut = false;
}

void
leftovers_free(struct leftovers *l)
{
	for (size_t i = 0; i < l->count; i++)
		io_close(&l->held[i].pidfd);
	l->count = 0;
	io_close(&l->scope);
}

static bool
is_held(const struct leftovers *l, pid_t pid)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->held[i].pid == pid && proc_pidfd_is_alive(l->held[i].pidfd))
			return true;
	return false;
}

static void
take(struct leftovers *l, pid_t pid, pid_t parent)
{
	struct proc proc;
	int pidfd;

	/* By the real uid: a setuid program that the user started is his. */
	if (is_held(l, pid) || proc_read(pid, &proc) < 0 || proc.parent != parent ||
	    proc.uid != l->uid)
		return;
	if (l->count == LEFTOVERS_MAX) {
		l->is_cut = true;
		return;
	}
	pidfd = proc_pidfd(&proc);
	if (pidfd >= 0)
		l->held[l->count++] = (struct leftover){.pid = pid, .pidfd = pidfd};
}

static void
take_children(struct leftovers *l, pid_t pid, int pidfd)
{
	pid_t children[CHILDREN_MAX];
	ssize_t n = proc_children(pid, children, CHILDREN_MAX);

	/* Of the process that is meant, not of one that got its number. */
	if (!proc_pidfd_is_alive(pidfd))
		return;
	for (ssize_t i = 0; i < n; i++)
		take(l, children[i], pid);
}

/* Those held from the first on; what is added is walked, too. */
static void
walk(struct leftovers *l)
{
	for (size_t i = 0; i < l->count; i++)
		take_children(l, l->held[i].pid, l->held[i].pidfd);
}

void
leftovers_find(struct leftovers *l, pid_t u, int u_pidfd)
{
	if (l->scope < 0) {
		l->scope = scope_open(u, l->uid);
		if (l->scope < 0 || !proc_pidfd_is_alive(u_pidfd)) {
			io_close(&l->scope);
			l->scope = -1;
		}
	}
	take_children(l, u, u_pidfd);
	walk(l);
}

bool
leftovers_live(const struct leftovers *l)
{
	if (scope_is_populated(l->scope))
		return true;
	for (size_t i = 0; i < l->count; i++)
		if (proc_pidfd_is_alive(l->held[i].pidfd))
			return true;
	return false;
}

static void
signal_all(const struct leftovers *l, int signal)
{
	for (size_t i = 0; i < l->count; i++)
		(void)proc_signal(l->held[i].pidfd, signal);
}

void
leftovers_hang_up(const struct leftovers *l)
{
	signal_all(l, SIGHUP);
	signal_all(l, SIGCONT);
}

void
leftovers_kill(struct leftovers *l)
{
	int err = l->scope >= 0 ? scope_kill(l->scope) : 0;

	if (err < 0 && err != -ENODEV && err != -ENOENT)
		log_error("a session's cgroup cannot be killed: %s", strerror(-err));
	/* Who is stopped starts nothing more. */
	for (int round = 0; round < ROUNDS; round++) {
		size_t before = l->count;
		signal_all(l, SIGSTOP);
		walk(l);
		if (l->count == before)
			break;
	}
	signal_all(l, SIGKILL);
	if (l->is_cut)
		log_error("uid %u had more than %d processes in one connection: those beyond "
			  "live on",
		    (unsigned int)l->uid, LEFTOVERS_MAX);
}
