/* sallyport-shell: login shell and forced command of gated users. In this version
 * the gate opens forwards only, so whoever asks for a session gets two lines on
 * standard error and nothing else: not a byte on standard output, which may be a
 * file transfer's. Static and without NSS; reads no environment and no input. */
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EX_NOPERM 77

static const char help[] =
    "sallyport-shell: login shell and ForceCommand of Sallyport's gated users.\n"
    "It opens no session in this version; forwards to VMs need none: ssh -N -L ...\n"
    "See sallyport-shell(1).\n";

static void
say(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);
		if (n <= 0)
			return; /* nobody is there to read it */
		text += n;
		left -= (size_t)n;
	}
}

/* uid in decimal; its name stands in a directory that this program never asks. */
static void
say_uid(uid_t uid)
{
	char digits[24];
	char *at = digits + sizeof(digits) - 1;
	uint32_t rest = uid;

	*at = '\0';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	say(STDERR_FILENO, at);
}

int
main(int argc, char **argv)
{
	/* Before anything else: no process of the same user may look inside. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (argc == 2 && strcmp(argv[1], "--help") == 0 && isatty(STDOUT_FILENO)) {
		say(STDOUT_FILENO, help);
		return 0;
	}
	say(STDERR_FILENO, "sallyport: no session for uid ");
	say_uid(getuid());
	say(STDERR_FILENO,
	    " here: in this version the gate opens forwards only.\n"
	    "To reach a VM, forward without a session: ssh -N -L 5901:VM:5900 GATEWAY\n");
	return EX_NOPERM;
}
