/* virt: opens the consoles of VMs that listen nowhere. Two roles, a process each: --qmp
 * asks QEMU's control sockets, over connections that the supervisor makes; --libvirt
 * asks libvirt. The supervisor maps neither library and parses no answer of theirs. */
#include "lib/helper.h"
#include "lib/log.h"
#include "lib/version.h"
#include "virt/hypervisor.h"
#include "virt/libvirt_serve.h"
#include "virt/qmp_line.h"
#include "virt/qmp_serve.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

/* What --qmp calls once it is up: no file, no process, no socket but a pair. */
static const int calls[] = {SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_recvfrom, SYS_sendto, SYS_recvmsg, SYS_sendmsg, SYS_socketpair, SYS_close, SYS_write,
    SYS_writev, SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_getrandom};

enum role {
	ROLE_NONE,
	ROLE_QMP,
	ROLE_LIBVIRT,
	ROLE_LIST,
};

struct options {
	enum role role;
	const char *account, *uri;
};

static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"qmp", no_argument, NULL, ROLE_QMP},
	    {"libvirt", no_argument, NULL, ROLE_LIBVIRT},
	    {"list", no_argument, NULL, ROLE_LIST}, {"uri", required_argument, NULL, 'u'},
	    {"account", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	int c;

	*o = (struct options){.account = "_sallyport-virt"};
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'a')
			o->account = optarg;
		else if (c == 'u')
			o->uri = optarg;
		else if (c >= ROLE_QMP && c <= ROLE_LIST && o->role == ROLE_NONE)
			o->role = (enum role)c;
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

/* In this group one may use libvirt on Debian, and all that it can do. */
static const char libvirt_group[] = "libvirt";

/* Not filtered: libvirt's library does in its processes what it likes (name service,
 * threads, TLS). They have one account, and no right but that group's. */
static int
run_libvirt(const char *account)
{
	int err = helper_drop_in(account, libvirt_group);

	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	return err < 0 ? err : libvirt_serve_run();
}

/* For sallyport vm import, not for the supervisor: may be called by anyone. */
static int
run_list(const char *account)
{
	if (geteuid() == 0 && helper_drop_in(account, libvirt_group) < 0)
		return 1;
	return hypervisor_list(stdout) < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	struct options o;

	if (version_is_asked(argc, argv))
		return puts("virt " SALLYPORT_VERSION) >= 0 ? 0 : 1;
	log_open("virt", false);
	if (read_options(argc, argv, &o) < 0 ||
	    (o.role != ROLE_LIST && !helper_has_supervisor())) {
		log_error(
		    "is started by sallyportd, as: virt --qmp | --libvirt [--account NAME]; "
		    "by sallyport, as: virt --list [--uri URI]");
		return EX_USAGE;
	}
	helper_isolate();
	setenv("HOME", "/nonexistent", 1); /* libvirt looks for files of its user there */
	if (o.uri != NULL)
		hypervisor_set_uri(o.uri);
	if (o.role == ROLE_LIST)
		return run_list(o.account);
	return helper_ended(o.role == ROLE_QMP ? run_qmp(o.account) : run_libvirt(o.account)) <
		       0
		   ? 1
		   : 0;
}
