/* status and list: what goes on now. */
#include "daemon/admin_requests.h"
#include "daemon/api.h"
#include "daemon/audit.h"
#include "daemon/channels.h"
#include "daemon/conns.h"
#include "daemon/delay.h"
#include "daemon/endpoint.h"
#include "daemon/locks.h"
#include "daemon/prompts.h"
#include "daemon/fdstore.h"
#include "daemon/notify.h"
#include "daemon/rotation.h"
#include "daemon/sessions.h"
#include "daemon/row.h"
#include "daemon/virt.h"
#include "lib/io.h"
#include "lib/proto.h"
#include "lib/version.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EX_USAGE 64

static void
put_servant(struct row *row, const char *name, const struct servant *servant)
{
	row_format(row, name, "%s (pid %d, started %u times)",
	    servant_is_up(servant) ? "up" : "DOWN", (int)servant_pid(servant),
	    servant_starts(servant));
}

/* The policy's files that are not as they were read. */
static void
put_changed(struct row *row, const struct policy *policy)
{
	char text[PROTO_TEXT_MAX + 1] = "", when[16];
	size_t used = 0;
	struct tm tm;

	for (size_t i = 0; i < policy_file_count(policy) && used < sizeof(text); i++) {
		const struct policy_file *file = policy_file(policy, i);
		const char *base = strrchr(file->path, '/');
		struct stat st;

		if (stat(file->path, &st) < 0)
			used +=
			    (size_t)snprintf(text + used, sizeof(text) - used, "%s%s is gone",
				used > 0 ? "; " : "", base != NULL ? base + 1 : file->path);
		else if (st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec !=
			     file->mtime_ns &&
			 localtime_r(&st.st_mtim.tv_sec, &tm) != NULL) {
			strftime(when, sizeof(when), "%H:%M", &tm);
			used += (size_t)snprintf(text + used, sizeof(text) - used,
			    "%s%s changed %s, not loaded", used > 0 ? "; " : "",
			    base != NULL ? base + 1 : file->path, when);
		}
	}
	if (text[0] != '\0')
		row_text(row, "changed", text);
}

static void
put_policy(struct row *row, const struct gateway *gw)
{
	char when[16] = "";
	struct tm tm;

	if (localtime_r(&gw->loaded, &tm) != NULL)
		strftime(when, sizeof(when), "%H:%M", &tm);
	row_format(row, "policy", "loaded %s, %zu grants, %zu VMs", when,
	    policy_grant_count(gw->policy), policy_vm_count(gw->policy));
	put_changed(row, gw->policy);
}

/* Whether another could take a VM's port while the daemon is started again. */
static void
put_ports(struct row *row, const struct gateway *gw, const struct endpoint_count *count)
{
	if (!notify_is_wanted())
		row_text(row, "ports",
		    "free for others while the daemon is down: it was not "
		    "started by systemd");
	else
		row_format(row, "ports", "%zu of %zu stay reserved over a restart%s",
		    count->kept, count->ports,
		    fdstore_is_settled(gw->fdstore) ? "" : " (systemd has not taken all yet)");
}

static void
put_waiting(struct row *row, const struct audit *audit)
{
	size_t count;
	uint64_t lost;

	audit_waiting(audit, &count, &lost);
	if (count + lost > 0)
		row_format(row, "audit_waiting",
		    "%zu records wait to be written, %llu found no room", count,
		    (unsigned long long)lost);
}

/* Only when there are such. */
static void
put_worn(struct row *row, const struct gateway *gw)
{
	const struct worn *worn = &gw->worn;

	if (worn->count == 1)
		row_format(row, "worn", "key %s is nearly worn out: replace it", worn->id);
	else if (worn->count > 1)
		row_format(row, "worn", "%u keys are nearly worn out: replace them (%s …)",
		    worn->count, worn->id);
}

/* Whether all is well with them. */
static bool
put_locks(struct row *row, const struct locks *locks)
{
	const char *trouble = locks_trouble(locks);

	row_format(row, "locks", "%zu%s%s", locks_list(locks)->count,
	    trouble != NULL ? "; " : "", trouble != NULL ? trouble : "");
	return trouble == NULL;
}

