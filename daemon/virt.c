/* Which processes, whom they watch, what they open. */
#include "daemon/virt.h"

#include "daemon/dial.h"
#include "daemon/finder.h"
#include "daemon/stranger.h"
#include "lib/io.h"
#include "lib/log.h"
#include "policy/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define GRACE_MS    1000  /* for the helper's own work, beside the caller's time */
#define LIST_BYTES  32768 /* of a list in one message */
#define WATCH_FIRST 1
#define WATCH_LAST  2

/* A domain, or the path of a QMP socket. */
struct watched {
	TAILQ_ENTRY(watched) link;
	struct finder_link by_name;
	struct role *role;
	char *name;
	enum proto_vm_state state;
	struct dial *dial; /* QMP: while we connect */
	const char *why;   /* QMP: the last connect failed; static text */
	bool is_wanted;
};

struct role {
	struct virt *virt;
	enum target_kind kind;
	const char *name;
	char *const *argv;
	struct servant *servant; /* NULL: not needed */
	TAILQ_HEAD(, watched) list;
	struct finder by_name;
};

struct virt {
	struct gateway *gw;
	struct role roles[2];
};

struct virt_call {
	struct role *role;
	char *name;
	virt_done_fn *fn; /* NULL: cancelled */
	void *arg;
};

static struct role *
role_of(const struct virt *virt, enum target_kind kind)
{
	for (size_t i = 0; virt != NULL && i < 2; i++)
		if (virt->roles[i].kind == kind)
			return (struct role *)(uintptr_t)&virt->roles[i];
	return NULL;
}

static struct watched *
find(const struct role *role, const char *name)
{
	struct watched *w = finder_first(&role->by_name, hash_str(name));

	while (w != NULL && strcmp(w->name, name) != 0)
		w = finder_next(&w->by_name);
	return w;
}

/* --- whom they watch ------------------------------------------------------ */

static void
drop(struct role *role, struct watched *w)
{
	TAILQ_REMOVE(&role->list, w, link);
	finder_remove(&role->by_name, &w->by_name);
	dial_cancel(w->dial);
	free(w->name);
	free(w);
}

static void
want(struct role *role, const char *name)
{
	struct watched *w = find(role, name);

	if (w == NULL) {
		w = calloc(1, sizeof(*w));
		if (w == NULL || (w->name = strdup(name)) == NULL) {
			free(w);
			log_error("no memory to watch a VM's back end");
			return;
		}
		w->role = role;
		TAILQ_INSERT_TAIL(&role->list, w, link);
		finder_add(&role->by_name, &w->by_name, hash_str(name), w);
	}
	w->is_wanted = true;
}

static void
make_list(struct role *role, const struct policy *policy)
{
	struct watched *w, *next;

	TAILQ_FOREACH(w, &role->list, link)
		w->is_wanted = false;
	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		const struct vm *vm = policy_vm(policy, i);
		for (size_t k = 0; k < vm->endpoint_count; k++)
			if (vm->endpoints[k].target.kind == role->kind)
				want(role, vm->endpoints[k].target.name);
	}
	for (w = TAILQ_FIRST(&role->list); w != NULL; w = next) {
		next = TAILQ_NEXT(w, link);
		if (!w->is_wanted)
			drop(role, w);
	}
}

/* One message: the names from w on that fit. Returns the first that did not. */
static const struct watched *
tell_some(struct role *role, const struct watched *w, bool is_first)
{
	const struct watched *end = w;
	size_t bytes = 0;
	uint16_t n = 0;
	struct wire_out *out;

	for (; end != NULL && bytes < LIST_BYTES; end = TAILQ_NEXT(end, link), n++)
		bytes += strlen(end->name) + 2;
	out = servant_begin(role->servant, PROTO_VIRT_WATCH);
	wire_put_u8(
	    out, (uint8_t)((is_first ? WATCH_FIRST : 0) | (end == NULL ? WATCH_LAST : 0)));
	wire_put_u16(out, n);
	for (; w != end; w = TAILQ_NEXT(w, link))
		wire_put_str(out, w->name);
	if (servant_tell(role->servant, NULL, 0) < 0)
		log_error("%s cannot be told whom to watch", role->name);
	return end;
}

static void
tell_list(struct role *role)
{
	const struct watched *w = TAILQ_FIRST(&role->list);
	bool is_first = true;

	if (!servant_is_up(role->servant))
		return;
	do {
		w = tell_some(role, w, is_first);
		is_first = false;
	} while (w != NULL);
}

/* --- what they tell --------------------------------------------------------- */

static void
on_ready(void *arg, struct wire_in *in)
{
	(void)in;
	tell_list(arg);
}

static void
on_down(void *arg)
{
	struct role *role = arg;
	struct watched *w;

	TAILQ_FOREACH(w, &role->list, link)
		w->state = PROTO_VM_UNKNOWN;
}

