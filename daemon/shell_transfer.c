/* File transfers of those without a shell: what they may reach, told to sallyport-shell,
 * and what the file server, a process of the user's own, claims to have done. */
#include "daemon/audit.h"
#include "daemon/links.h"
#include "daemon/sessions.h"
#include "daemon/shell_requests.h"
#include "daemon/transfer.h"
#include "lib/io.h"

#include <stdio.h>

#define CLAIMS_PER_S 50 /* of one user; each is a record */

bool
shell_transfer_rows(struct visit *visit, const struct session *session)
{
	const struct transfer *transfer = session_transfer(session);

	for (size_t i = 0; i < transfer_count(transfer); i++) {
		const struct transfer_folder *folder = transfer_folder(transfer, i);
		struct wire_out *out = door_begin(visit->caller, PROTO_SHELL_FOLDER);

		wire_put_str(out, folder->vm);
		wire_put_str(out, folder->path);
		wire_put_u8(out, folder->is_writable);
		wire_put_u8(out, gateway_settings(visit->gw)->files_only_read);
		if (door_send(visit->caller, false) < 0)
			return false;
	}
	return true;
}

static void
record(struct session *session, struct gateway *gw, const char *line)
{
	struct audit *audit = gw->audit;

	audit_begin(audit, "file");
	session_put_names(session, audit);
	audit_text(audit, AUDIT_VERDICT, "claimed");
	audit_text(audit, AUDIT_DETAIL, line);
	audit_end_plain(audit);
}

void
shell_claim(struct caller *caller, struct conn *conn, struct wire_in *in)
{
	struct gateway *gw = caller->gw;
	struct session *session = sessions_of_caller(gw->sessions, caller);
	uint32_t left_out = wire_get_u32(in);
	bool is_last = wire_get_u8(in) == 1;
	char line[PROTO_TEXT_MAX + 1];

	wire_get_str(in, line, sizeof(line));
	if (wire_end(in) < 0 || session == NULL || session_transfer(session) == NULL) {
		door_close(caller);
		return;
	}
	if (line[0] != '\0' && links_take(gw->claims, conn->uid, CLAIMS_PER_S, io_now_ms()))
		record(session, gw, line);
	else
		left_out += line[0] != '\0' && left_out < UINT32_MAX;
	session_left_out(session, left_out);
	if (is_last) {
		wire_put_str(door_begin(caller, PROTO_SHELL_ENDED), "");
		if (door_send(caller, true) < 0)
			return;
	}
	door_rest(caller);
}
