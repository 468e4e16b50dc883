/* A helper that dies again and again costs a bounded number of starts. */
#include "daemon/servant.h"

#include "lib/io.h"

#include "lib/helper.h"
#include "tests/support/sockets.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PASSRIGHTS 83 /* SO_PASSRIGHTS */

static bool is_old, is_asked; /* a kernel before 6.16; it was asked to bar descriptors */

int
__real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

int
__wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == PASSRIGHTS) {
		is_asked = true;
		if (is_old) {
			errno = ENOPROTOOPT;
			return -1;
		}
	}
	return __real_setsockopt(fd, level, name, value, len);
}

struct scene {
	struct loop *loop;
	struct loop_watch *end;
	const struct servant *servant;
	unsigned int readies, downs, notices;
	/* A slow machine has more time to get so far. */
	unsigned int least_starts, least_readies, least_notices;
	unsigned int extended;
	bool is_down_at_end; /* not between READY and the end */
};

static bool
has_got_far_enough(const struct scene *scene)
{
	return servant_starts(scene->servant) >= scene->least_starts &&
	       scene->readies >= scene->least_readies &&
	       scene->notices >= scene->least_notices &&
	       (!scene->is_down_at_end || scene->readies == scene->downs);
}

static void
on_end(void *arg, int fd, unsigned int events)
{
	struct scene *scene = arg;

	(void)fd;
	(void)events;
	if (has_got_far_enough(scene) || scene->extended++ == 3000)
		loop_stop(scene->loop);
	else
		(void)loop_timer_set(scene->end, 10);
}

static void
on_ready(void *arg, struct wire_in *in)
{
	(void)in;
	((struct scene *)arg)->readies++;
}

static void
on_down(void *arg)
{
	((struct scene *)arg)->downs++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
on_notice(void *arg, uint8_t type, struct wire_in *in)
{
	(void)type;
	(void)in;
	((struct scene *)arg)->notices++;
}

/* Starts of such a program within ms. */
static unsigned int
starts_of(struct scene *scene, char *const *argv, bool passes_fds, unsigned int ms)
{
	struct servant_spec spec = {.name = "trial",
	    .argv = argv,
	    .on_ready = on_ready,
	    .on_down = on_down,
	    .on_notice = on_notice,
	    .arg = scene,
	    .passes_fds = passes_fds};
	struct servant *servant;
	unsigned int starts;

	scene->loop = loop_new();
	assert_non_null(scene->loop);
	scene->end = loop_timer(scene->loop, on_end, scene);
	assert_int_equal(loop_timer_set(scene->end, ms), 0);
	servant = servant_new(scene->loop, &spec);
	assert_non_null(servant);
	scene->servant = servant;
	assert_int_equal(loop_run(scene->loop), 0);
	starts = servant_starts(servant);
	servant_free(servant);
	loop_watch_free(scene->end);
	loop_free(scene->loop);
	return starts;
}

/* Starts within ms of a shell that runs script. */
static unsigned int
starts_within(struct scene *scene, char *script, unsigned int ms)
{
	static char shell[] = "/bin/sh", option[] = "-c";
	char *argv[] = {shell, option, script, NULL};

	return starts_of(scene, argv, false, ms);
}

/* READY is {version 1, type 50, id 0}. */
static void
one_that_dies_ready(void **state)
{
	static char script[] = "printf '\\001\\062\\000\\000\\000\\000' >&3";
	struct scene scene = {.least_starts = 3, .least_readies = 3};
	unsigned int starts = starts_within(&scene, script, 1500);

	(void)state;
	/* 20, 40, 80, 160 ms, then four a second. */
	assert_in_range(starts, 3, 10);
	assert_in_range(scene.readies, 3, 10);
	assert_in_range(scene.downs, 2, 10);
}

static void
one_that_never_gets_there(void **state)
{
	static char script[] = "exit 1";
	struct scene scene = {.least_starts = 3};

	(void)state;
	/* 20, 40, 80, 160, 320, 640, 1280 ms. */
	assert_in_range(starts_within(&scene, script, 1500), 3, 7);
	assert_int_equal(scene.readies, 0);
}

#define SOON_MS 60000

/* --- helpers that were taken over: this program itself, with a word ------------------ */

static int
try_to_say(uint8_t type, const int *fds, size_t n)
{
	uint8_t buf[64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 0);
	return io_send(HELPER_FD, buf, out.len, fds, n);
}

static void
say(uint8_t type)
{
	if (try_to_say(type, NULL, 0) < 0)
		_exit(1);
}

static void
reply_to(uint32_t id, uint8_t type)
{
	uint8_t buf[64];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, id);
	if (io_send(HELPER_FD, buf, out.len, NULL, 0) < 0)
		_exit(1);
}

