/* Reads /proc. Traps: comm in stat may hold ") S 4242 1 1", so fields are counted
 * behind the last ')', and parent and uids come from status, which escapes; the
 * exe link's text is the process's own view, so device and inode count. */
#include "daemon/proc.h"

#include "lib/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PROC_TEXT 4096
#define NOBODY    ((uid_t)-1) /* the uid that no process has */

/* /proc/PID/NAME into text, NUL-terminated, by one read: the kernel makes the whole of
 * such a file at once, and would make it again to say that there is no more. */
static int
read_text(pid_t pid, const char *name, char *text, size_t cap)
{
	char path[64];
	ssize_t n;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, cap - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -ESRCH;
}

/* The n-th blank-separated word of text (from 0), as a number. */
static int
word_number(const char *text, size_t n, uint64_t *value)
{
	char word[24];
	size_t len;

	for (; n > 0; n--) {
		text += strcspn(text, " \t\n");
		text += strspn(text, " \t");
	}
	len = strcspn(text, " \t\n");
	if (len == 0 || len >= sizeof(word))
		return -EBADMSG;
	memcpy(word, text, len);
	word[len] = '\0';
	return num_parse(word, 0, UINT64_MAX, value);
}

/* stat's fields from the third on, one blank between them; text is their room. */
static int
stat_fields(pid_t pid, char text[PROC_TEXT], const char **fields)
{
	const char *paren;
	int err = read_text(pid, "stat", text, PROC_TEXT);

	if (err < 0)
		return err;
	paren = strrchr(text, ')');
	if (paren == NULL || paren[1] != ' ')
		return -EBADMSG;
	*fields = paren + 2;
	return 0;
}

static int
read_stat(pid_t pid, uint64_t *parent, uint64_t *start)
{
	char text[PROC_TEXT];
	const char *fields;
	int err = stat_fields(pid, text, &fields);

	if (err < 0)
		return err;
	if (word_number(fields, 4 - 3, parent) < 0)
		return -EBADMSG;
	return word_number(fields, 22 - 3, start);
}

bool
proc_is_stopped(pid_t pid)
{
	char text[PROC_TEXT];
	const char *fields;

	return stat_fields(pid, text, &fields) == 0 && (*fields == 'T' || *fields == 't');
}

/* The line of status that begins with key, behind it. */
static const char *
status_line(const char *status, const char *key)
{
	size_t len = strlen(key);

	while (status != NULL && *status != '\0') {
		if (strncmp(status, key, len) == 0)
			return status + len + strspn(status + len, " \t");
		status = strchr(status, '\n');
		if (status != NULL)
			status++;
	}
	return NULL;
}

static int
read_status(pid_t pid, struct proc *proc)
{
	char text[PROC_TEXT];
	const char *parent, *uids;
	uint64_t value, uid[4];
	int err = read_text(pid, "status", text, sizeof(text));

	if (err < 0)
		return err;
	parent = status_line(text, "PPid:");
	uids = status_line(text, "Uid:");
	if (parent == NULL || uids == NULL || word_number(parent, 0, &value) < 0)
		return -EBADMSG;
	proc->parent = (pid_t)value;
	for (size_t i = 0; i < 4; i++)
		if (word_number(uids, i, &uid[i]) < 0)
			return -EBADMSG;
	proc->uid = (uid_t)uid[0];
	proc->euid = (uid_t)uid[1];
	proc->suid = (uid_t)uid[2];
	proc->fsuid = (uid_t)uid[3];
	return 0;
}

/* What the kernel has in memory: the executable may lie on a file system of the user's
 * own making (FUSE, below an overlay), which could let us wait for ever. */
static int
read_exe(pid_t pid, struct proc *proc)
{
	char path[64];
	struct statx st;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	proc->exe_dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	proc->exe_ino = st.stx_ino;
	return 0;
}

int
proc_read_place(pid_t pid, struct proc *proc)
{
	uint64_t parent;
	int err;

	*proc = (struct proc){
	    .pid = pid, .uid = NOBODY, .euid = NOBODY, .suid = NOBODY, .fsuid = NOBODY};
	if (pid <= 0)
		return -ESRCH;
	err = read_stat(pid, &parent, &proc->start);
	proc->parent = err < 0 ? 0 : (pid_t)parent;
	return err;
}

/* All is of one process, and of one child of that parent: both are read again. The uids
 * are one line, which the kernel writes at once. */
int
proc_read(pid_t pid, struct proc *proc)
{
	int err = proc_read_place(pid, proc);
	pid_t parent = proc->parent;

	if (err < 0 || (err = read_exe(pid, proc)) < 0 || (err = read_status(pid, proc)) < 0)
		return err;
	return proc->parent == parent && proc_is_still_child(proc) ? 0 : -ESRCH;
}

