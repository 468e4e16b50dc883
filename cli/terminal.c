/* The terminal without echo, and back. */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_LEN 255

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define ENDING (sizeof(ending) / sizeof(ending[0]))

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

/* One byte a time, so that what follows the line stays with its owner. */
int
terminal_read_line(int fd, struct secret *answer)
{
	size_t len = 0;
	char byte = '\0';
	ssize_t n = 0;
	int err = secret_new(answer, LINE_MAX_LEN + 1);

	while (err == 0) {
		n = read(fd, &byte, 1);
		if (n < 0 && errno == EINTR && caught == 0)
			continue;
		if (n <= 0 || byte == '\n')
			break;
		if (len == LINE_MAX_LEN)
			err = -EMSGSIZE;
		else
			answer->bytes[len++] = (unsigned char)byte;
	}
	secret_wipe(&byte, 1);
	if (err == 0 && n < 0)
		err = -errno;
	if (err == 0 && n == 0 && len == 0)
		err = -ENODATA;
	if (err == 0 && len > 0 && answer->bytes[len - 1] == '\r')
		answer->bytes[len - 1] = '\0';
	if (err < 0)
		secret_free(answer);
	return err;
}

static int
ask_unseen(int fd, const char *prompt, struct secret *answer)
{
	struct termios before, unseen;
	int err;

	if (tcgetattr(fd, &before) < 0)
		return -errno;
	unseen = before;
	unseen.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	unseen.c_lflag |= ICANON;
	if (tcsetattr(fd, TCSAFLUSH, &unseen) < 0)
		return -errno;
	(void)!write(fd, prompt, strlen(prompt));
	err = terminal_read_line(fd, answer);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	(void)!write(fd, "\n", 1);
	return err;
}

int
terminal_confirm(const char *question)
{
	int err, fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct secret answer = {0};
	bool is_yes;

	if (fd < 0)
		return -ENOTTY;
	caught = 0;
	(void)!write(fd, question, strlen(question));
	err = terminal_read_line(fd, &answer);
	is_yes = err == 0 && (answer.bytes[0] == 'y' || answer.bytes[0] == 'Y');
	secret_free(&answer);
	close(fd);
	return err < 0 ? err : is_yes;
}

int
terminal_ask(const char *prompt, struct secret *answer)
{
	struct sigaction catch = {.sa_handler = on_signal}, before[ENDING];
	int err, fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	*answer = (struct secret){0};
	if (fd < 0)
		return -ENOTTY;
	caught = 0;
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaction(ending[i], &catch, &before[i]);
	err = ask_unseen(fd, prompt, answer);
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaction(ending[i], &before[i], NULL);
	close(fd);
	if (caught != 0) {
		/* Now with the terminal in order; whoever survives has to be asked again. */
		secret_free(answer);
		(void)raise(caught);
		err = -EINTR;
	}
	return err;
}