/* Where the kernel keeps it away: says so by two more, and keeps it, too. */
static void
pass_one(void)
{
	int reader, fd = tcp_lingering(&reader), err = try_to_say(PROTO_RELAY_ENDED, &fd, 1);

	if (err == 0)
		close(fd);
	for (int i = 0; i < 2 && err == -EPERM; i++)
		say(PROTO_RELAY_ENDED);
}

/* Of five questions: answers the fourth, by another type, the last one and then the first;
 * before that, if asked to, the third; or goes. */
static int
answer(const char *word)
{
	struct proto_header header[5];
	uint8_t buf[64];
	struct wire_in in;

	for (int i = 0; i < 5; i++) {
		ssize_t n;

		if (io_wait(HELPER_FD, POLLIN, io_now_ms() + SOON_MS) < 0 ||
		    (n = io_receive(HELPER_FD, buf, sizeof(buf), NULL)) <= 0)
			return 1;
		wire_in_init(&in, buf, (size_t)n);
		if (proto_get_header(&in, &header[i]) < 0)
			return 1;
	}
	if (strcmp(word, "none") == 0)
		return 0;
	if (strcmp(word, "third") == 0)
		reply_to(header[2].id, PROTO_RECORDED);
	reply_to(header[3].id, PROTO_RECORD_DONE);
	reply_to(header[4].id, PROTO_RECORDED);
	reply_to(header[0].id, PROTO_RECORDED);
	(void)io_wait(HELPER_FD, POLLIN, io_now_ms() + SOON_MS);
	return 0;
}

static int
be_helper(const char *word)
{
	if (strcmp(word, "last") == 0 || strcmp(word, "third") == 0 ||
	    strcmp(word, "none") == 0) {
		say(PROTO_READY);
		return answer(word);
	}
	if (strcmp(word, "early") == 0)
		say(PROTO_RELAY_ENDED);
	say(PROTO_READY);
	if (strcmp(word, "twice") == 0)
		say(PROTO_READY);
	if (strcmp(word, "passes") == 0)
		pass_one();
	say(PROTO_RELAY_ENDED);
	(void)io_wait(HELPER_FD, POLLIN, io_now_ms() + 60000); /* until it is let go of */
	return 0;
}

static unsigned int
starts_of_word(struct scene *scene, char *word, bool passes_fds)
{
	static char self[] = "/proc/self/exe";
	char *argv[] = {self, word, NULL};
	int64_t since_ms = io_now_ms();
	unsigned int starts = starts_of(scene, argv, passes_fds, 1000);

	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	assert_true(io_now_ms() - since_ms < SOON_MS);
	return starts;
}

static void
one_that_is_well(void **state)
{
	static char word[] = "well";
	struct scene scene = {.least_readies = 1, .least_notices = 1};

	(void)state;
	assert_int_equal(starts_of_word(&scene, word, false), 1);
	assert_int_equal(scene.readies, 1);
	assert_int_equal(scene.notices, 1);
}

static void
one_that_is_ready_twice(void **state)
{
	static char twice[] = "twice", early[] = "early";
	struct scene scene = {.least_starts = 2, .least_readies = 1, .is_down_at_end = true};
	struct scene other = {.least_starts = 2};

	(void)state;
	assert_true(starts_of_word(&scene, twice, false) > 1);
	assert_int_equal(scene.readies, scene.downs);
	assert_int_equal(scene.notices, 0);
	assert_true(starts_of_word(&other, early, false) > 1);
	assert_int_equal(other.readies + other.notices, 0);
}

