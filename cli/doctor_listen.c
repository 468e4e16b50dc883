/* Consoles and services of VMs that can be reached without passing the gate. */
#include "cli/doctor.h"

#include "cli/listeners.h"
#include "policy/vm.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DAEMON       "sallyportd"
#define CONSOLE_LOW  5900 /* VNC and SPICE of QEMU and libvirt */
#define CONSOLE_HIGH 5999
#define GATE_NET     90 /* 127.90.0.0/16 */

static bool
is_on_gate(const struct listener *l)
{
	const uint8_t *b = l->addr.s6_addr;

	return !l->is_unix && IN6_IS_ADDR_V4MAPPED(&l->addr) && b[12] == 127 &&
	       b[13] == GATE_NET;
}

/* While the daemon is down, systemd keeps its ports for it. */
static bool
is_ours(const struct listener *l)
{
	return strncmp(l->program, DAEMON, strlen(DAEMON)) == 0 ||
	       (l->pid == 1 && is_on_gate(l));
}

static bool
is_console(const struct listener *l)
{
	if (l->is_unix || is_ours(l))
		return false;
	return strncmp(l->program, "qemu", 4) == 0 ||
	       (l->port >= CONSOLE_LOW && l->port <= CONSOLE_HIGH);
}

static const char *
program(const struct listener *l)
{
	return l->program[0] != '\0' ? l->program : "an unknown program";
}

static void
find_console(struct doctor *doctor, const struct doctor_check *check, const struct listener *l)
{
	struct finding *finding;
	char name[PATH_MAX + 16];

	finding = doctor_find(doctor, check, "%s (pid %d) listens on %s", program(l),
	    (int)l->pid, listener_name(l, name, sizeof(name)));
	finding_mend(finding, "have it listen on a Unix socket in a folder of its own "
			      "(-spice unix=on,addr=…), and name that in vms.conf");
}

static void
check_open(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < listeners->count; i++)
		if (is_console(&listeners->list[i]) && !listeners->list[i].is_loopback)
			find_console(doctor, check, &listeners->list[i]);
}

static void
check_local(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < listeners->count; i++)
		if (is_console(&listeners->list[i]) && listeners->list[i].is_loopback)
			find_console(doctor, check, &listeners->list[i]);
}

/* May others than owner and group connect: the socket, and every folder above it? */
static bool
is_for_all(const char *path)
{
	char folder[PATH_MAX], *slash;
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || (st.st_mode & S_IWOTH) == 0)
		return false;
	snprintf(folder, sizeof(folder), "%s", path);
	while ((slash = strrchr(folder, '/')) != NULL && slash != folder) {
		*slash = '\0';
		if (stat(folder, &st) < 0 || (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

static bool
is_for_gated(const struct doctor *doctor, const char *path)
{
	struct stat st;

	return doctor->accounts != NULL && doctor->accounts->has_group &&
	       stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_gid == doctor->accounts->gated_gid && (st.st_mode & S_IWGRP) != 0;
}

static void
look_at_socket(struct doctor *doctor, const struct doctor_check *check, const char *path)
{
	struct finding *finding;
	char word[PATH_MAX + 3];
	bool for_all = is_for_all(path);

	if (!for_all && !is_for_gated(doctor, path))
		return;
	finding = doctor_find(doctor, check, "%s can connect to %s",
	    for_all ? "everybody" : "the gated group", path);
	finding_at(finding, path, 0);
	finding_command(finding, "chmod %s %s", for_all ? "o-w" : "go-w",
	    finding_quote(word, sizeof(word), path));
}

/* What vms.conf names, and what QEMU has besides. */
static void
check_socket(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < policy_vm_count(doctor->policy); i++) {
		const struct vm *vm = policy_vm(doctor->policy, i);
		for (size_t j = 0; j < vm->endpoint_count; j++) {
			const struct target *target = &vm->endpoints[j].target;
			if (target->kind == TARGET_UNIX || target->kind == TARGET_QMP)
				look_at_socket(doctor, check, target->name);
		}
	}
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->list[i].is_unix &&
		    strncmp(listeners->list[i].program, "qemu", 4) == 0)
			look_at_socket(doctor, check, listeners->list[i].path);
}

/* Back ends that are meant for the gate alone, and listen everywhere. */
static void
check_backend(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < policy_vm_count(doctor->policy); i++) {
		const struct vm *vm = policy_vm(doctor->policy, i);
		for (size_t j = 0; j < vm->endpoint_count; j++) {
			const struct target *target = &vm->endpoints[j].target;
			const struct sockaddr_in *in = (const void *)&target->address;
			if (target->kind != TARGET_TCP || in->sin_family != AF_INET ||
			    ntohl(in->sin_addr.s_addr) >> 24 != 127)
				continue;
			for (size_t k = 0; k < listeners->count; k++) {
				const struct listener *l = &listeners->list[k];
				char name[PATH_MAX + 16];
				struct finding *finding;
				if (l->is_unix || !l->is_any ||
				    l->port != ntohs(in->sin_port) || is_console(l))
					continue;
				finding = doctor_find(doctor, check,
				    "%s %s: %s (pid %d) listens on %s", vm->name,
				    vm->endpoints[j].right, program(l), (int)l->pid,
				    listener_name(l, name, sizeof(name)));
				finding_at(finding, vm->file, vm->endpoints[j].line);
				finding_mend(finding, "have it listen on 127.0.0.1 alone");
			}
		}
	}
}

