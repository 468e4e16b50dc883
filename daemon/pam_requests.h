/* The PAM module's questions. Each handler answers its caller exactly once, now or
 * later; the table in request.c has already seen to the connection's state. */
#ifndef SALLYPORT_DAEMON_PAM_REQUESTS_H
#define SALLYPORT_DAEMON_PAM_REQUESTS_H

#include "daemon/door.h"
#include "daemon/login.h"
#include "daemon/otp_check.h"
#include "daemon/people.h"

/* authenticate: may there be a prompt? (pam_requests.c) */
void pam_begin(struct caller *caller, struct login *login, struct conn *conn);
/* Its caller has gone: whoever was asked is asked no longer. */
void pam_gone(struct caller *caller);
/* What was typed at it: str otp. (pam_otp.c) */
void pam_otp(struct caller *caller, struct wire_in *in);

/* What they share with services other than sshd (pam_service.c). */
struct objection {
	enum proto_refusal refusal;
	const char *reason, *words;
};
/* Why user, whose name is name, gets no prompt; reason NULL: he does. */
struct objection pam_object(
    const struct gateway *gw, const char *name, const struct people_user *user);
/* The same for login's user, with one objection more: of BEGIN_GATED, that he is not
 * known to be gated. Else its group is taken out of login. */
struct objection pam_object_login(
    const struct gateway *gw, struct login *login, const struct people_user *user);
void pam_prompt_user(struct caller *caller, const char *user);
/* Reads str otp and has it checked. False: it cannot be, and the caller is refused. */
bool pam_check_otp(struct caller *caller, const struct otp_subject *subject,
    struct wire_in *in, const struct otp_asker *asker);
void pam_refuse_otp(struct caller *caller, const struct otp_outcome *outcome);

/* acct_mgmt, open_session, close_session. (pam_session.c) */
void pam_account(struct caller *caller, struct login *login, struct conn *conn);
void pam_open(struct caller *caller, struct login *login, struct conn *conn);
void pam_close(struct caller *caller, struct login *login, struct conn *conn);

/* Refusals that all share (pam_answer.c). Each puts a denial on record, answers
 * and, with the answer, lets go of the caller. */
void pam_refuse_state(
    struct caller *caller, const struct login *login, const struct conn *conn);
void pam_refuse_late(struct caller *caller);
/* Newer prompts of the same owner took this one's place; caller is gone after it. */
void pam_evict(struct caller *caller);
extern const char pam_cannot_check[], pam_cannot_look_up[]; /* words */
/* For login or conn, whichever is not NULL: reason for the record, words for the
 * user ("" none). With a login that may be of one who is not gated: pam_unconcerned. */
void pam_refuse(struct caller *caller, const struct login *login, const struct conn *conn,
    enum proto_refusal refusal, const char *reason, const char *words);
void pam_grant(struct caller *caller);
void pam_unconcerned(struct caller *caller); /* without a record */

#endif
