/* What is to be done next about the processes of a connection that is to end, and
 * when. Pure: a table of steps, no clock and no process of its own. */
#ifndef SALLYPORT_DAEMON_ENDING_PLAN_H
#define SALLYPORT_DAEMON_ENDING_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum ending_step {
	ENDING_WAIT = 0,
	ENDING_TERM_U,
	ENDING_STOP_M, /* so that it makes no U that nobody sees */
	ENDING_CLEAR_M, /* of who would become U; it goes on, to its end */
	ENDING_TERM_M,
	ENDING_KILL_U,
	ENDING_KILL_REST, /* what U has started */
	ENDING_KILL_M,
	ENDING_DONE,
	ENDING_GIVE_UP,
};

/* From when on U, what it started, and M are no longer asked but killed. */
#define ENDING_CLEAR_M_MS   500 /* should it not have stopped */
#define ENDING_KILL_U_MS    1000
#define ENDING_KILL_REST_MS 1500
#define ENDING_KILL_M_MS    4000
#define ENDING_GIVE_UP_MS   10000

struct ending_view {
	int64_t elapsed_ms;
	bool knows_u, u_lives, m_lives, m_stands, rest_lives; /* m_stands: is stopped */
	uint32_t taken; /* 1 << step, of those taken */
};

/* M is never killed while U lives: U would go on without it. A TERM is sent once,
 * a KILL as often as it is asked for. */
enum ending_step ending_plan(const struct ending_view *view);

#endif
