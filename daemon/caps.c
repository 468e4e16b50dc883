/* capabilities(7), by the system call: the library would be one more in the root
 * process. */
#include "daemon/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const unsigned int needed[] = {
    CAP_SYS_PTRACE,               /* /proc/PID/exe and fd of sshd's processes */
    CAP_KILL,                     /* helpers run under their own uids */
    CAP_SETUID,                   /* helpers give root up */
    CAP_SETGID, CAP_CHOWN,        /* endpoints for the gated group, verify's folder, the log */
    CAP_FOWNER, CAP_DAC_OVERRIDE, /* VMs' sockets, verify's and the log's folder */
    CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE, /* services under 1024 on the VMs' addresses */
    CAP_AUDIT_WRITE,                           /* the recorder's writer to the kernel's audit */
};

int
caps_keep_needed(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t keep = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		keep |= UINT64_C(1) << needed[i];
	/* Dropping takes CAP_SETPCAP, which a unit that names our list does not give. */
	for (unsigned int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep & UINT64_C(1) << cap) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	/* A unit may have given us fewer: what is not there cannot be kept. */
	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
