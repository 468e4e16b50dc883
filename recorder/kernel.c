/* The child, and the pipe to it. */
#include "recorder/kernel.h"

#include "lib/confine.h"
#include "lib/drop.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <libaudit.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXECUTABLE LIBEXECDIR "/recorder"

/* One message to the child. Never leaves this machine or this program's two halves. */
struct note {
	int type; /* AUDIT_USER_... */
	int is_good;
	char user[sizeof(((struct journal_record *)0)->user)];
	char source[sizeof(((struct journal_record *)0)->source)];
};

/* What the kernel is told, and of which records. */
static const struct {
	const char *event, *operation;
	int type;
} told[] = {{"otp", "sallyport-otp", AUDIT_USER_AUTH},
    {"session", "sallyport-session", AUDIT_USER_START},
    {"session-end", "sallyport-session", AUDIT_USER_END}};
#define TOLD (sizeof(told) / sizeof(told[0]))

static const int calls[] = {SYS_read, SYS_write, SYS_sendto, SYS_recvfrom, SYS_recvmsg,
    SYS_sendmsg, SYS_ppoll, SYS_pselect6,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_select
    SYS_select,
#endif
    SYS_close, SYS_brk, SYS_mmap, SYS_munmap, SYS_getpid, SYS_nanosleep, SYS_clock_nanosleep};

static const char *
operation_of(int type)
{
	for (size_t i = 0; i < TOLD; i++)
		if (told[i].type == type)
			return told[i].operation;
	return "sallyport";
}

/* Until the recorder is gone. A word for each note: 1, it was taken. */
static void
serve(int fd, int audit)
{
	struct note note;

	while (read(fd, &note, sizeof(note)) == (ssize_t)sizeof(note)) {
		uint8_t is_taken;
		int n = audit_log_acct_message(audit, note.type, EXECUTABLE,
		    operation_of(note.type), note.user[0] != '\0' ? note.user : "?", (uid_t)-1,
		    NULL, note.source[0] != '\0' ? note.source : "?", "ssh", note.is_good);
		is_taken = n > 0;
		if (write(fd, &is_taken, 1) != 1)
			return;
	}
}

static int
live(int fd, const char *account)
{
	int audit, err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	audit = audit_open();
	if (audit < 0)
		return 1;
	err = drop_to_account_keeping(account, CAP_AUDIT_WRITE);
	if (err == 0)
		err = confine_to_calls(calls, sizeof(calls) / sizeof(calls[0]));
	if (err == 0)
		serve(fd, audit);
	return err < 0;
}

void
kernel_start(struct kernel *kernel, const char *account)
{
	int ends[2];
	pid_t pid;

	*kernel = (struct kernel){.fd = -1, .is_wanted = true, .is_refused = true};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		/* Not the supervisor's socket, the audit file, or its lock. */
		if (dup2(ends[1], 3) == 3 && close_range(4, ~0U, 0) == 0)
			_exit(live(3, account));
		_exit(1);
	}
	close(ends[1]);
	kernel->fd = pid < 0 ? -1 : ends[0];
	if (pid < 0)
		close(ends[0]);
	kernel->is_refused = pid < 0;
}

void
kernel_look(struct kernel *kernel)
{
	uint8_t is_taken;
	ssize_t n;

	while (kernel->fd >= 0 && (n = recv(kernel->fd, &is_taken, 1, MSG_DONTWAIT)) != -1) {
		if (n == 0) {
			kernel->missed += kernel->waiting;
			kernel->waiting = 0;
			kernel->is_refused = true;
			io_close(&kernel->fd);
			return;
		}
		kernel->waiting -= kernel->waiting > 0;
		kernel->missed += is_taken == 0;
		kernel->is_refused = is_taken == 0;
	}
}

void
kernel_tell(struct kernel *kernel, const struct journal_record *record)
{
	struct note note = {0};
	size_t i = 0;

	while (i < TOLD && strcmp(record->event, told[i].event) != 0)
		i++;
	if (!kernel->is_wanted || i == TOLD)
		return;
	kernel_look(kernel);
	note.type = told[i].type;
	note.is_good = strcmp(record->verdict, "deny") != 0;
	memcpy(note.user, record->user, sizeof(note.user));
	memcpy(note.source, record->source, sizeof(note.source));
	if (kernel->fd >= 0 && send(kernel->fd, &note, sizeof(note),
				   MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(note))
		kernel->waiting++;
	else
		kernel->missed++;
}
