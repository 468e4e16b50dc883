/* A PAM application as awkward as one may be: what the module meets in programs that
 * are not as well-behaved as sshd. Prints PAM's code for each call; see usage. */
#include "lib/num.h"
#include "tests/support/require.h"

#include <security/pam_appl.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS_MAX 64
#define ANSWER_MAX  (1024 * 1024)
#define MASK        0x5a
#define TAIL        16 /* bytes */

struct plan {
	const char *service, *user, *ruser, *rhost, *tty, *until;
	char *answer; /* masked, so that the process holds it nowhere in the clear */
	size_t answer_len;
	bool is_null, is_conv_error, wants_scan, has_no_std;
	int out; /* where the results go */
	uint64_t handles, threads, times, open_fds;
	int argc;
	char **argv; /* the calls */
};

static void
usage(void)
{
	fputs(
	    "usage: pam_talk [OPTION...] SERVICE USER CALL...\n"
	    "CALL: authenticate acct_mgmt setcred open_session close_session\n"
	    "  --answer TEXT, --answer-file FILE   to each question (default: an empty line)\n"
	    "  --null                              a response of NULL\n"
	    "  --until FILE                        the answer comes when FILE is there\n"
	    "  --conv-error                        PAM_CONV_ERR\n"
	    "  --ruser R --rhost R --tty T         PAM items\n"
	    "  --close-std                         descriptors 0 to 2 are closed\n"
	    "  --open-fds N                        that many are open before\n"
	    "  --ignore chld|pipe                  the signal is ignored\n"
	    "  --limit nofile|nproc|as|fsize|cpu=N setrlimit, both bounds\n"
	    "  --handles N                         that many at once, calls interleaved\n"
	    "  --threads N                         that many threads, each with its handle\n"
	    "  --times N                           all of it again and again\n"
	    "  --scan                              is the answer in our memory afterwards?\n",
	    stderr);
	exit(64);
}

/* --- the conversation ----------------------------------------------------------- */

static char *
answer_of(const struct plan *plan)
{
	char *text = malloc(plan->answer_len + 1);

	REQUIRE(text != NULL);
	for (size_t i = 0; i < plan->answer_len; i++)
		text[i] = (char)(plan->answer[i] ^ MASK);
	text[plan->answer_len] = '\0';
	return text;
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **responses, void *arg)
{
	const struct plan *plan = arg;
	struct pam_response *list;

	if (plan->is_conv_error)
		return PAM_CONV_ERR;
	while (plan->until != NULL && access(plan->until, F_OK) < 0)
		usleep(10000);
	list = calloc((size_t)n, sizeof(*list));
	if (list == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		bool is_question = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
				   messages[i]->msg_style == PAM_PROMPT_ECHO_ON;
		if (!is_question)
			dprintf(STDERR_FILENO, "says: %s\n", messages[i]->msg);
		else if (!plan->is_null)
			list[i].resp = answer_of(plan);
	}
	*responses = list;
	return PAM_SUCCESS;
}

/* --- the calls -------------------------------------------------------------------- */

static const char *
code_name(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return "PAM_SUCCESS";
	case PAM_IGNORE:
		return "PAM_IGNORE";
	case PAM_AUTH_ERR:
		return "PAM_AUTH_ERR";
	case PAM_PERM_DENIED:
		return "PAM_PERM_DENIED";
	case PAM_AUTHINFO_UNAVAIL:
		return "PAM_AUTHINFO_UNAVAIL";
	case PAM_USER_UNKNOWN:
		return "PAM_USER_UNKNOWN";
	case PAM_CONV_ERR:
		return "PAM_CONV_ERR";
	case PAM_SESSION_ERR:
		return "PAM_SESSION_ERR";
	case PAM_BUF_ERR:
		return "PAM_BUF_ERR";
	default:
		return "another";
	}
}

