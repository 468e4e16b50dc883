/* The relay: moves bytes between the descriptors that it is given. It may open
 * nothing, and knows neither users nor VMs. */
#include "lib/helper.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/version.h"
#include "relay/control.h"
#include "relay/pipes.h"
#include "relay/tell.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX   65536
#define FILES_SPARE 32 /* to take two descriptors and refuse them, and our own */
#define PIPES_LEAST 4  /* of one relay; else a share of its files, each pipe has two */
#define PIPES_SHARE 256
#define EVENTS      256

static const int calls[] = {SYS_epoll_pwait, SYS_epoll_ctl, SYS_ppoll,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_shutdown, SYS_getsockopt,
    SYS_setsockopt, SYS_close, SYS_write, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap,
    SYS_madvise, SYS_splice, SYS_pipe2, SYS_fcntl};

static struct table table;

/* As many open files as we may have, for two each pair and for pipes; in *max, the
 * pairs. */
static int
raise_files(size_t *max)
{
	struct rlimit limit;
	rlim_t pipes;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	pipes = limit.rlim_cur / PIPES_SHARE;
	pipes = pipes < PIPES_LEAST ? PIPES_LEAST : pipes;
	if (limit.rlim_cur <= FILES_SPARE + 2 * pipes)
		return -EMFILE;
	pipes_init(pipes);
	*max = (size_t)(limit.rlim_cur - FILES_SPARE) / 2 - pipes;
	return 0;
}

static int
start(const char *account, int *epoll, size_t *pairs_max)
{
	struct epoll_event event = {.events = EPOLLIN}; /* data NULL: the supervisor */
	int err = raise_files(pairs_max);

	if (err < 0)
		return err;
	*epoll = epoll_create1(EPOLL_CLOEXEC);
	if (*epoll < 0 || epoll_ctl(*epoll, EPOLL_CTL_ADD, HELPER_FD, &event) < 0)
		return -errno;
	err = helper_confine(account, calls, sizeof(calls) / sizeof(calls[0]));
	return err < 0 ? err : helper_ready();
}

/* To some ms: what the kernel knows without asking the hardware. */
static int64_t
rough_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Hears when the supervisor can be told more, and only while there is more. */
static int
watch_supervisor(int epoll, int more_to_tell)
{
	static int watches_for_room;
	struct epoll_event event = {.events = EPOLLIN | (more_to_tell ? EPOLLOUT : 0u)};

	if (more_to_tell == watches_for_room)
		return 0;
	watches_for_room = more_to_tell;
	return epoll_ctl(epoll, EPOLL_CTL_MOD, HELPER_FD, &event) < 0 ? -errno : 0;
}

/* One turn: pairs that end stay in memory until all its events are through.
 * 0; 1: the supervisor is gone; -errno. */
static int
turn(int epoll, size_t pairs_max)
{
	static int64_t now_ms; /* of a turn before, at first: they were short ones */
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, io_timeout_ms(table.sweep_ms, now_ms)),
	    result = 0, more;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (table.sweep_ms != INT64_MAX) /* else nobody has a deadline to be late for */
		now_ms = rough_ms();
	for (int i = 0; i < n && result == 0; i++) {
		struct pair_side *side = events[i].data.ptr;
		if (side == NULL) {
			now_ms = rough_ms();
			result = control_read(&table, epoll, pairs_max, now_ms);
			continue;
		}
		if (side->pair->has_ended) /* and is in the queue already */
			continue;
		pair_handle(side, events[i].events, now_ms);
		table_note(&table, side->pair);
	}
	table_sweep(&table, now_ms);
	if (result != 0)
		return result;
	more = tell_all(&table);
	return more < 0 ? more : watch_supervisor(epoll, more);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
	    {"account", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	const char *account = "_sallyport-relay";
	size_t pairs_max = 0;
	int epoll = -1, c, result;

	if (version_is_asked(argc, argv))
		return puts("relay " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("relay", false);
	while ((c = getopt_long(argc, argv, "", known, NULL)) == 'a')
		account = optarg;
	if (c != -1 || optind != argc || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: relay [--account NAME]");
		return 64;
	}
	helper_isolate();
	table_init(&table);
	result = start(account, &epoll, &pairs_max);
	while (result == 0)
		result = turn(epoll, pairs_max);
	return helper_ended(result) < 0 ? 1 : 0;
}