static void
on_dialed(void *arg, int fd, const char *reason)
{
	struct watched *w = arg;
	struct role *role = w->role;
	struct wire_out *out;

	w->dial = NULL;
	w->why = fd < 0 ? reason : NULL;
	if (servant_is_up(role->servant)) {
		out = servant_begin(role->servant, PROTO_VIRT_QMP);
		wire_put_str(out, w->name);
		wire_put_u8(out, fd >= 0);
		if (servant_tell(role->servant, &fd, fd >= 0) == 0)
			io_close(&fd); /* the helper's from now on: not to be shut down */
	}
	stranger_close(&fd);
}

/* Only where the policy says so: the helper reads what VMs write. */
static void
dial_for(struct role *role, struct watched *w)
{
	const struct target target = {.kind = TARGET_UNIX, .name = w->name};

	if (role->kind != TARGET_QMP || w->dial != NULL)
		return;
	if (dial_start(&w->dial, role->virt->gw, &target, "", on_dialed, w) < 0)
		on_dialed(w, -1, "no memory or no descriptor");
}

static void
on_notice(void *arg, uint8_t type, struct wire_in *in)
{
	struct role *role = arg;
	char name[PROTO_NAME_MAX + 1];
	uint8_t state = PROTO_VM_UNKNOWN;
	struct watched *w;

	wire_get_str(in, name, sizeof(name));
	if (type == PROTO_VIRT_CHANGED)
		state = wire_get_u8(in);
	if ((type != PROTO_VIRT_CHANGED && type != PROTO_VIRT_DIAL) || wire_end(in) < 0) {
		log_error("%s sent a message that is none of its own (%u)", role->name, type);
		return;
	}
	w = find(role, name); /* NULL: not wanted any more */
	if (w != NULL && type == PROTO_VIRT_DIAL)
		dial_for(role, w);
	else if (w != NULL)
		w->state = (enum proto_vm_state)state;
}

/* --- the processes ------------------------------------------------------------ */

static void
role_stop(struct role *role)
{
	if (role->servant == NULL)
		return;
	servant_give_up(role->servant, "no VM needs it any more");
	servant_free(role->servant);
	role->servant = NULL;
}

static void
role_reload(struct role *role)
{
	struct gateway *gw = role->virt->gw;

	make_list(role, gw->policy);
	if (TAILQ_EMPTY(&role->list)) {
		role_stop(role);
		return;
	}
	if (role->servant != NULL) {
		tell_list(role);
		return;
	}
	role->servant = servant_new(gw->loop, &(struct servant_spec){.name = role->name,
						  .argv = role->argv,
						  .on_ready = on_ready,
						  .on_down = on_down,
						  .on_notice = on_notice,
						  .arg = role,
						  .passes_fds = true});
	if (role->servant == NULL)
		log_error("no memory for %s", role->name);
}

void
virt_reload(struct virt *virt)
{
	for (size_t i = 0; virt != NULL && i < 2; i++)
		role_reload(&virt->roles[i]);
}

static void
role_init(struct role *role, struct virt *virt, enum target_kind kind, const char *name,
    char *const *argv)
{
	*role = (struct role){.virt = virt, .kind = kind, .name = name, .argv = argv};
	TAILQ_INIT(&role->list);
	finder_init(&role->by_name);
}

struct virt *
virt_new(struct gateway *gw)
{
	static char path[] = LIBEXECDIR "/virt", libvirt[] = "--libvirt", qmp[] = "--qmp";
	static char *libvirt_argv[] = {path, libvirt, NULL}, *qmp_argv[] = {path, qmp, NULL};
	struct virt *virt = calloc(1, sizeof(*virt));

	if (virt == NULL)
		return NULL;
	virt->gw = gw;
	role_init(&virt->roles[0], virt, TARGET_LIBVIRT, "virt libvirt", libvirt_argv);
	role_init(&virt->roles[1], virt, TARGET_QMP, "virt qmp", qmp_argv);
	virt_reload(virt);
	return virt;
}

void
virt_free(struct virt *virt)
{
	if (virt == NULL)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct role *role = &virt->roles[i];
		servant_free(role->servant);
		while (!TAILQ_EMPTY(&role->list))
			drop(role, TAILQ_FIRST(&role->list));
		finder_free(&role->by_name);
	}
	free(virt);
}

/* --- opening -------------------------------------------------------------------- */

static enum proto_console
console_of(const char *right)
{
	if (strcmp(right, "spice") == 0)
		return PROTO_CONSOLE_SPICE;
	if (strcmp(right, "vnc") == 0)
		return PROTO_CONSOLE_VNC;
	return strcmp(right, "serial") == 0 ? PROTO_CONSOLE_SERIAL : PROTO_CONSOLE_NONE;
}

