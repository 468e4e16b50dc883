/* How far a connection has come, and what may happen next. The table in
 * conn_state.c is the policy; DESIGN.md holds it for the eye. */
#ifndef SALLYPORT_DAEMON_CONN_STATE_H
#define SALLYPORT_DAEMON_CONN_STATE_H

#include "lib/verdict.h"

enum conn_state {
	CONN_NONE = 0, /* not known: all that may happen is that it begins. With otp =
	                  shell, who is not known is in CONN_UNASKED */
	CONN_KEYED,    /* public key seen, OTP refused, none outstanding */
	CONN_PENDING,  /* the OTP is being asked for */
	CONN_ACCEPTED, /* an OTP was accepted in this very connection */
	CONN_OPEN,     /* PAM session open */
	CONN_LIVE,     /* U seen */
	CONN_UNASKED,  /* otp = shell: as CONN_NONE and CONN_KEYED, none outstanding */
	CONN_ASKED,    /* otp = shell: sallyport-shell asks for the OTP */
	CONN_ENDED,
	CONN_STATES,
};

enum conn_event {
	CONN_EV_BEGIN = 0, /* public key seen, the module asks for a prompt */
	CONN_EV_OTP_OK,
	CONN_EV_OTP_BAD,
	CONN_EV_ACCOUNT,
	CONN_EV_SESSION, /* open_session, from M itself */
	CONN_EV_FORWARD, /* U connects to an endpoint */
	CONN_EV_ASK,     /* otp = shell: a child of U wants to ask for the OTP */
	CONN_EV_SHELL,   /* a process below U asks what it may do */
	CONN_EV_END,     /* close_session, M or U gone, told to */
	CONN_EVENTS,
};

/* "none", "keyed" … */
const char *conn_state_name(enum conn_state state);
/* May event happen in this state? */
enum verdict conn_may(enum conn_state state, enum conn_event event);
/* The state after event; CONN_NONE when it may not happen. */
enum conn_state conn_next(enum conn_state state, enum conn_event event);

#endif
