/* The loop: two ways, the daemon's word, and the terminal's signals. Nothing of ours goes
 * to standard output. */
#include "shell/stream.h"

#include "lib/io.h"
#include "shell/say.h"
#include "shell/terminal.h"
#include "shell/way.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define EX_SOFTWARE 70
#define EX_LATER    75
#define ESCAPE      0x1d /* ^], as virsh and telnet have it */
#define TELL_MS     2000 /* for the daemon's last word, once both ways are over */
#define TAIL_MS     1000 /* for what is left of a channel that was ended */

enum place { PLACE_IN, PLACE_STREAM, PLACE_OUT, PLACE_TALK, PLACE_SIGNALS, PLACES };

struct stream {
	struct talk *talk;
	int fd, in, out;
	bool is_line;             /* one end of a serial line: it ends as a whole */
	bool is_terminal;         /* standard input is one, in raw mode */
	bool is_told, is_stopped; /* by the daemon; by a signal, or nobody reads */
	uint8_t status;
	int64_t deadline_ms; /* once it was ended; INT64_MAX before */
	struct terminal terminal;
	struct way up, down;
	char words[PROTO_TEXT_MAX + 1];
};

/* One of our own for the same terminal or pipe, which does not block and leaves the others'
 * alone; where there is none, what there is. Sockets need none. */
static int
reopen(int fd, int flags)
{
	char path[32];
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own >= 0 ? own : fd;
}

static void
tell_end(struct stream *s, uint8_t status, const char *words)
{
	s->is_told = true;
	s->status = status;
	snprintf(s->words, sizeof(s->words), "%s", words);
	s->up.is_over = true;
	if (status != 0)
		s->deadline_ms = io_now_ms() + TAIL_MS;
}

static void
hear(struct stream *s)
{
	char words[PROTO_TEXT_MAX + 1];
	uint8_t status;

	if (talk_receive(s->talk) < 0) {
		tell_end(s, EX_LATER, "The gateway's daemon has ended, and this with it.");
		return;
	}
	if (s->talk->header.type != PROTO_SHELL_CLOSED)
		return; /* of a later version */
	status = wire_get_u8(&s->talk->in);
	wire_get_str(&s->talk->in, words, sizeof(words));
	tell_end(s, wire_end(&s->talk->in) == 0 ? status : EX_LATER, words);
}

/* The user's end of input: no more will come. */
static void
pass_end_up(struct stream *s)
{
	if (s->up.is_over && !s->up.is_lost)
		(void)shutdown(s->fd, SHUT_WR);
}

/* Standard output is closed as a pipe or socket is, while input may go on. */
static void
pass_end_down(struct stream *s)
{
	int none;

	if (!s->down.is_over || s->is_line)
		return;
	if (shutdown(STDOUT_FILENO, SHUT_WR) == 0 || errno != ENOTSOCK)
		return;
	if (s->out != STDOUT_FILENO)
		io_close(&s->out);
	none = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (none >= 0) {
		(void)dup2(none, STDOUT_FILENO);
		io_close(&none);
	}
}

static bool
is_over(const struct stream *s)
{
	if (s->is_stopped || s->up.is_left)
		return true;
	if (s->is_line && s->is_terminal && s->up.is_over)
		return !s->is_told || s->down.is_over;
	return s->down.is_over && (s->up.is_over || s->is_line);
}

static short
events_of(const struct way *in, const struct way *out)
{
	return (short)((in != NULL && way_wants_input(in) ? POLLIN : 0) |
		       (out != NULL && way_wants_room(out) ? POLLOUT : 0));
}

/* A descriptor that nothing is wanted of is left out: its hang-up would be told again and
 * again. But who reads our output must be there. */