static void
one_that_passes_what_is_not_due(void **state)
{
	static char passes[] = "passes";
	struct scene scene = {.least_starts = 2}, taker = {.least_notices = 2};

	(void)state;
	is_old = true;
	is_asked = false;
	assert_true(starts_of_word(&scene, passes, false) > 1);
	assert_int_equal(scene.notices, 0);
	assert_true(is_asked);
	is_old = is_asked = false;
	/* Where one may come, it is closed without a wait. */
	assert_int_equal(starts_of_word(&taker, passes, true), 1);
	assert_int_equal(taker.notices, 2);
	assert_false(is_asked);
}

static void
one_that_the_kernel_keeps_from_passing(void **state)
{
	static char passes[] = "passes";
	struct scene scene = {.least_notices = 3};
	const int off = 0;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0),
	    rc = __real_setsockopt(fd, SOL_SOCKET, PASSRIGHTS, &off, sizeof(off));

	(void)state;
	close(fd);
	if (rc < 0)
		skip(); /* before 6.16 */
	assert_int_equal(starts_of_word(&scene, passes, false), 1);
	assert_int_equal(scene.notices, 3);
}

/* --- answers that stand for those before ---------------------------------------------- */

struct asked {
	struct servant *servant;
	struct loop *loop;
	char said[8]; /* whose answer: "a" its own, "A" a later one's, "!" none */
};

struct one_asked {
	struct asked *asked;
	char name;
};

static void
on_answer(void *arg, int error, uint8_t type, struct wire_in *in)
{
	const struct one_asked *one = arg;
	struct asked *asked = one->asked;
	size_t n = strlen(asked->said);

	assert_true((type == PROTO_NONE) == (in == NULL));
	assert_true(n < sizeof(asked->said) - 1);
	asked->said[n] = error < 0            ? '!'
			 : type == PROTO_NONE ? (char)(one->name - 'a' + 'A')
					      : one->name;
	if (n + 1 == 5)
		loop_stop(asked->loop);
}

static void
ask_five(void *arg, struct wire_in *in)
{
	static struct one_asked ones[5];
	struct asked *asked = arg;

	(void)in;
	for (size_t i = 0; i < 5 && asked->said[0] == '\0'; i++) {
		ones[i] = (struct one_asked){.asked = asked, .name = (char)('a' + i)};
		(void)servant_begin(asked->servant, PROTO_RECORD);
		if (i == 1 || i == 2)
			assert_int_equal(servant_ask_before(asked->servant, PROTO_RECORDED,
					     on_answer, &ones[i]),
			    0);
		else
			assert_int_equal(
			    servant_ask(asked->servant, NULL, 0, SOON_MS, on_answer, &ones[i]),
			    0);
	}
}

static void
ask_of(struct asked *asked, char *word)
{
	static char self[] = "/proc/self/exe";
	char *argv[] = {self, word, NULL};
	struct servant_spec spec = {
	    .name = "trial", .argv = argv, .on_ready = ask_five, .arg = asked};

	*asked = (struct asked){.loop = loop_new()};
	assert_non_null(asked->loop);
	asked->servant = servant_new(asked->loop, &spec);
	assert_non_null(asked->servant);
	assert_int_equal(loop_run(asked->loop), 0);
	servant_free(asked->servant);
	loop_free(asked->loop);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
one_answer_for_those_before(void **state)
{
	static char last[] = "last", third[] = "third", none[] = "none";
	struct asked asked;

	(void)state;
	ask_of(&asked, last);
	assert_string_equal(asked.said, "dBCea");
	/* Its own answer, as one of a failure, does for no other. */
	ask_of(&asked, third);
	assert_string_equal(asked.said, "cdBea");
	ask_of(&asked, none);
	assert_string_equal(asked.said, "!!!!!");
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		return be_helper(argv[1]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_that_dies_ready),
	    cmocka_unit_test(one_that_never_gets_there),
	    cmocka_unit_test(one_that_is_well),
	    cmocka_unit_test(one_that_is_ready_twice),
	    cmocka_unit_test(one_that_passes_what_is_not_due),
	    cmocka_unit_test(one_that_the_kernel_keeps_from_passing),
	    cmocka_unit_test(one_answer_for_those_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
