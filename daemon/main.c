/* sallyportd, the supervisor: options, start, sweep, end. Wires only. */
#include "daemon/accord.h"
#include "daemon/api.h"
#include "daemon/audit.h"
#include "daemon/boot.h"
#include "daemon/caps.h"
#include "daemon/channel_relay.h"
#include "daemon/channels.h"
#include "daemon/codes.h"
#include "daemon/conns.h"
#include "daemon/consoles.h"
#include "daemon/counts.h"
#include "daemon/delay.h"
#include "daemon/door.h"
#include "daemon/ending.h"
#include "daemon/endpoint.h"
#include "daemon/fdstore.h"
#include "daemon/folder.h"
#include "daemon/gateway.h"
#include "daemon/kept_channels.h"
#include "daemon/links.h"
#include "daemon/locks.h"
#include "daemon/notify.h"
#include "daemon/prompts.h"
#include "daemon/pulse.h"
#include "daemon/reload.h"
#include "daemon/rotation.h"
#include "daemon/servants.h"
#include "daemon/sessions.h"
#include "daemon/sockdiag.h"
#include "daemon/virt.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/version.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AUDIT_FOLDER "/var/log/sallyport"
#define EX_USAGE     64
#define EX_TEMPFAIL  75
#define EX_NOPERM    77
#define EX_CONFIG    78

struct watches {
	struct loop_watch *sweep, *hup, *term, *intr, *child;
};

static void
usage(FILE *out)
{
	fputs("usage: sallyportd [--config FILE] [--debug]\n"
	      "The supervisor of the gateway; runs in the foreground, as root.\n"
	      "  --config FILE  instead of " SYSCONFDIR "/sallyport/sallyport.conf; the other\n"
	      "                 files are looked for in its folder\n"
	      "  --debug        say more on standard error (never an OTP or a key)\n"
	      "  --help, --version\n",
	    out);
}

static void
on_sweep(void *arg, int fd, unsigned int events)
{
	struct watches *w = ((void **)arg)[1];
	struct gateway *gw = ((void **)arg)[0];

	(void)fd;
	(void)events;
	reload_sweep(gw);
	conns_sweep(gw->conns);
	locks_sweep(gw->locks);
	channels_judge(gw->channels);
	sessions_judge(gw->sessions);
	endpoints_retry(gw->endpoints);
	audit_sweep(gw->audit);
	rotation_sweep(gw->rotation);
	(void)loop_timer_set(w->sweep, pulse_beat(gw));
}

static void
on_hup(void *arg, int signal, unsigned int events)
{
	(void)signal;
	(void)events;
	reload_on_hup(arg);
}

static void
on_term(void *arg, int signal, unsigned int events)
{
	(void)signal;
	(void)events;
	loop_stop(((struct gateway *)arg)->loop);
}

static void
on_child(void *arg, int signal, unsigned int events)
{
	(void)arg;
	(void)signal;
	(void)events;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* One daemon on one /run/sallyport: the lock lasts as long as we do. A predecessor
 * may still be ending. */
static int
take_run(void)
{
	int64_t deadline_ms = io_now_ms() + 3000;
	int fd, err = folder_make("/run/sallyport", 0755);

	if (err == 0)
		err = folder_make("/var/lib/sallyport", 0755);
	if (err < 0)
		return err;
	fd = open("/run/sallyport/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || io_now_ms() > deadline_ms) {
			err = -errno;
			close(fd);
			return err;
		}
		usleep(20000);
	}
	return fd;
}

static int
load_first_policy(struct gateway *gw)
{
	struct report report = {0};
	int err = reload_first(gw, &report);

	if (report.text != NULL)
		fprintf(stderr, "%s", report.text);
	if (err < 0)
		log_error("%zu errors in the configuration: not started", report.errors);
	report_free(&report);
	return err;
}

/* In this order: records and connections before anyone can ask. */
static int
build(struct gateway *gw)
{
	char boot[BOOT_ID_MAX];

	gw->netlink = sockdiag_open();
	gw->audit = audit_new(gw);
	gw->rotation = rotation_new(gw, AUDIT_FOLDER);
	gw->conns = conns_new(gw);
	gw->prompts = prompts_new();
	gw->delay = delay_new();
	gw->codes = codes_new();
	gw->accord = accord_new();
	gw->endings = endings_new(gw);
	gw->locks = locks_new(gw);
	boot_id_read(boot);
	gw->kept = kept_channels_new(KEPT_CHANNELS_PATH, boot);
	gw->channels = channels_new();
	gw->channel_relay = channel_relay_new(gw);
	gw->counts = counts_new(gw);
	gw->consoles = consoles_new(gw);
	gw->links = links_new();
	gw->opens = links_new();
	gw->claims = links_new();
	gw->sessions = sessions_new(gw);
	if (gw->netlink < 0 || gw->audit == NULL || gw->rotation == NULL || gw->conns == NULL ||
	    gw->kept == NULL || gw->channels == NULL || gw->channel_relay == NULL ||
	    gw->counts == NULL || gw->consoles == NULL || gw->links == NULL ||
	    gw->opens == NULL || gw->prompts == NULL || gw->delay == NULL ||
	    gw->codes == NULL || gw->accord == NULL || gw->endings == NULL ||
	    gw->locks == NULL || gw->sessions == NULL || servants_start(gw) < 0)
		return -ENOMEM;
	gw->api = api_new(gw);
	gw->virt = virt_new(gw);
	if (gw->api == NULL || gw->virt == NULL)
		return -ENOMEM;
	conns_restore(gw->conns);
	gw->endpoints = endpoints_new(gw);
	gw->doors = doors_new(gw);
	if (gw->endpoints == NULL || gw->doors == NULL)
		return -ENOMEM;
	endpoints_sync(gw->endpoints);
	return 0;
}

