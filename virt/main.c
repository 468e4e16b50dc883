/* virt: opens the consoles of VMs that listen nowhere. Two roles, a process each: --qmp
 * asks QEMU's control sockets, over connections that the supervisor makes; --libvirt
 * asks libvirt. The supervisor maps neither library and parses no answer of theirs. */
#include "lib/helper.h"
#include "lib/log.h"
#include "lib/version.h"
#include "virt/qmp_line.h"
#include "virt/qmp_serve.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>

/* What --qmp calls once it is up: no file, no process, no socket but a pair. */
static const int calls[] = {SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_socketpair, SYS_close, SYS_write,
    SYS_writev, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_getrandom};

struct options {
	enum { ROLE_NONE, ROLE_QMP } role;
	const char *account;
};

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"qmp", no_argument, NULL, 'q'},
	    {"account", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	int c;

	*o = (struct options){.account = "_sallyport-virt"};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'a')
			o->account = optarg;
		else if (c == 'q' && o->role == ROLE_NONE)
			o->role = ROLE_QMP;
		else
			return -EINVAL;
	}
	return o->role != ROLE_NONE && optind == argc ? 0 : -EINVAL;
}

/* A VM may have written what is parsed here. */
static void
limit(void)
{
	static const struct {
		int what;
		rlim_t value;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, 0}};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)setrlimit((__rlimit_resource_t)limits[i].what,
		    &(struct rlimit){limits[i].value, limits[i].value});
}

static int
run_qmp(const char *account)
{
	int err;

	limit();
	qmp_line_init();
	err = helper_confine(account, calls, sizeof(calls) / sizeof(calls[0]));
	return err < 0 ? err : qmp_serve_run();
}

int
main(int argc, char **argv)
{
	struct options o;

	if (version_is_asked(argc, argv))
		return puts("virt " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("virt", false);
	if (read_options(argc, argv, &o) < 0 || !helper_has_supervisor()) {
		log_error("is started by sallyportd, as: virt --qmp [--account NAME]");
		return EX_USAGE;
	}
	helper_isolate();
	return helper_ended(run_qmp(o.account)) < 0 ? 1 : 0;
}