static void
prepare(const struct stream *s, struct pollfd fds[PLACES])
{
	fds[PLACE_IN] = (struct pollfd){.fd = s->in, .events = events_of(&s->up, NULL)};
	fds[PLACE_STREAM] = (struct pollfd){.fd = s->fd, .events = events_of(&s->down, &s->up)};
	fds[PLACE_OUT] = (struct pollfd){.fd = s->out, .events = events_of(NULL, &s->down)};
	fds[PLACE_TALK] = (struct pollfd){.fd = s->talk->fd, .events = POLLIN};
	fds[PLACE_SIGNALS] = (struct pollfd){.fd = s->terminal.signals, .events = POLLIN};
	if (fds[PLACE_IN].events == 0)
		fds[PLACE_IN].fd = -1;
	if (fds[PLACE_STREAM].events == 0)
		fds[PLACE_STREAM].fd = -1;
	if (s->down.is_over)
		fds[PLACE_OUT].fd = -1;
	if (s->is_told)
		fds[PLACE_TALK].fd = -1;
	if (!s->is_terminal)
		fds[PLACE_SIGNALS].fd = -1;
}

/* False: nothing is to be moved any more. */
static bool
wait_for(const struct stream *s, struct pollfd fds[PLACES])
{
	int n, left_ms = io_timeout_ms(s->deadline_ms, io_now_ms());

	if (left_ms == 0)
		return false;
	prepare(s, fds);
	n = poll(fds, PLACES, left_ms);
	return n > 0 || (n < 0 && errno == EINTR);
}

static void
move(struct stream *s, const struct pollfd fds[PLACES])
{
	bool is_up = s->up.is_over, is_down = s->down.is_over;
	short in = fds[PLACE_IN].revents, stream = fds[PLACE_STREAM].revents;

	if (in != 0 || (stream & ~POLLIN && way_wants_room(&s->up)))
		way_move(&s->up);
	if (fds[PLACE_OUT].revents != 0 || (stream & ~POLLOUT && way_wants_input(&s->down)))
		way_move(&s->down);
	if (s->up.is_over != is_up)
		pass_end_up(s);
	if (s->down.is_over != is_down)
		pass_end_down(s);
}

static void
pump(struct stream *s)
{
	struct pollfd fds[PLACES];

	while (!is_over(s) && wait_for(s, fds)) {
		if (fds[PLACE_TALK].revents != 0)
			hear(s);
		if (fds[PLACE_SIGNALS].revents != 0 || s->down.is_lost ||
		    fds[PLACE_OUT].revents & (POLLERR | POLLHUP | POLLNVAL))
			s->is_stopped = true;
		else
			move(s, fds);
		if (s->down.is_lost)
			s->is_stopped = true;
	}
}

/* What it ended by, if the daemon has not said so yet. */
static void
hear_last(struct stream *s)
{
	struct pollfd fd = {.fd = s->talk->fd, .events = POLLIN};

	while (!s->is_told && poll(&fd, 1, TELL_MS) > 0)
		hear(s);
}

static int
begin(struct stream *s, const struct asked *asked)
{
	bool is_line = asked->ask == PROTO_ASK_CONSOLE;

	(void)signal(SIGPIPE, SIG_IGN);
	s->is_line = is_line;
	s->deadline_ms = INT64_MAX;
	s->in = reopen(STDIN_FILENO, O_RDONLY);
	s->out = reopen(STDOUT_FILENO, O_WRONLY);
	if (is_line && isatty(STDIN_FILENO)) {
		say(STDERR_FILENO, "(");
		say_foreign(STDERR_FILENO, asked->vm);
		say(STDERR_FILENO, ": its serial line; ^] leaves)\n");
		if (terminal_open_raw(&s->terminal) < 0)
			return -EIO;
		s->is_terminal = true;
	}
	way_open(&s->up, s->in, s->fd, s->is_terminal ? ESCAPE : -1);
	way_open(&s->down, s->fd, s->out, -1);
	return 0;
}

int
stream_show(struct talk *talk, const struct asked *asked)
{
	static struct stream s;

	s.talk = talk;
	s.fd = talk->passed;
	talk->passed = -1;
	if (s.fd < 0 || wire_end(&talk->in) < 0 || begin(&s, asked) < 0) {
		say_error("The gateway's daemon gave an answer that is not understood.");
		return EX_SOFTWARE;
	}
	pump(&s);
	io_close(&s.fd);
	hear_last(&s);
	if (s.is_terminal) {
		terminal_close(&s.terminal);
		say(STDERR_FILENO, "\n");
	}
	if (s.status != 0 || (s.is_terminal && !s.up.is_left && s.words[0] != '\0'))
		say_error(s.words);
	return s.up.is_left ? 0 : s.status;
}
