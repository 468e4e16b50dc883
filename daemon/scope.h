/* The cgroup that pam_systemd made for one session: all that runs in it may be
 * killed at once. Any other cgroup, above all ssh.service, holds others too. */
#ifndef SALLYPORT_DAEMON_SCOPE_H
#define SALLYPORT_DAEMON_SCOPE_H

#include <stdbool.h>
#include <sys/types.h>

/* Is path, from /proc/PID/cgroup, a session's own scope of this user? */
bool scope_is_session(const char *path, uid_t uid);

/* The folder of pid's scope, held open: a later scope of the same name is another.
 * The caller's; -ENOENT when it is in no scope of its own, -errno. The caller sees
 * to it that pid is still the one that was meant. */
int scope_open(pid_t pid, uid_t uid);
/* Is there a process in it? */
bool scope_is_populated(int scope);
/* Kills all that is in it. 0 or -errno. */
int scope_kill(int scope);

#endif
