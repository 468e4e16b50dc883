/* The PAM module's questions. Each handler answers its caller exactly once, now or
 * later; the table in request.c has already seen to the connection's state. */
#ifndef SALLYPORT_DAEMON_PAM_REQUESTS_H
#define SALLYPORT_DAEMON_PAM_REQUESTS_H

#include "daemon/door.h"
#include "daemon/login.h"

/* authenticate: may there be a prompt? (pam_requests.c) */
void pam_begin(struct caller *caller, struct login *login, struct conn *conn);
/* Its caller has gone: whoever was asked is asked no longer. */
void pam_gone(struct caller *caller);
/* What was typed at it: str otp. (pam_otp.c) */
void pam_otp(struct caller *caller, struct wire_in *in);

/* acct_mgmt, open_session, close_session. (pam_session.c) */
void pam_account(struct caller *caller, struct login *login, struct conn *conn);
void pam_open(struct caller *caller, struct login *login, struct conn *conn);
void pam_close(struct caller *caller, struct login *login, struct conn *conn);

/* Refusals that all share (pam_answer.c). Each puts a denial on record, answers
 * and, with the answer, lets go of the caller. */
void pam_refuse_state(
    struct caller *caller, const struct login *login, const struct conn *conn);
void pam_refuse_late(struct caller *caller);
/* For login or conn, whichever is not NULL: reason for the record, words for the
 * user ("" none). */
void pam_refuse(struct caller *caller, const struct login *login, const struct conn *conn,
    enum proto_refusal refusal, const char *reason, const char *words);
void pam_grant(struct caller *caller);

#endif
