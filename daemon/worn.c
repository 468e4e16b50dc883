/* A number and a name. */
#include "daemon/worn.h"

#include "lib/log.h"

void
worn_on_notice(struct worn *worn, struct wire_in *in)
{
	worn->count = wire_get_u32(in);
	wire_get_str(in, worn->id, sizeof(worn->id));
	if (wire_end(in) < 0) {
		log_error("verify told of worn keys, but not which");
		*worn = (struct worn){0};
	}
}
