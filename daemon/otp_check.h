/* One OTP on its way: verified, put on record, then told. This is the only way from
 * what somebody typed to a verdict, whichever door it came in by. */
#ifndef SALLYPORT_DAEMON_OTP_CHECK_H
#define SALLYPORT_DAEMON_OTP_CHECK_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "daemon/otp_outcome.h"

#include <stdbool.h>

/* Whose OTP it is said to be. */
struct otp_subject {
	/* The connection that waits for it (CONN_EV_OTP_OK); else NULL, and these: */
	const struct conn *conn;
	const char *user, *source, *service; /* these and the next may be NULL but user */
	const char *tty, *ruser; /* a service's terminal, and who asks there */
	/* A key that counts as the user's though it is not mapped; for who tries a key out
	 * and lets nobody in for it. NULL none. */
	const char *candidate;
	uid_t uid;
};

/* Who waits. */
struct otp_asker {
	/* Is there still somebody to tell? If not, nothing is accepted. */
	bool (*waits)(const void *arg);
	/* Called once, never from within otp_check. A denial is on record by then; the
	 * connection's state is the asker's to step. */
	void (*done)(void *arg, const struct otp_outcome *outcome);
	void *arg;
};

/* otp is the caller's to wipe. 0, or -errno: OTPs cannot be checked now, nothing is
 * on record and done is not called. */
int otp_check(struct gateway *gw, const struct otp_subject *subject, const char *otp,
    const struct otp_asker *asker);

/* The denial of what is not an OTP. It needs no check, but is not free of cost. */
struct otp_outcome otp_check_garbled(struct gateway *gw, const struct otp_subject *subject);
/* Puts a denial that needed no check on record, or one after an outcome that came too late. */
void otp_record_denial(
    struct gateway *gw, const struct otp_subject *subject, const char *reason);

#endif