bool
proc_is_still_child(const struct proc *proc)
{
	uint64_t parent, start;

	return read_stat(proc->pid, &parent, &start) == 0 && start == proc->start &&
	       parent == (uint64_t)proc->parent;
}

bool
proc_runs_one_of(const struct proc *proc, char *const *paths, size_t n)
{
	char link[64], target[PATH_MAX];
	ssize_t len;
	struct stat st;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)proc->pid);
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	for (size_t i = 0; i < n; i++)
		if (strcmp(target, paths[i]) == 0 && stat(paths[i], &st) == 0 &&
		    st.st_dev == proc->exe_dev && st.st_ino == proc->exe_ino)
			return true;
	return false;
}

bool
proc_is_wholly(const struct proc *proc, uid_t uid)
{
	return proc->uid == uid && proc->euid == uid && proc->suid == uid && proc->fsuid == uid;
}

int
proc_pidfd(const struct proc *proc)
{
	uint64_t parent, start;
	int fd = (int)syscall(SYS_pidfd_open, proc->pid, 0);

	if (fd < 0)
		return -errno;
	/* The pid may have been reused before the pidfd held it. */
	if (read_stat(proc->pid, &parent, &start) == 0 && start == proc->start &&
	    proc_pidfd_is_alive(fd))
		return fd;
	close(fd);
	return -ESRCH;
}

bool
proc_pidfds_are_alive(const int *pidfds, size_t n)
{
	struct pollfd p[3];

	if (n > sizeof(p) / sizeof(p[0]))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (pidfds[i] < 0)
			return false;
		p[i] = (struct pollfd){.fd = pidfds[i], .events = POLLIN};
	}
	return poll(p, n, 0) == 0;
}

bool
proc_pidfd_is_alive(int pidfd)
{
	return proc_pidfds_are_alive(&pidfd, 1);
}

int
proc_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

ssize_t
proc_children(pid_t pid, pid_t *children, size_t cap)
{
	char name[32], text[PROC_TEXT];
	size_t n = 0;
	uint64_t child;
	int err;

	snprintf(name, sizeof(name), "task/%d/children", (int)pid);
	err = read_text(pid, name, text, sizeof(text));
	if (err == -ESRCH)
		return 0;
	if (err < 0)
		return err;
	for (const char *at = text; n < cap && word_number(at, 0, &child) == 0; n++) {
		children[n] = (pid_t)child;
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return (ssize_t)n;
}

/* The inode of the socket at /proc/PID/fd/NAME, name being relative to dir; 0: there is
 * none. Inodes of sockets are 32 bits. */
static uint32_t
socket_at(int dir, const char *name)
{
	static const char prefix[] = "socket:[";
	char target[40];
	uint64_t inode;
	ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

	if (len < (ssize_t)sizeof(prefix) || target[len - 1] != ']' ||
	    strncmp(target, prefix, strlen(prefix)) != 0)
		return 0;
	target[len - 1] = '\0';
	return num_parse(target + strlen(prefix), 1, UINT32_MAX, &inode) == 0 ? (uint32_t)inode
									      : 0;
}

static bool
is_at(pid_t pid, uint32_t inode, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	return socket_at(AT_FDCWD, path) == inode;
}

/* All of them; the last of them in places. */
static bool
look_at_all(pid_t pid, uint32_t inode, struct proc_places *places)
{
	char path[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (dir == NULL)
		return false;
	places->n = places->looked = 0;
	while ((entry = readdir(dir)) != NULL) {
		uint64_t fd;
		uint32_t here;
		places->looked++;
		if (num_parse(entry->d_name, 0, INT_MAX, &fd) < 0 ||
		    (here = socket_at(dirfd(dir), entry->d_name)) == 0)
			continue;
		places->seen[places->n % PROC_PLACES].fd = (int)fd;
		places->seen[places->n++ % PROC_PLACES].inode = here;
		if (here == inode) {
			places->last = (int)fd;
			found = true;
		}
	}
	closedir(dir);
	places->n = places->n < PROC_PLACES ? places->n : PROC_PLACES;
	return found;
}

bool
proc_holds_socket(pid_t pid, uint32_t inode, struct proc_places *places)
{
	places->looked = 0;
	if (inode == 0)
		return false;
	for (size_t i = 0; i < places->n; i++)
		if (places->seen[i].inode == inode && is_at(pid, inode, places->seen[i].fd)) {
			places->last = places->seen[i].fd;
			return true;
		}
	return is_at(pid, inode, places->last) || look_at_all(pid, inode, places);
}
