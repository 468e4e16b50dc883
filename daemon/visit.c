/* Visits: one on each caller of shell.sock that has asked something. */
#include "daemon/visit.h"

#include "lib/io.h"

#include <stdlib.h>
#include <string.h>

static void
visit_free(struct visit *visit)
{
	io_close(&visit->m_pidfd);
	free(visit);
}

static bool
unpack(struct visit *visit, struct wire_in *in)
{
	visit->ask = (enum proto_ask)wire_get_u8(in);
	visit->flags = wire_get_u8(in);
	wire_get_str(in, visit->vm, sizeof(visit->vm));
	wire_get_str(in, visit->right, sizeof(visit->right));
	visit->command_len = wire_get_u32(in);
	wire_get_str(in, visit->command, sizeof(visit->command));
	return wire_end(in) == 0 && visit->command_len >= strlen(visit->command);
}

struct visit *
visit_new(struct caller *caller, struct wire_in *in)
{
	struct visit *visit;

	if (caller->visit != NULL || (visit = calloc(1, sizeof(*visit))) == NULL)
		return NULL;
	visit->caller = caller;
	visit->gw = caller->gw;
	visit->m_pidfd = -1;
	if (!unpack(visit, in)) {
		visit_free(visit);
		return NULL;
	}
	caller->visit = visit;
	return visit;
}

void
visit_gone(struct visit *visit)
{
	if (visit == NULL)
		return;
	visit->caller->visit = NULL;
	visit->caller = NULL;
	if (!visit->is_busy)
		visit_free(visit);
}

bool
visit_resume(struct visit *visit)
{
	visit->is_busy = false;
	if (visit->caller != NULL)
		return true;
	visit_free(visit);
	return false;
}
