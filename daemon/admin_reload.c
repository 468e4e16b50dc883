/* reload: what the files have wrong, or what they end. */
#include "daemon/admin_requests.h"
#include "daemon/reload.h"
#include "daemon/row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EX_USAGE  64
#define EX_TEMP   75
#define EX_CONFIG 78

struct errand {
	struct caller *caller; /* NULL when it has gone */
	bool is_dry_run;
};

/* The report's lines, each a row; false when the caller has gone. */
static bool
send_report(struct caller *caller, const struct report *report)
{
	const char *at = report->text;
	struct row row;

	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, "\n");
		row_begin(&row, caller);
		row_format(&row, "message", "%.*s", (int)len, at);
		if (!row_send(&row))
			return false;
		at += len + (at[len] == '\n');
	}
	return true;
}

static bool
send_toll(struct caller *caller, const struct toll *toll)
{
	struct row row;

	for (size_t i = 0; i < toll->count; i++) {
		const struct toll_entry *entry = &toll->entries[i];
		row_begin(&row, caller);
		row_text(&row, "user", entry->user);
		row_format(&row, "conn", "c%u", entry->conn_id);
		if (entry->channel_id != 0)
			row_format(&row, "id", "ch%u", entry->channel_id);
		else if (entry->session_id != 0)
			row_format(&row, "id", "s%u", entry->session_id);
		else
			row_text(&row, "id", "");
		row_text(&row, "vm", entry->vm);
		row_text(&row, "right", entry->right);
		row_text(&row, "reason", entry->reason);
		if (!row_send(&row))
			return false;
	}
	return true;
}

static void
say_done(const struct errand *errand, const struct reload_result *result)
{
	const struct toll *toll = result->toll;
	char text[300];
	size_t used;

	used = (size_t)snprintf(text, sizeof(text), "%s: %zu VM%s, %zu grant%s",
	    errand->is_dry_run ? "the files are in order" : "loaded", result->vms,
	    result->vms == 1 ? "" : "s", result->grants, result->grants == 1 ? "" : "s");
	if (toll->conns + toll->sessions + toll->channels > 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "; %s %zu connection%s, %zu session%s, %zu channel%s",
		    errand->is_dry_run ? "this would end" : "ended", toll->conns,
		    toll->conns == 1 ? "" : "s", toll->sessions, toll->sessions == 1 ? "" : "s",
		    toll->channels, toll->channels == 1 ? "" : "s");
	if (result->is_guess)
		(void)snprintf(text + used, sizeof(text) - used,
		    "; not all users could be looked up: judged by their groups as known");
	row_end(errand->caller, 0, text);
}

static void
on_result(void *arg, const struct reload_result *result)
{
	struct errand *errand = arg;
	struct caller *caller = errand->caller;
	char text[80];

	if (caller == NULL)
		goto out;
	door_hold(caller, NULL);
	if (!send_report(caller, &result->report))
		goto out;
	if (result->err == -EPERM) {
		row_end(caller, EX_CONFIG,
		    "the new files hold no grant at all: nothing was changed (--force if that "
		    "is meant)");
	} else if (result->err == -EBUSY || result->err == -ENOMEM) {
		row_end(caller, EX_TEMP,
		    result->err == -EBUSY ? "another reload is under way: try again"
					  : "no memory: nothing was changed");
	} else if (result->err < 0) {
		snprintf(text, sizeof(text), "%zu errors: nothing was changed",
		    result->report.errors);
		row_end(caller, EX_CONFIG, text);
	} else if (send_toll(caller, result->toll)) {
		say_done(errand, result);
	}
out:
	free(errand);
}

void
admin_reload(struct caller *caller, struct wire_in *in)
{
	struct errand *errand = calloc(1, sizeof(*errand));
	uint8_t flags = wire_get_u8(in);

	if (wire_end(in) < 0 || errand == NULL) {
		row_end(caller, errand == NULL ? EX_TEMP : EX_USAGE,
		    "the daemon does not understand this question: are CLI and daemon of one "
		    "version?");
		free(errand);
		return;
	}
	*errand = (struct errand){.caller = caller, .is_dry_run = flags & 1};
	door_hold(caller, &errand->caller);
	reload_begin(caller->gw, flags & 1, flags & 2, on_result, errand);
}
