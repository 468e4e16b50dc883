/* The table of steps. */
#include "daemon/ending_plan.h"

#include <stddef.h>

/* What must be so for a step. */
enum need {
	U = 1 << 0, /* U lives */
	NO_U = 1 << 1,
	M = 1 << 2,
	NO_M = 1 << 3,
	REST = 1 << 4,
	NO_REST = 1 << 5,
	NEVER_SEEN = 1 << 6, /* no U is known: there may be none yet */
	STANDS = 1 << 7,     /* M is stopped */
	ONCE = 1 << 8,
};

static const struct row {
	int64_t from_ms;
	enum ending_step step;
	unsigned int needs;
} rows[] = {
    {0, ENDING_DONE, NO_U | NO_M | NO_REST},
    {ENDING_GIVE_UP_MS, ENDING_GIVE_UP, 0},
    {0, ENDING_TERM_U, U | ONCE},
    /* A TERM between sshd's fork and its handlers would leave a U without M. */
    {0, ENDING_STOP_M, M | NO_U | NEVER_SEEN | ONCE},
    {0, ENDING_CLEAR_M, M | NO_U | NEVER_SEEN | STANDS | ONCE},
    {ENDING_CLEAR_M_MS, ENDING_CLEAR_M, M | NO_U | NEVER_SEEN | ONCE},
    {ENDING_KILL_U_MS, ENDING_KILL_U, U},
    /* M closes the session meanwhile; when it has, nobody is waited for. */
    {0, ENDING_KILL_REST, REST | NO_U | NO_M},
    {ENDING_KILL_REST_MS, ENDING_KILL_REST, REST | NO_U},
    {ENDING_KILL_M_MS / 2, ENDING_TERM_M, M | NO_U | ONCE},
    {ENDING_KILL_M_MS, ENDING_KILL_M, M | NO_U},
};

static unsigned int
facts(const struct ending_view *view)
{
	return (view->u_lives ? U : NO_U) | (view->m_lives ? M : NO_M) |
	       (view->rest_lives ? REST : NO_REST) | (view->knows_u ? 0 : NEVER_SEEN) |
	       (view->m_stands ? STANDS : 0);
}

enum ending_step
ending_plan(const struct ending_view *view)
{
	unsigned int are = facts(view);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int are_now = are;

		if (!(view->taken & UINT32_C(1) << rows[i].step))
			are_now |= ONCE;
		if (view->elapsed_ms >= rows[i].from_ms && (rows[i].needs & ~are_now) == 0)
			return rows[i].step;
	}
	return ENDING_WAIT;
}
