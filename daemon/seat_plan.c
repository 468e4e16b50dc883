/* The table of seats. */
#include "daemon/seat_plan.h"

static const enum seat_step steps[SEAT_HOLDERS][SEAT_ASKERS] = {
    /* there is        asks: view     use           with takeover */
    [SEAT_NOBODY] = {SEAT_TAKE, SEAT_TAKE, SEAT_TAKE},
    [SEAT_ITSELF] = {SEAT_REPLACE, SEAT_REPLACE, SEAT_REPLACE},
    [SEAT_SAME] = {SEAT_REPLACE, SEAT_REPLACE, SEAT_REPLACE},
    [SEAT_VIEWER] = {SEAT_REFUSE, SEAT_YIELD, SEAT_YIELD},
    [SEAT_ANOTHER] = {SEAT_REFUSE, SEAT_REFUSE, SEAT_DISPLACE},
};

enum seat_step
seat_plan(enum seat_holder holder, enum seat_asker asker)
{
	if ((unsigned int)holder >= SEAT_HOLDERS || (unsigned int)asker >= SEAT_ASKERS)
		return SEAT_REFUSE;
	return steps[holder][asker];
}

const char *
seat_plan_refusal(enum seat_asker asker)
{
	return asker == SEAT_VIEW
		   ? "the seat is taken, and who may only look waits for a free one"
		   : "the seat is taken";
}
