/* The CLI's questions. Each handler answers with ROWs and one END. */
#ifndef SALLYPORT_DAEMON_ADMIN_REQUESTS_H
#define SALLYPORT_DAEMON_ADMIN_REQUESTS_H

#include "daemon/door.h"
#include "daemon/row.h"

#include <stdbool.h>

void admin_status(struct caller *caller, struct wire_in *in);
void admin_list(struct caller *caller, struct wire_in *in);
void admin_show(struct caller *caller, struct wire_in *in);
void admin_explain(struct caller *caller, struct wire_in *in);
void admin_reload(struct caller *caller, struct wire_in *in);
/* Parts of admin_list, false: its END was sent, or will be; and of admin_status.
 * (admin_channels.c) */
bool admin_list_channels(struct caller *caller);
bool admin_list_seats(struct caller *caller);
void admin_put_consoles(const struct gateway *gw, struct row *row);
/* (admin_keys.c) */
void admin_keys_import(struct caller *caller, struct wire_in *in);
void admin_keys_list(struct caller *caller, struct wire_in *in);
void admin_keys_disable(struct caller *caller, struct wire_in *in);
void admin_keys_enable(struct caller *caller, struct wire_in *in);
void admin_keys_add_api(struct caller *caller, struct wire_in *in);
void admin_keys_drop_api(struct caller *caller, struct wire_in *in);
void admin_keys_codes(struct caller *caller, struct wire_in *in);
void admin_keys_recover(struct caller *caller, struct wire_in *in);
/* (admin_key_test.c) */
void admin_keys_test(struct caller *caller, struct wire_in *in);
/* (admin_ending.c) */
void admin_disconnect(struct caller *caller, struct wire_in *in);
void admin_lock(struct caller *caller, struct wire_in *in);
void admin_unlock(struct caller *caller, struct wire_in *in);

#endif
