/* Which executables, with which arguments. */
#include "daemon/servants.h"

#include "daemon/accord.h"
#include "daemon/audit.h"
#include "daemon/channel_relay.h"
#include "daemon/codes.h"
#include "daemon/kept_channels.h"
#include "daemon/rotation.h"
#include "lib/layout.h"
#include "lib/log.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#define STATE "/var/lib/sallyport"
#define LOG   "/var/log/sallyport/audit.jsonl"

void
servants_tell(struct gateway *gw)
{
	const struct settings *settings = gateway_settings(gw);
	uint32_t layouts = 0;

	for (size_t i = 0; i < settings->layout_count; i++)
		layouts |= 1u << layout_find(settings->layouts[i]); /* settings.c knows it */
	if (gw->verify == NULL || !servant_is_up(gw->verify))
		return;
	wire_put_u32(servant_begin(gw->verify, PROTO_VERIFY_LAYOUTS), layouts);
	(void)servant_tell(gw->verify, NULL, 0);
}

static void
on_verify_ready(void *arg, struct wire_in *in)
{
	struct gateway *gw = arg;
	uint64_t store_seq = wire_get_u64(in), audit_seq = wire_get_u64(in);

	codes_clear(gw->codes);
	gw->worn = (struct worn){0};
	servants_tell(gw);
	accord_on_verify(gw, store_seq, audit_seq, wire_end(in) == 0);
}

static void
on_recorder_ready(void *arg, struct wire_in *in)
{
	struct gateway *gw = arg;
	uint64_t seq = wire_get_u64(in), store_seq = wire_get_u64(in);
	bool is_next = wire_get_u8(in) != 0;

	accord_on_recorder(gw, seq, store_seq, wire_end(in) == 0);
	rotation_on_ready(gw->rotation, is_next);
	audit_begin(gw->audit, "start");
	audit_text(gw->audit, AUDIT_DETAIL,
	    servant_starts(gw->recorder) == 1 ? "the daemon started"
					      : "the recorder started again");
	audit_end_noted(gw->audit);
	audit_resume(gw->audit);
	kept_channels_close_old(gw->kept, gw->audit);
}

static void
on_verify_notice(void *arg, uint8_t type, struct wire_in *in)
{
	struct gateway *gw = arg;

	if (type == PROTO_KEYS_WORN)
		worn_on_notice(&gw->worn, in);
	else if (type == PROTO_CODE_USED)
		codes_on_notice(gw, in);
}

static void
on_relay_notice(void *arg, uint8_t type, struct wire_in *in)
{
	channel_relay_on_notice(arg, type, in);
}

static void
on_relay_down(void *arg)
{
	channel_relay_on_down(arg);
}

int
servants_start(struct gateway *gw)
{
	static char relay_path[] = LIBEXECDIR "/relay", names_path[] = LIBEXECDIR "/names";
	static char recorder_path[] = LIBEXECDIR "/recorder",
		    verify_path[] = LIBEXECDIR "/verify";
	static char opt_log[] = "--log", log[] = LOG;
	static char opt_store[] = "--store", store[] = STATE "/verify", opt_key[] = "--key";
	static char *relay[] = {relay_path, NULL}, *names[] = {names_path, NULL};
	static char opt_kernel[] = "--kernel-audit";
	static char *recorder[] = {recorder_path, opt_log, log, NULL, NULL};
	static char store_key[PATH_MAX];
	static char *verify[] = {verify_path, opt_store, store, opt_key, store_key, NULL};

	recorder[3] = gateway_settings(gw)->kernel_audit ? opt_kernel : NULL;
	/* A copy: a reload frees the settings, and verify may be started again after it. */
	snprintf(store_key, sizeof(store_key), "%s", gateway_settings(gw)->store_key);
	gw->recorder = servant_new(gw->loop, &(struct servant_spec){.name = "recorder",
						 .argv = recorder,
						 .on_ready = on_recorder_ready,
						 .arg = gw});
	gw->verify = servant_new(gw->loop, &(struct servant_spec){.name = "verify",
					       .argv = verify,
					       .on_ready = on_verify_ready,
					       .on_notice = on_verify_notice,
					       .arg = gw});
	gw->names = servant_new(
	    gw->loop, &(struct servant_spec){.name = "names", .argv = names, .arg = gw});
	gw->relay = servant_new(gw->loop, &(struct servant_spec){.name = "relay",
					      .argv = relay,
					      .on_down = on_relay_down,
					      .on_notice = on_relay_notice,
					      .arg = gw});
	return gw->recorder != NULL && gw->verify != NULL && gw->names != NULL &&
		       gw->relay != NULL
		   ? 0
		   : -ENOMEM;
}

void
servants_end(struct gateway *gw)
{
	servant_free(gw->relay); /* no byte after the closes that are on record */
	servant_free(gw->verify);
	servant_free(gw->names);
	servant_free(gw->recorder);
	gw->verify = gw->names = gw->relay = gw->recorder = NULL;
}
