/* The table of states. */
#include "daemon/conn_state.h"

/* {state} x {event} -> next state; CONN_NONE, the zero, refuses. */
static const enum conn_state table[CONN_STATES][CONN_EVENTS] = {
    [CONN_NONE] = {[CONN_EV_BEGIN] = CONN_PENDING},
    [CONN_KEYED] = {[CONN_EV_BEGIN] = CONN_PENDING, [CONN_EV_END] = CONN_ENDED},
    [CONN_PENDING] = {[CONN_EV_BEGIN] = CONN_PENDING,
	[CONN_EV_OTP_OK] = CONN_ACCEPTED,
	[CONN_EV_OTP_BAD] = CONN_KEYED,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_ACCEPTED] = {[CONN_EV_BEGIN] = CONN_PENDING, /* asked again: the mark is gone */
	[CONN_EV_ACCOUNT] = CONN_ACCEPTED,
	[CONN_EV_SESSION] = CONN_OPEN,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_OPEN] = {[CONN_EV_FORWARD] = CONN_LIVE,
	[CONN_EV_SHELL] = CONN_LIVE,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_LIVE] = {[CONN_EV_FORWARD] = CONN_LIVE,
	[CONN_EV_SHELL] = CONN_LIVE,
	[CONN_EV_END] = CONN_ENDED},
    /* otp = shell. PAM's account and session pass, and open nothing. */
    [CONN_UNASKED] = {[CONN_EV_ACCOUNT] = CONN_UNASKED,
	[CONN_EV_SESSION] = CONN_UNASKED,
	[CONN_EV_ASK] = CONN_ASKED,
	[CONN_EV_END] = CONN_ENDED},
    [CONN_ASKED] = {[CONN_EV_OTP_OK] = CONN_OPEN,
	[CONN_EV_OTP_BAD] = CONN_UNASKED,
	[CONN_EV_END] = CONN_ENDED},
};

const char *
conn_state_name(enum conn_state state)
{
	static const char *const names[CONN_STATES] = {"none", "keyed", "pending", "accepted",
	    "open", "live", "unasked", "asked", "ended"};

	return state < CONN_STATES ? names[state] : "none";
}

enum conn_state
conn_next(enum conn_state state, enum conn_event event)
{
	return state < CONN_STATES && event < CONN_EVENTS ? table[state][event] : CONN_NONE;
}

enum verdict
conn_may(enum conn_state state, enum conn_event event)
{
	return conn_next(state, event) != CONN_NONE ? VERDICT_ALLOW : VERDICT_DENY;
}