static int
call(pam_handle_t *pamh, const char *name)
{
	if (strcmp(name, "authenticate") == 0)
		return pam_authenticate(pamh, 0);
	if (strcmp(name, "acct_mgmt") == 0)
		return pam_acct_mgmt(pamh, 0);
	if (strcmp(name, "setcred") == 0)
		return pam_setcred(pamh, PAM_ESTABLISH_CRED);
	if (strcmp(name, "open_session") == 0)
		return pam_open_session(pamh, 0);
	if (strcmp(name, "close_session") == 0)
		return pam_close_session(pamh, 0);
	usage();
	return PAM_SYSTEM_ERR;
}

static pam_handle_t *
begin(struct plan *plan)
{
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = plan};
	pam_handle_t *pamh = NULL;

	if (pam_start(plan->service, plan->user, &conv, &pamh) != PAM_SUCCESS)
		return NULL;
	if (plan->ruser != NULL)
		(void)pam_set_item(pamh, PAM_RUSER, plan->ruser);
	if (plan->rhost != NULL)
		(void)pam_set_item(pamh, PAM_RHOST, plan->rhost);
	if (plan->tty != NULL)
		(void)pam_set_item(pamh, PAM_TTY, plan->tty);
	return pamh;
}

static void *
run(void *arg)
{
	struct plan *plan = arg;
	pam_handle_t *handles[THREADS_MAX] = {NULL};
	int code = PAM_SUCCESS;

	for (uint64_t h = 0; h < plan->handles; h++)
		handles[h] = begin(plan);
	for (int i = 0; i < plan->argc; i++) {
		for (uint64_t h = 0; h < plan->handles; h++) {
			if (handles[h] == NULL) {
				dprintf(plan->out, "%s: no handle\n", plan->argv[i]);
				continue;
			}
			code = call(handles[h], plan->argv[i]);
			dprintf(plan->out, "%s: %s\n", plan->argv[i], code_name(code));
		}
	}
	for (uint64_t h = 0; h < plan->handles; h++)
		if (handles[h] != NULL)
			(void)pam_end(handles[h], code);
	return NULL;
}

/* --- afterwards ------------------------------------------------------------------- */

/* How often the answer stands in writable memory. The needle is compared through the
 * mask, so that it is not found in itself. Its end is looked for: free() writes over the
 * beginning of what it is given, and that is no wiping. */
static size_t
occurrences(const struct plan *plan)
{
	size_t len = plan->answer_len < TAIL ? plan->answer_len : TAIL, found = 0;
	const char *tail = plan->answer + plan->answer_len - len;
	char line[512], *rest;
	FILE *maps = fopen("/proc/self/maps", "re");

	REQUIRE(maps != NULL);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from = strtoul(line, &rest, 16),
			      to = strtoul(rest + 1, &rest, 16);
		if (strncmp(rest, " rw", 3) != 0)
			continue;
		for (const char *at = (const char *)from;  // NOLINT
		     at + len <= (const char *)to; at++) { // NOLINT
			size_t i = 0;
			while (i < len && (char)(at[i] ^ MASK) == tail[i])
				i++;
			found += i == len;
		}
	}
	fclose(maps);
	return found;
}

/* --- options ----------------------------------------------------------------------- */

static void
set_answer(struct plan *plan, const char *text, size_t len)
{
	free(plan->answer);
	plan->answer = malloc(len + 1);
	REQUIRE(plan->answer != NULL);
	for (size_t i = 0; i < len; i++)
		plan->answer[i] = (char)(text[i] ^ MASK);
	plan->answer_len = len;
}

static void
read_answer(struct plan *plan, const char *path)
{
	static char text[ANSWER_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));

	REQUIRE(n >= 0);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	set_answer(plan, text, (size_t)n);
	explicit_bzero(text, sizeof(text));
	close(fd);
}

static void
set_limit(const char *text)
{
	static const struct {
		const char *name;
		__rlimit_resource_t which;
	} limits[] = {{"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"as", RLIMIT_AS},
	    {"fsize", RLIMIT_FSIZE}, {"cpu", RLIMIT_CPU}};
	size_t len = strcspn(text, "=");
	uint64_t value;

	REQUIRE(text[len] == '=' && num_parse(text + len + 1, 0, UINT64_MAX, &value) == 0);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
		if (strlen(limits[i].name) == len && strncmp(limits[i].name, text, len) == 0) {
			REQUIRE(setrlimit(limits[i].which, &limit) == 0);
			return;
		}
	}
	usage();
}

