/* The questions of sallyport-shell. The table in request.c has already seen to the
 * connection's state; each is answered exactly once, or its caller is closed. */
#ifndef SALLYPORT_DAEMON_SHELL_REQUESTS_H
#define SALLYPORT_DAEMON_SHELL_REQUESTS_H

#include "daemon/conn.h"
#include "daemon/session.h"
#include "daemon/visit.h"

#include <stdbool.h>
#include <stddef.h>

struct vm;

/* Exit statuses of sallyport-shell (sysexits.h). */
enum shell_exit {
	SHELL_EX_USAGE = 64,
	SHELL_EX_LATER = 75,
	SHELL_EX_DENIED = 77,
	SHELL_EX_CONFIG = 78,
};

/* What may it do? (shell_plan.c) */
void shell_begin(struct caller *caller, struct conn *conn, struct wire_in *in);
void shell_decide(struct visit *visit, struct conn *conn);
/* otp = shell: may it ask for the OTP, and what was typed. (shell_prompt.c) */
void shell_ask(struct caller *caller, struct conn *conn, struct wire_in *in);
void shell_otp(struct caller *caller, struct conn *conn, struct wire_in *in);
/* The page, vms, why, help. (shell_page.c) */
void shell_page(struct visit *visit, struct conn *conn, struct session *session);
/* seat VM: false when the caller has gone; and what a VM's row says of a seat; and why
 * of one right, "" when it has no seat (static). (shell_seat.c) */
bool shell_seat(struct visit *visit, const struct conn *conn);
const char *shell_seat_words(const struct visit *visit, const struct conn *conn,
    const char *vm_name, const char *right);
void shell_seat_put(struct wire_out *out, const struct visit *visit, const struct conn *conn,
    const struct vm *vm, bool is_serial);
/* Who has the seat for that console, in words, as `seat VM` has it. "": it is nobody's. */
void shell_seat_who(const struct visit *visit, const struct conn *conn, const char *vm_name,
    const char *right, char *text, size_t cap);

/* File transfers: the folders, before the plan (false: the caller has gone), and what
 * is claimed to have been done. (shell_transfer.c) */
bool shell_transfer_rows(struct visit *visit, const struct session *session);
void shell_claim(struct caller *caller, struct conn *conn, struct wire_in *in);

/* Refusals; each puts a denial on record. conn may be NULL, right "". (shell_refuse.c) */
void shell_refuse(struct caller *caller, const struct conn *conn, enum shell_exit status,
    const char *right, const char *reason, const char *words);
/* The same of what is on record already. */
void shell_refuse_told(struct caller *caller, enum shell_exit status, const char *words);
void shell_refuse_state(struct caller *caller, const struct conn *conn);
void shell_refuse_version(struct caller *caller);
void shell_refuse_late(struct caller *caller);
void shell_refuse_passed(struct caller *caller);
/* Its caller goes. */
void shell_gone(struct caller *caller);

#endif
