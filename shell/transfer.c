/* Which folders there are, which words go in, and the fork. */
#include "shell/transfer.h"

#include "files/files.h"
#include "shell/keeper.h"
#include "shell/say.h"
#include "shell/transfer_words.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EX_USAGE  64
#define EX_OSERR  71
#define EX_LATER  75
#define EX_DENIED 77
#define EX_CONFIG 78

#define TEXT_MAX (256 * 1024)

static struct {
	struct files_folder list[PROTO_FOLDERS_MAX];
	size_t count, granted; /* that can be shown, and with those that cannot */
	bool is_writable;      /* one of them */
	bool may_only_read;    /* as files.h has it */
	char text[TEXT_MAX];
	size_t used;
} folders;

static const char *
add_text(struct wire_in *in)
{
	char *text = folders.text + folders.used;

	if (folders.used == TEXT_MAX) {
		in->failed = true;
		return "";
	}
	wire_get_str(in, text, TEXT_MAX - folders.used);
	folders.used += strlen(text) + 1;
	return text;
}

bool
transfer_add(struct wire_in *in)
{
	struct files_folder *folder = &folders.list[folders.count];

	if (folders.count == PROTO_FOLDERS_MAX)
		return false;
	folder->name = add_text(in);
	folder->path = add_text(in);
	folder->is_writable = wire_get_u8(in) == 1;
	folders.may_only_read = wire_get_u8(in) == 1;
	if (wire_end(in) < 0 || folder->name[0] == '\0' || folder->path[0] != '/')
		return false;
	folders.is_writable = folders.is_writable || folder->is_writable;
	folders.granted = ++folders.count;
	return true;
}

static int
open_folder(const char *path)
{
	const struct open_how how = {
	    .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK,
	    .resolve = RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

/* NULL: it can be shown. */
static const char *
trouble_of(const struct files_folder *folder)
{
	int fd = open_folder(folder->path);
	const char *trouble = NULL;

	if (fd < 0)
		trouble = errno == ENOENT    ? "is missing"
			  : errno == ENOTDIR ? "is none"
			  : errno == EACCES  ? "cannot be read by you"
			  : errno == ELOOP   ? "lies behind a symbolic link"
					     : strerror(errno);
	else if (faccessat(fd, ".", X_OK, 0) < 0)
		trouble = "cannot be entered by you";
	if (fd >= 0)
		close(fd);
	return trouble;
}

/* Leaves out, with a word about each, what is not there. A client that runs a subsystem
 * shows nobody our words: they go on record, too. */
static void
sort_out(struct talk *talk)
{
	char text[PROTO_NAME_MAX + 128];
	size_t kept = 0;

	for (size_t i = 0; i < folders.count; i++) {
		const char *trouble = trouble_of(&folders.list[i]);

		if (trouble == NULL) {
			folders.list[kept++] = folders.list[i];
			continue;
		}
		snprintf(text, sizeof(text),
		    "%s: the folder %s; please tell this gateway's administrators.",
		    folders.list[i].name, trouble);
		say_error(text);
		keeper_note(talk, text, false);
	}
	folders.count = kept;
}

/* NULL, or why not. */
static const char *
objection(const struct transfer_words *words)
{
	if (words->program == TRANSFER_NONE)
		return words->error;
	if (words->program != TRANSFER_SFTP && !words->is_source && !folders.is_writable)
		return "what is open to you here is for reading only";
	return NULL;
}

/* --- below us ---------------------------------------------------------------------- */

/* The log is for us (claims.h). */
static char *const *
words_of(struct transfer_words *words)
{
	static char name[] = "sftp-server", to_stderr[] = "-e", level[] = "-l";
	static char verbose[] = "VERBOSE";
	static char *sftp[] = {name, to_stderr, level, verbose, NULL};

	return words->program == TRANSFER_SFTP ? sftp : words->list;
}

static void
execute(struct transfer_words *words, const struct plan *plan)
{
	const struct files_place place = {
	    .folders = folders.list,
	    .count = folders.count,
	    .has_names = folders.granted > 1,
	    .program = words->program == TRANSFER_SFTP  ? FILES_SFTP_SERVER
		       : words->program == TRANSFER_SCP ? FILES_SCP
							: FILES_RSYNC,
	    .user = plan->user,
	    .uid = getuid(),
	    .gid = getgid(),
	    .may_only_read = folders.may_only_read,
	};
	enum files_level level = FILES_NOTHING;
	const char *what = "confinement";
	char text[512];
	int err = files_confine(&place, &level, &what);

	if (err == 0) {
		what = words->list[0];
		err = files_execute(&place, level, words_of(words));
	}
	snprintf(text, sizeof(text),
	    "%s: %s: no file transfer; please tell this gateway's "
	    "administrators.",
	    what, strerror(-err));
	say_error(text);
}

/* What the child needs of before the fork. */
struct origin {
	const struct process_limits *limits;
	struct keeper_signals signals;
	pid_t parent;
	int log[2]; /* a pipe to the parent, or -1 */
};

/* What only we hold is closed; when we are killed, so is it. */
static void
be_child(struct transfer_words *words, const struct plan *plan, struct talk *talk,
    const struct origin *origin)
{
	const int *log = origin->log;

	talk_close(talk);
	if (log[1] >= 0) {
		(void)dup2(log[1], STDERR_FILENO);
		close(log[1]);
		close(log[0]);
	}
	process_restore(origin->limits);
	keeper_undo(&origin->signals);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() == origin->parent)
		execute(words, plan);
	_exit(EX_CONFIG);
}

static int
start(struct transfer_words *words, const struct plan *plan, struct talk *talk,
    const struct process_limits *limits)
{
	struct origin origin = {.limits = limits, .parent = getpid(), .log = {-1, -1}};
	pid_t child;
	int status;

	if ((words->program == TRANSFER_SFTP && pipe2(origin.log, O_CLOEXEC) < 0) ||
	    keeper_begin(&origin.signals) < 0 || (child = fork()) < 0) {
		say_error("This gateway cannot start a process now. Please try again.");
		return EX_OSERR;
	}
	if (child == 0)
		be_child(words, plan, talk, &origin);
	io_close(&origin.log[1]);
	status = keeper_run(talk, child, origin.log[0]);
	if (status != 0 && words->has_pattern)
		say_error("A pattern is taken as a name here: sftp, and scp without -O, expand "
			  "it themselves.");
	return status;
}

int
transfer_run(struct talk *talk, const struct plan *plan, const struct asked *asked,
    const struct process_limits *limits)
{
	static struct transfer_words words;
	char note[PROTO_TEXT_MAX + 1];
	const char *why;

	(void)transfer_words_read(&words, asked->command);
	why = objection(&words);
	if (why != NULL) {
		snprintf(note, sizeof(note), "refused: %s", why);
		keeper_note(talk, note, true);
		say_error(why);
		return words.program == TRANSFER_NONE ? EX_USAGE : EX_DENIED;
	}
	sort_out(talk);
	if (folders.count == 0) {
		keeper_note(talk, "refused: no folder can be shown", true);
		return EX_LATER;
	}
	return start(&words, plan, talk, limits);
}
