/* sallyport-shell: login shell and forced command of gated users. It runs as the user,
 * holds no secret and decides nothing: it tells the daemon what was asked for, asks for
 * the OTP where the daemon wants one, and executes what the daemon says. Static and
 * without NSS; not a byte of its own on standard output when something is executed. */
#include "lib/escape.h"
#include "lib/secret.h"
#include "lib/version.h"
#include "shell/asked.h"
#include "shell/environment.h"
#include "shell/page.h"
#include "shell/plan.h"
#include "shell/probe.h"
#include "shell/process.h"
#include "shell/prompt.h"
#include "shell/say.h"
#include "shell/stream.h"
#include "shell/talk.h"
#include "shell/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EX_USAGE    64
#define EX_SOFTWARE 70
#define EX_LATER    75
#define EX_DENIED   77
#define EX_CONFIG   78
#define EX_NOEXEC   126 /* as a shell has it */
#define EX_NOTFOUND 127

static const char help[] = "sallyport-shell " SALLYPORT_VERSION
			   ": login shell and ForceCommand of Sallyport's gated users.\n"
			   "See sallyport-shell(1).\n";

static char *const *
environment_of_process(void)
{
	extern char **environ;

	return environ;
}

static const char *
find_original(void)
{
	static const char name[] = "SSH_ORIGINAL_COMMAND=";

	for (char *const *e = environment_of_process(); *e != NULL; e++)
		if (strncmp(*e, name, sizeof(name) - 1) == 0)
			return *e + sizeof(name) - 1;
	return NULL;
}

static int
fail(int err)
{
	if (err == -EPROTONOSUPPORT) {
		say_error("This program and the daemon of this gateway are of different "
			  "versions: no access. Please tell its administrators.");
		return EX_CONFIG;
	}
	if (err == -EACCES) {
		say_error("You are not among this gateway's gated users: no access.");
		return EX_DENIED;
	}
	if (err == -EPERM) {
		say_error(
		    "The socket of this gateway's daemon is not root's: no access. Please "
		    "tell its administrators.");
		return EX_CONFIG;
	}
	say_error(
	    err == -ECONNRESET
		? "The gateway's daemon closed the conversation: no access now. Please "
		  "try again."
		: "The gateway's daemon does not answer: no access now. Please try again, "
		  "or tell its administrators.");
	return EX_LATER;
}

static int
refused(struct wire_in *in)
{
	char words[PROTO_TEXT_MAX + 1];
	uint8_t status = wire_get_u8(in);

	wire_get_str(in, words, sizeof(words));
	say_error(words[0] != '\0' ? words : "No access.");
	return wire_end(in) == 0 && status != 0 ? status : EX_DENIED;
}

/* 0: the answer to the OTP can be received. */
static int
ask_otp(struct talk *talk)
{
	char about[PROTO_TEXT_MAX + 1], text[PROTO_TEXT_MAX + 1], otp[PROTO_OTP_MAX + 1];
	uint32_t timeout_s;
	int err;

	wire_get_str(&talk->in, about, sizeof(about));
	wire_get_str(&talk->in, text, sizeof(text));
	timeout_s = wire_get_u32(&talk->in);
	if (wire_end(&talk->in) < 0)
		return -EBADMSG;
	if (about[0] != '\0')
		say_error(about);
	err = prompt_read(text, io_now_ms() + (int64_t)timeout_s * 1000, otp);
	if (err == 0)
		err = talk_otp(talk, otp);
	secret_wipe(otp, sizeof(otp));
	return err;
}

static int
execute(struct talk *talk, const struct asked *asked, const struct process_limits *limits)
{
	static struct environment environment;
	static struct plan plan;
	struct environment_user user = {.uid = getuid()};
	char text[PROTO_PATH_MAX + 64];
	const char *what;
	int err;

	if (!plan_unpack(&plan, &talk->in)) {
		say_error("The gateway's daemon gave an answer that is not understood.");
		return EX_CONFIG;
	}
	if (plan.plan == PROTO_PLAN_FILES)
		return transfer_run(talk, &plan, asked, limits);
	talk_close(talk);
	user.name = plan.user;
	user.home = plan.home;
	user.shell = plan.shell;
	environment_build(&environment, environment_of_process(), &user);
	process_restore(limits);
	err = plan_execute(&plan, asked->command, environment.list, &what);
	snprintf(text, sizeof(text), "%s: %s", what, strerror(-err));
	say_error(text);
	return err == -ENOENT ? EX_NOTFOUND : EX_NOEXEC;
}

/* The answers until one that ends it: the exit status. */
static int
converse(struct talk *talk, const struct asked *asked, const struct process_limits *limits)
{
	int err = talk_begin(talk, asked);

	while (err == 0 && (err = talk_receive(talk)) == 0) {
		switch (talk->header.type) {
		case PROTO_SHELL_PROMPT:
			err = ask_otp(talk);
			if (err == -ECANCELED) {
				say_error("No one-time password: no access.");
				return EX_DENIED;
			}
			break;
		case PROTO_SHELL_REFUSED:
			return refused(&talk->in);
		case PROTO_SHELL_FOLDER:
			err = transfer_add(&talk->in) ? 0 : -EPROTONOSUPPORT;
			break;
		case PROTO_SHELL_PLAN:
			return execute(talk, asked, limits);
		case PROTO_SHELL_STREAM:
			return stream_show(talk, asked);
		case PROTO_SHELL_PAGE:
		case PROTO_SHELL_VM:
		case PROTO_SHELL_RIGHT:
		case PROTO_SHELL_SEAT:
		case PROTO_SHELL_AFRESH:
		case PROTO_SHELL_END:
			return page_show(talk, asked);
		default:
			err = -EPROTONOSUPPORT;
		}
	}
	return fail(err);
}

int
main(int argc, char **argv)
{
	static struct talk talk;
	struct process_limits limits;
	struct asked asked;
	bool is_help;
	int err;

	process_harden(&limits);
	if (argc < 1)
		return EX_USAGE;
	if (argc == 2 && strcmp(argv[1], "--probe-files") == 0)
		return probe_files();
	asked_read(&asked, argc, argv, find_original(), &is_help);
	if (is_help) {
		say(isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO, help);
		return 0;
	}
	if (asked.ask == PROTO_ASK_NOTHING) {
		say_error(asked.error);
		return EX_USAGE;
	}
	err = talk_open(&talk);
	return err < 0 ? fail(err) : converse(&talk, &asked, &limits);
}
