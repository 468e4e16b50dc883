/* termios, TIOCEXCL, signalfd. */
#include "shell/terminal.h"

#include "lib/io.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* All that would end or stop us: taken as an end, so that the terminal is put back
 * and nothing goes on that was interrupted. */
static void
caught(sigset_t *set)
{
	sigfillset(set);
	sigdelset(set, SIGCONT);
	sigdelset(set, SIGWINCH);
	sigdelset(set, SIGCHLD);
	sigdelset(set, SIGURG);
}

static void
make_quiet(struct termios *quiet)
{
	quiet->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	quiet->c_iflag &= ~(tcflag_t)(IXON | IXOFF | INLCR | IGNCR);
}

/* Another machine's terminal: it echoes, and makes lines and signals. */
static void
make_raw(struct termios *raw)
{
	make_quiet(raw);
	raw->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | ICRNL);
	raw->c_oflag &= ~(tcflag_t)OPOST;
	raw->c_cflag = (raw->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
}

static int
take(struct terminal *terminal, void (*change)(struct termios *), int action)
{
	struct termios changed;
	sigset_t set;
	int err;

	if (tcgetattr(STDIN_FILENO, &terminal->saved) < 0)
		return -errno;
	caught(&set);
	terminal->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (terminal->signals < 0)
		return -errno;
	/* In the background a change of the terminal would stop us: so it fails. */
	(void)sigprocmask(SIG_BLOCK, &set, &terminal->mask);
	changed = terminal->saved;
	change(&changed);
	changed.c_cc[VMIN] = 1;
	changed.c_cc[VTIME] = 0;
	if (ioctl(STDIN_FILENO, TIOCEXCL) == 0 &&
	    tcsetattr(STDIN_FILENO, action, &changed) == 0)
		return 0;
	err = -errno;
	terminal_close(terminal);
	return err;
}

int
terminal_open(struct terminal *terminal)
{
	return take(terminal, make_quiet, TCSAFLUSH);
}

int
terminal_open_raw(struct terminal *terminal)
{
	return take(terminal, make_raw, TCSANOW);
}

void
terminal_close(struct terminal *terminal)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->saved);
	(void)ioctl(STDIN_FILENO, TIOCNXCL);
	io_close(&terminal->signals);
	/* What came meanwhile takes its course now. */
	(void)sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

static int
read_key(void)
{
	unsigned char byte;
	ssize_t n = read(STDIN_FILENO, &byte, 1);

	return n == 1 ? byte : TERMINAL_END;
}

int
terminal_key(const struct terminal *terminal, int other, int64_t deadline_ms)
{
	struct pollfd fds[3] = {{.fd = terminal->signals, .events = POLLIN},
	    {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = other, .events = POLLIN}};
	int n;

	do
		n = poll(fds, 3, io_timeout_ms(deadline_ms, io_now_ms()));
	while (n < 0 && errno == EINTR);
	if (n <= 0 || fds[0].revents != 0 || fds[1].revents & (POLLHUP | POLLERR | POLLNVAL))
		return TERMINAL_END;
	return fds[1].revents != 0 ? read_key() : TERMINAL_OTHER;
}
