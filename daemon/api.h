/* The validation servers, as the supervisor knows them: the helper that asks them, and
 * a second process of names that looks up where they are, so that a resolver that
 * hangs keeps no login waiting. */
#ifndef SALLYPORT_DAEMON_API_H
#define SALLYPORT_DAEMON_API_H

#include "daemon/gateway.h"
#include "daemon/row.h"

struct api;

/* With the settings of now; without api_url there is no helper. NULL without memory. */
struct api *api_new(struct gateway *gw);
/* Open questions are answered. Accepts NULL. */
void api_free(struct api *api);
/* The settings may have changed, or a file that the helper read at its start: if so, it
 * is started anew. Accepts NULL. */
void api_reload(struct api *api);

/* fn is called later with PROTO_API_ANSWER's fields or an error, as in servant.h. otp:
 * claimed; the caller's to wipe. 0; -ENOENT without servers; -errno. */
int api_ask(struct api *api, const char *otp, servant_answer_fn *fn, void *arg);

/* The lines of status. */
void api_put_status(const struct api *api, struct row *row);

#endif