void
admin_status(struct caller *caller, struct wire_in *in)
{
	const struct gateway *gw = caller->gw;
	const struct settings *settings = gateway_settings(gw);
	const char *disorder = gateway_disorder(gw);
	struct endpoint_count count;
	bool is_well = disorder == NULL;
	struct row row;

	if (wire_end(in) < 0) {
		row_end(caller, EX_USAGE, "malformed question");
		return;
	}
	endpoints_count(gw->endpoints, &count);
	row_begin(&row, caller);
	row_text(&row, "version", SALLYPORT_VERSION);
	row_format(&row, "pid", "%d", (int)getpid());
	row_time(&row, "since", gw->started);
	row_format(&row, "gated", "@%s%s", settings->gated,
	    gw->gated_gid == (gid_t)-1 ? " (cannot be looked up)" : "");
	put_policy(&row, gw);
	put_servant(&row, "verify", gw->verify);
	put_servant(&row, "recorder", gw->recorder);
	put_servant(&row, "relay", gw->relay);
	put_servant(&row, "names", gw->names);
	api_put_status(gw->api, &row);
	virt_put_status(gw->virt, &row);
	put_worn(&row, gw);
	row_text(&row, "otp", disorder == NULL ? "can be verified" : disorder);
	row_format(&row, "audit_seq", "%llu", (unsigned long long)audit_seq(gw->audit));
	put_waiting(&row, gw->audit);
	is_well = rotation_put(gw->rotation, &row) && is_well;
	row_format(&row, "endpoints", "%zu of %zu listen", count.open, count.wanted);
	put_ports(&row, gw, &count);
	row_format(&row, "prompts", "%zu open, %zu askers wait longer for a wrong OTP",
	    prompts_count(gw->prompts), delay_count(gw->delay, io_now_ms()));
	row_format(&row, "connections", "%zu", conns_count(gw->conns));
	row_format(&row, "sessions", "%zu (at most %u a user)", sessions_count(gw->sessions),
	    settings->max_sessions);
	row_format(&row, "channels", "%zu (at most %u a user)", channels_count(gw->channels),
	    settings->max_channels);
	admin_put_consoles(gw, &row);
	is_well = put_locks(&row, gw->locks) && is_well;
	if (row_send(&row))
		row_end(caller, is_well && count.open == count.wanted ? 0 : 1, "");
}

static bool
list_vms(struct caller *caller)
{
	const struct gateway *gw = caller->gw;
	struct row row;

	for (size_t i = 0; i < policy_vm_count(gw->policy); i++) {
		const struct vm *vm = policy_vm(gw->policy, i);
		struct in_addr address = endpoints_address(gw->endpoints, i);
		char rights[PROTO_TEXT_MAX + 1] = "";
		size_t used = 0;

		for (size_t j = 0; j < vm->endpoint_count && used < sizeof(rights); j++)
			used += (size_t)snprintf(rights + used, sizeof(rights) - used, "%s%s",
			    j > 0 ? "," : "", vm->endpoints[j].right);
		row_begin(&row, caller);
		row_text(&row, "vm", vm->name);
		row_text(
		    &row, "address", address.s_addr != INADDR_ANY ? inet_ntoa(address) : "");
		row_text(&row, "rights", rights);
		row_text(&row, "state", virt_vm_state(gw->virt, vm));
		row_text(&row, "title", vm->title);
		if (!row_send(&row))
			return false;
	}
	return true;
}

static bool
list_connections(struct caller *caller)
{
	const struct conn *conn = NULL;
	struct row row;

	while ((conn = conns_next(caller->gw->conns, conn)) != NULL) {
		row_begin(&row, caller);
		row_format(&row, "id", "c%u", conn->id);
		row_text(&row, "user", conn->user);
		row_text(&row, "state", conn_state_name(conn->state));
		row_time(&row, "since", conn->since);
		row_text(&row, "source", conn->source);
		row_text(&row, "key", conn->public_id);
		if (!row_send(&row))
			return false;
	}
	return true;
}

static bool
list_users(struct caller *caller)
{
	const struct policy *policy = caller->gw->policy;
	struct row row;

	for (size_t i = 0; i < policy_who_count(policy); i++) {
		const char *who = policy_who(policy, i);
		size_t keys = 0;

		(void)policy_keys(policy, who, &keys);
		row_begin(&row, caller);
		row_text(&row, "who", who);
		row_format(&row, "grants", "%zu", policy_who_grants(policy, i));
		if (who[0] == '@')
			row_text(&row, "keys", "");
		else
			row_format(&row, "keys", "%zu", keys);
		if (!row_send(&row))
			return false;
	}
	return true;
}

static bool
list_locks(struct caller *caller)
{
	static const char *const kinds[] = {"locked", "open", "all locked"};
	const struct lock_list *list = locks_list(caller->gw->locks);
	struct row row;

	for (size_t i = 0; i < list->count; i++) {
		row_begin(&row, caller);
		row_text(&row, "user", list->locks[i].user);
		row_text(&row, "state", kinds[list->locks[i].kind]);
		row_time(&row, "since", list->locks[i].since);
		row_text(&row, "reason", list->locks[i].reason);
		if (!row_send(&row))
			return false;
	}
	return true;
}

void
admin_list(struct caller *caller, struct wire_in *in)
{
	static const struct {
		const char *what;
		bool (*list)(struct caller *caller);
	} lists[] = {{"vms", list_vms}, {"users", list_users},
	    {"connections", list_connections}, {"channels", admin_list_channels},
	    {"seats", admin_list_seats}, {"locks", list_locks}};
	char what[PROTO_NAME_MAX + 1];

	wire_get_str(in, what, sizeof(what));
	for (size_t i = 0; wire_end(in) == 0 && i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(lists[i].what, what) == 0) {
			if (lists[i].list(caller))
				row_end(caller, 0, "");
			return;
		}
	}
	row_end(caller, EX_USAGE, "there are: vms, users, connections, channels, seats, locks");
}
