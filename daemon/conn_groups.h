/* The names of groups that a user is in, of those that the policy asks for. */
#ifndef SALLYPORT_DAEMON_CONN_GROUPS_H
#define SALLYPORT_DAEMON_CONN_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

struct conn_groups {
	char **names;
	size_t count;
};

/* Makes *copy a copy; false, and *copy empty, without memory. */
bool conn_groups_copy(struct conn_groups *copy, const struct conn_groups *groups);
/* Leaves it empty. */
void conn_groups_free(struct conn_groups *groups);

#endif
