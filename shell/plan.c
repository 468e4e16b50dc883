/* execve. No word of the user's ever reaches a shell, but for the command that he may
 * give to his own. */
#include "shell/plan.h"

#include "shell/asked.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
unpack_words(struct plan *plan, struct wire_in *in)
{
	uint16_t n = wire_get_u16(in);
	size_t used = 0;

	if (n > PROTO_WORDS_MAX) {
		in->failed = true;
		return;
	}
	for (uint16_t i = 0; i < n && used < sizeof(plan->text); i++) {
		plan->words[i] = plan->text + used;
		wire_get_str(in, plan->words[i], sizeof(plan->text) - used);
		used += strlen(plan->words[i]) + 1;
	}
	plan->words[n] = NULL;
}

bool
plan_unpack(struct plan *plan, struct wire_in *in)
{
	plan->plan = (enum proto_plan)wire_get_u8(in);
	wire_get_str(in, plan->user, sizeof(plan->user));
	wire_get_str(in, plan->home, sizeof(plan->home));
	wire_get_str(in, plan->shell, sizeof(plan->shell));
	unpack_words(plan, in);
	return wire_end(in) == 0 && plan->user[0] != '\0' && plan->shell[0] == '/' &&
	       (plan->plan == PROTO_PLAN_RUN) == (plan->words[0] != NULL);
}

/* "internal-sftp" is no program: it stands for the machine's own. */
static int
execute_sftp(char *const *environment)
{
	static const char *const paths[] = {"/usr/lib/openssh/sftp-server",
	    "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server"};
	char name[] = "sftp-server";
	char *argv[] = {name, NULL};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		execve(paths[i], argv, environment);
	return -errno;
}

/* argv[0] as login(1) makes it: the name alone, after a '-' for a login shell. */
static int
execute_shell(struct plan *plan, const char *command, char *const *environment)
{
	const char *base = strrchr(plan->shell, '/') + 1;
	char name[PROTO_PATH_MAX + 2], option[] = "-c";
	char *login[] = {name, NULL};
	char *run[] = {name, option, (char *)(uintptr_t)command, NULL};

	snprintf(name, sizeof(name), "%s%s", command == NULL ? "-" : "", base);
	execve(plan->shell, command == NULL ? login : run, environment);
	return -errno;
}

int
plan_execute(
    struct plan *plan, const char *command, char *const *environment, const char **what)
{
	*what = plan->shell;
	switch (plan->plan) {
	case PROTO_PLAN_RUN:
		*what = plan->words[0];
		execve(plan->words[0], plan->words, environment);
		return -errno;
	case PROTO_PLAN_COMMAND:
		if (command == NULL)
			return -EINVAL;
		*what = "sftp-server";
		if (asked_runs(command, "internal-sftp"))
			return execute_sftp(environment);
		*what = plan->shell;
		return execute_shell(plan, command, environment);
	case PROTO_PLAN_LOGIN:
		return execute_shell(plan, NULL, environment);
	case PROTO_PLAN_FILES: /* transfer.h */
	case PROTO_PLAN_NOTHING:
	default:
		return -EINVAL;
	}
}