static const char *
words_of(const struct virt_call *call, uint8_t status)
{
	static const char *const words[] = {
	    [PROTO_VIRT_FAILED] = "the VM's console cannot be opened",
	    [PROTO_VIRT_UNREACHABLE] = "libvirt cannot be reached",
	    [PROTO_VIRT_ABSENT] = "libvirt has no domain of this name",
	    [PROTO_VIRT_OFF] = "the VM is shut off",
	    [PROTO_VIRT_REFUSED] = "the VM has no such console",
	    [PROTO_VIRT_BUSY] = "the VM's console is taken, or too many wait for it",
	    [PROTO_VIRT_LATE] = "the VM does not answer in time",
	};
	const struct watched *w = find(call->role, call->name);

	if (status == PROTO_VIRT_UNREACHABLE && call->role->kind == TARGET_QMP)
		return w != NULL && w->why != NULL ? w->why
						   : "QEMU's control socket cannot be used";
	if (status >= sizeof(words) / sizeof(words[0]) || words[status] == NULL)
		status = PROTO_VIRT_FAILED;
	return words[status];
}

/* Nothing else is handed to the relay, whatever the helper passes. */
static bool
is_console(int fd)
{
	int domain = 0, type = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(domain);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

static void
on_opened(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct virt_call *call = arg;
	const char *reason = NULL;
	uint8_t status = PROTO_VIRT_FAILED;
	int fd = -1;

	if (error == 0) {
		fd = servant_take_fd(call->role->servant);
		status = wire_get_u8(in);
		if (type != PROTO_VIRT_OPENED || wire_end(in) < 0)
			status = PROTO_VIRT_FAILED;
	}
	if (error != 0)
		reason = "the helper that opens this VM's console is down";
	else if (status != PROTO_VIRT_OK || fd < 0 || !is_console(fd))
		reason = words_of(call, status);
	if (reason != NULL || call->fn == NULL)
		stranger_close(&fd);
	if (call->fn != NULL)
		call->fn(call->arg, fd, reason);
	free(call->name);
	free(call);
}

struct virt_call *
virt_open(struct virt *virt, const struct target *target, const char *right,
    uint32_t timeout_ms, virt_done_fn *fn, void *arg, const char **why)
{
	struct role *role = role_of(virt, target->kind);
	struct virt_call *call = calloc(1, sizeof(*call));
	struct wire_out *out;

	*why = "no memory";
	if (call == NULL)
		return NULL;
	*call = (struct virt_call){.role = role, .fn = fn, .arg = arg};
	call->name = strdup(target->name);
	if (call->name == NULL)
		goto out;
	*why = "the helper that opens this VM's console is down";
	if (role == NULL || !servant_is_up(role->servant))
		goto out;
	out = servant_begin(role->servant, PROTO_VIRT_OPEN);
	wire_put_u8(out, (uint8_t)console_of(right));
	wire_put_str(out, target->name);
	wire_put_u32(out, timeout_ms);
	if (servant_ask(role->servant, NULL, 0, timeout_ms + GRACE_MS, on_opened, call) == 0)
		return call;
out:
	free(call->name);
	free(call);
	return NULL;
}

void
virt_cancel(struct virt_call *call)
{
	if (call != NULL)
		call->fn = NULL;
}

/* --- what is known ---------------------------------------------------------------- */

const char *
virt_state(const struct virt *virt, const struct target *target)
{
	static const char *const words[] = {[PROTO_VM_UNKNOWN] = "",
	    [PROTO_VM_RUNNING] = "running",
	    [PROTO_VM_PAUSED] = "paused",
	    [PROTO_VM_OFF] = "shut off"};
	const struct role *role = role_of(virt, target->kind);
	const struct watched *w = role != NULL ? find(role, target->name) : NULL;

	return w != NULL && w->state < sizeof(words) / sizeof(words[0]) ? words[w->state] : "";
}

const char *
virt_vm_state(const struct virt *virt, const struct vm *vm)
{
	const char *state = "";

	for (size_t i = 0; i < vm->endpoint_count && *state == '\0'; i++)
		state = virt_state(virt, &vm->endpoints[i].target);
	return state;
}

void
virt_put_status(const struct virt *virt, struct row *row)
{
	for (size_t i = 0; virt != NULL && i < 2; i++) {
		const struct role *role = &virt->roles[i];
		const struct watched *w;
		size_t known = 0, all = 0;

		if (role->servant == NULL)
			continue;
		TAILQ_FOREACH(w, &role->list, link) {
			all++;
			known += w->state != PROTO_VM_UNKNOWN;
		}
		row_format(row, role->name,
		    "%s (pid %d, started %u times), state of %zu of %zu VMs known",
		    servant_is_up(role->servant) ? "up" : "DOWN",
		    (int)servant_pid(role->servant), servant_starts(role->servant), known, all);
	}
}
