/* Records of refusals. */
#include "daemon/denial.h"

static void
record(struct audit *audit, const char *vm, const char *right, const char *line,
    const char *reason, pid_t pid, uint64_t count)
{
	audit_text(audit, AUDIT_VM, vm);
	audit_text(audit, AUDIT_RIGHT, right);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, reason);
	audit_text(audit, AUDIT_LINE, line);
	if (pid > 0)
		audit_number(audit, AUDIT_PID, (uint64_t)pid);
	if (count > 1)
		audit_number(audit, AUDIT_COUNT, count);
	audit_end_plain(audit);
}

void
denial_record(struct audit *audit, const struct conn *conn, const char *vm, const char *right,
    const char *line, const char *reason)
{
	denial_record_link(audit, conn, vm, right, line, reason, "");
}

void
denial_record_link(struct audit *audit, const struct conn *conn, const char *vm,
    const char *right, const char *line, const char *reason, const char *link)
{
	uint64_t count;

	if (!audit_may_deny(audit, conn->uid, &count))
		return;
	audit_begin(audit, "deny");
	audit_conn(audit, conn);
	audit_text(audit, AUDIT_CHANNELS, link);
	record(audit, vm, right, line, reason, 0, count);
}

void
denial_record_stranger(struct audit *audit, const char *vm, const char *right, uid_t uid,
    pid_t pid, const char *reason)
{
	uint64_t count;

	if (!audit_may_deny(audit, uid, &count))
		return;
	audit_begin(audit, "deny");
	if (uid != (uid_t)-1)
		audit_number(audit, AUDIT_UID, uid);
	record(audit, vm, right, NULL, reason, pid, count);
}