static void
tear_down(struct gateway *gw)
{
	doors_free(gw->doors);
	reload_end();
	endpoints_free(gw->endpoints);
	gw->doors = NULL; /* answers that are still out may ask for them */
	gw->endpoints = NULL;
	channels_stop(gw->channels);
	consoles_stop(gw->consoles);
	sessions_stop(gw->sessions);
	if (gw->audit != NULL && servant_is_up(gw->recorder)) {
		audit_write_sums(gw->audit);
		audit_begin(gw->audit, "stop");
		audit_end_noted(gw->audit);
	}
	api_free(gw->api);
	virt_free(gw->virt); /* its calls are answered */
	gw->virt = NULL;
	servants_end(gw); /* open questions are answered: all but the doors still stand */
	fdstore_free(gw->fdstore);
	channels_free(gw->channels);
	kept_channels_free(gw->kept);
	consoles_free(gw->consoles);
	links_free(gw->links);
	links_free(gw->opens);
	links_free(gw->claims);
	counts_free(gw->counts);
	channel_relay_free(gw->channel_relay);
	endings_free(gw->endings);
	sessions_free(gw->sessions);
	conns_free(gw->conns);
	delay_free(gw->delay);
	codes_free(gw->codes);
	accord_free(gw->accord);
	prompts_free(gw->prompts);
	rotation_free(gw->rotation);
	locks_free(gw->locks);
	audit_free(gw->audit);
	io_close(&gw->netlink);
	policy_free(gw->policy);
	free(gw->backend_uids);
}

static int
serve(struct gateway *gw)
{
	struct watches w = {0};
	void *both[2] = {gw, &w};
	int err = -ENOMEM;

	w.sweep = loop_timer(gw->loop, on_sweep, both);
	w.hup = loop_watch_signal(gw->loop, SIGHUP, on_hup, gw);
	w.term = loop_watch_signal(gw->loop, SIGTERM, on_term, gw);
	w.intr = loop_watch_signal(gw->loop, SIGINT, on_term, gw);
	w.child = loop_watch_signal(gw->loop, SIGCHLD, on_child, gw);
	if (w.sweep != NULL && w.hup != NULL && w.term != NULL && w.intr != NULL &&
	    w.child != NULL && loop_timer_set(w.sweep, 0) == 0)
		err = loop_run(gw->loop);
	notify_manager("STOPPING=1");
	loop_watch_free(w.sweep);
	loop_watch_free(w.hup);
	loop_watch_free(w.term);
	loop_watch_free(w.intr);
	loop_watch_free(w.child);
	return err;
}

/* A configuration error does not mend itself, and the unit says that this exit is
 * final. But the manager would then close the VMs' ports that it holds for us, and
 * anyone could take them: in that case it shall try again. */
static int
refuse_configuration(const struct gateway *gw)
{
	if (gw->fdstore == NULL || fdstore_handed(gw->fdstore) == 0)
		return EX_CONFIG;
	log_error("the ports stay reserved; trying again until the configuration is mended");
	sleep(1);
	return EX_TEMPFAIL;
}

static int
run(const char *conf_path)
{
	struct gateway gw = {.conf_path = conf_path,
	    .started = time(NULL),
	    .gated_gid = (gid_t)-1,
	    .netlink = -1};
	int err = 0, lock = take_run();

	if (lock < 0) {
		log_error("/run/sallyport: %s",
		    lock == -EWOULDBLOCK ? "another sallyportd is running" : strerror(-lock));
		return 1;
	}
	gw.loop = loop_new();
	gw.fdstore = gw.loop != NULL ? fdstore_new(gw.loop) : NULL;
	if (load_first_policy(&gw) < 0)
		err = refuse_configuration(&gw);
	else if (gw.fdstore == NULL || build(&gw) < 0 || serve(&gw) < 0)
		err = 1;
	tear_down(&gw);
	loop_free(gw.loop);
	io_close(&lock);
	return err;
}

static void
prepare_process(void)
{
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	umask(077);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	    {"debug", no_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'}, {0}};
	const char *conf_path = SYSCONFDIR "/sallyport/sallyport.conf";
	bool is_debug = false;
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			conf_path = optarg;
			break;
		case 'd':
			is_debug = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'v':
			puts("sallyportd " SALLYPORT_VERSION);
			return 0;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EX_USAGE;
	}
	log_open("sallyportd", is_debug);
	if (geteuid() != 0) {
		log_error("must be started as root");
		return EX_NOPERM;
	}
	prepare_process();
	err = caps_keep_needed();
	if (err < 0) {
		log_error("cannot give up unneeded capabilities: %s", strerror(-err));
		return EX_NOPERM;
	}
	return run(conf_path);
}
