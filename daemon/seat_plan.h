/* Who gets a VM's seat: the one place at its screen (spice, vnc), or at its serial
 * line. Pure: a table of who holds it and who asks. */
#ifndef SALLYPORT_DAEMON_SEAT_PLAN_H
#define SALLYPORT_DAEMON_SEAT_PLAN_H

/* As the asker sees who is there. */
enum seat_holder {
	SEAT_NOBODY = 0,
	SEAT_ITSELF,  /* the asker's own connection */
	SEAT_SAME,    /* the asker's user, from another connection */
	SEAT_VIEWER,  /* another user, who may only look */
	SEAT_ANOTHER, /* another user */
	SEAT_HOLDERS, /* how many */
};

enum seat_asker {
	SEAT_VIEW = 0, /* may only look */
	SEAT_USE,
	SEAT_TAKEOVER, /* SEAT_USE, and may displace others */
	SEAT_ASKERS,
};

enum seat_step {
	SEAT_REFUSE = 0,
	SEAT_TAKE,     /* it is free */
	SEAT_REPLACE,  /* the user's own goes first */
	SEAT_YIELD,    /* who only looks goes first */
	SEAT_DISPLACE, /* another goes first */
};

/* What is not in the table is refused. */
enum seat_step seat_plan(enum seat_holder holder, enum seat_asker asker);

/* For those who are refused (static). */
const char *seat_plan_refusal(enum seat_asker asker);

#endif