static uint64_t
number(const char *text, uint64_t max)
{
	uint64_t value;

	REQUIRE(text != NULL && num_parse(text, 1, max, &value) == 0);
	return value;
}

/* An option without a value. */
static bool
take_flag(struct plan *plan, const char *name)
{
	if (strcmp(name, "null") == 0)
		plan->is_null = true;
	else if (strcmp(name, "conv-error") == 0)
		plan->is_conv_error = true;
	else if (strcmp(name, "scan") == 0)
		plan->wants_scan = true;
	else if (strcmp(name, "close-std") == 0)
		plan->has_no_std = true;
	else
		return false;
	return true;
}

static bool
take_value(struct plan *plan, const char *name, const char *value)
{
	if (strcmp(name, "answer") == 0)
		set_answer(plan, value, strlen(value));
	else if (strcmp(name, "answer-file") == 0)
		read_answer(plan, value);
	else if (strcmp(name, "ruser") == 0)
		plan->ruser = value;
	else if (strcmp(name, "rhost") == 0)
		plan->rhost = value;
	else if (strcmp(name, "tty") == 0)
		plan->tty = value;
	else if (strcmp(name, "until") == 0)
		plan->until = value;
	else if (strcmp(name, "open-fds") == 0)
		plan->open_fds = number(value, 65536);
	else if (strcmp(name, "ignore") == 0)
		(void)signal(strcmp(value, "chld") == 0 ? SIGCHLD : SIGPIPE, SIG_IGN);
	else if (strcmp(name, "limit") == 0)
		set_limit(value);
	else if (strcmp(name, "handles") == 0)
		plan->handles = number(value, THREADS_MAX);
	else if (strcmp(name, "threads") == 0)
		plan->threads = number(value, THREADS_MAX);
	else if (strcmp(name, "times") == 0)
		plan->times = number(value, 100000);
	else
		return false;
	return true;
}

/* Takes the options; the index of the first word that is none. */
static int
parse(struct plan *plan, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *name = argv[i] + 2;
		if (take_flag(plan, name))
			continue;
		i++;
		if (i == argc || !take_value(plan, name, argv[i]))
			usage();
	}
	return i;
}

/* The results still have to get out: standard output moves up, and what the module
 * opens takes the numbers 0, 1 and 2. */
static void
close_std(struct plan *plan)
{
	plan->out = fcntl(STDOUT_FILENO, F_DUPFD, 100);
	REQUIRE(plan->out >= 0);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct plan plan = {.out = STDOUT_FILENO, .handles = 1, .threads = 1, .times = 1};
	int at = parse(&plan, argc, argv);
	pthread_t threads[THREADS_MAX];

	if (argc - at < 3)
		usage();
	plan.service = argv[at];
	plan.user = argv[at + 1];
	plan.argv = argv + at + 2;
	plan.argc = argc - at - 2;
	if (plan.answer == NULL)
		set_answer(&plan, "", 0);
	if (plan.has_no_std)
		close_std(&plan);
	for (uint64_t i = 0; i < plan.open_fds; i++)
		REQUIRE(open("/dev/null", O_RDONLY) >= 0); // NOLINT: inherited, as it were
	for (uint64_t n = 0; n < plan.times; n++) {
		for (uint64_t t = 0; t < plan.threads; t++)
			REQUIRE(pthread_create(&threads[t], NULL, run, &plan) == 0);
		for (uint64_t t = 0; t < plan.threads; t++)
			REQUIRE(pthread_join(threads[t], NULL) == 0);
	}
	if (plan.wants_scan)
		dprintf(plan.out, "found %zu times\n", occurrences(&plan));
	free(plan.answer);
	return 0;
}