/* Somebody else on the gate's own addresses. */
static void
check_squat(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *l = &listeners->list[i];
		char name[PATH_MAX + 16];
		struct finding *finding;
		if (!is_on_gate(l) || is_ours(l) || l->pid == 0)
			continue;
		finding = doctor_find(doctor, check, "%s (pid %d) listens on %s", program(l),
		    (int)l->pid, listener_name(l, name, sizeof(name)));
		finding_command(finding, "kill %d", (int)l->pid);
	}
}

/* A port of a VM's that a program has on all addresses: the gate cannot have it. */
static void
check_port(struct doctor *doctor, const struct doctor_check *check)
{
	const struct listeners *listeners = doctor->group;

	for (size_t i = 0; i < policy_vm_count(doctor->policy); i++) {
		const struct vm *vm = policy_vm(doctor->policy, i);
		for (size_t j = 0; j < vm->endpoint_count; j++)
			for (size_t k = 0; k < listeners->count; k++) {
				const struct listener *l = &listeners->list[k];
				struct finding *finding;
				if (l->is_unix || !l->is_any || vm->endpoints[j].port == 0 ||
				    l->port != vm->endpoints[j].port || is_ours(l))
					continue;
				finding = doctor_find(doctor, check,
				    "%s %s: port %u is taken on every address, by %s (pid %d)",
				    vm->name, vm->endpoints[j].right, l->port, program(l),
				    (int)l->pid);
				finding_at(finding, vm->file, vm->endpoints[j].line);
				finding_mend(finding,
				    "have that program listen on the addresses "
				    "that it needs (sshd: ListenAddress)");
			}
	}
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("console-open", FINDING_HOLE, check_open,
	"A machine's screen or service is open to the network, past the gate."),
    DOCTOR_CHECK("console-local", FINDING_WARNING, check_local,
	"Every program on the gateway can connect there, past the gate."),
    DOCTOR_CHECK("console-socket", FINDING_HOLE, check_socket,
	"Users of the gateway can connect there, past the gate."),
    DOCTOR_CHECK("backend-open", FINDING_HOLE, check_backend,
	"What vms.conf has on the loopback address is open to the network, past the gate."),
    DOCTOR_CHECK("gate-squat", FINDING_HOLE, check_squat,
	"Another program answers users in the gate's place."),
    DOCTOR_CHECK("gate-port", FINDING_WARNING, check_port,
	"Who connects to the VM's address there meets that program, and not the VM."),
    DOCTOR_CHECKS_END};

static bool
begin(struct doctor *doctor)
{
	struct listeners *listeners = calloc(1, sizeof(*listeners));
	int err = -ENOMEM;

	doctor->group = listeners;
	if (listeners != NULL)
		err = listeners_read(listeners);
	if (err == -ENOMEM)
		doctor->findings.failed = true;
	else if (err < 0)
		doctor_blind(doctor, "who listens: /proc/net: %s", strerror(-err));
	return err == 0;
}

static void
end(struct doctor *doctor)
{
	struct listeners *listeners = doctor->group;

	if (listeners != NULL)
		listeners_free(listeners);
	free(listeners);
	doctor->group = NULL;
}

const struct doctor_group doctor_listen = {
    .name = "listen", .checks = checks, .needs_policy = true, .begin = begin, .end = end};
