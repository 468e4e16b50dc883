/* One OTP on its way: verified, put on record, then told. This is the only way from
 * what somebody typed to a verdict, whichever door it came in by. */
#ifndef SALLYPORT_DAEMON_OTP_CHECK_H
#define SALLYPORT_DAEMON_OTP_CHECK_H

#include "daemon/conn.h"
#include "daemon/gateway.h"
#include "lib/verdict.h"

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

struct otp_outcome {
	enum verdict verdict;        /* allow: good, the user's, spent, and on record */
	enum proto_refusal refusal;  /* when denied */
	const char *reason, *words;  /* when denied: for the record, for the user */
	uint32_t hold_ms;	     /* when denied: tell it not before this time has passed */
	char public_id[PROTO_PUBLIC_ID_MAX + 1];
	uint8_t found; /* enum proto_otp; to be told, not to be decided by */
	uint32_t counter;
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

/* The denials that need no check. What is not an OTP is not free of cost, either. */
struct otp_outcome otp_outcome_garbled(struct gateway *gw, const struct otp_subject *subject);
struct otp_outcome otp_outcome_failed(void);
/* Puts such a denial on record, or one after an outcome that came too late. */
void otp_record_denial(
    struct gateway *gw, const struct otp_subject *subject, const char *reason);

#endif
