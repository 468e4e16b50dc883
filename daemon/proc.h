/* Who a process is, read from /proc in one go that cannot mix two processes. */
#ifndef SALLYPORT_DAEMON_PROC_H
#define SALLYPORT_DAEMON_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_PLACES 64

struct proc {
	pid_t pid, parent;
	uint64_t start; /* clock ticks since boot: with pid, the process's name */
	uid_t uid, euid, suid, fsuid;
	dev_t exe_dev; /* the executable's device and inode: a path proves nothing */
	ino_t exe_ino;
};

/* 0; -ESRCH when there is no such process or it changed while being read;
 * -errno. Reads /proc/PID/{stat,exe,status,stat}: half of what a forward costs us. */
int proc_read(pid_t pid, struct proc *proc);
/* The same, but only pid, parent and start, from one file; the uids are nobody's. */
int proc_read_place(pid_t pid, struct proc *proc);
/* Is it still there, the same, and its parent still its parent? One file. */
bool proc_is_still_child(const struct proc *proc);

/* Has it been stopped by a signal, or by who traces it? */
bool proc_is_stopped(pid_t pid);

/* Is the executable of proc one of paths[n]: by path, and by device and inode of
 * what lies at that path now? */
bool proc_runs_one_of(const struct proc *proc, char *const *paths, size_t n);

/* Are all four uids equal to uid? */
bool proc_is_wholly(const struct proc *proc, uid_t uid);

/* A pidfd (O_CLOEXEC, the caller's) of exactly this process; -ESRCH, -errno. */
int proc_pidfd(const struct proc *proc);
/* Has the process behind pidfd not yet ended? And none of n (at most 3) of them? */
bool proc_pidfd_is_alive(int pidfd);
bool proc_pidfds_are_alive(const int *pidfds, size_t n);
/* 0 or -errno. */
int proc_signal(int pidfd, int signal);

/* The direct children of pid, at most cap of them: their number or -errno. */
ssize_t proc_children(pid_t pid, pid_t *children, size_t cap);

/* Does pid hold the socket with this inode? Looks at no other process, and first where
 * places has it, or the last one was: only what is found there now counts. */
struct proc_places {
	size_t n;
	int last;
	size_t looked; /* at so many descriptors of pid, by the last call */
	struct { int fd; uint32_t inode; } seen[PROC_PLACES]; /* as the last look at all went */
};
bool proc_holds_socket(pid_t pid, uint32_t inode, struct proc_places *places);

#endif
