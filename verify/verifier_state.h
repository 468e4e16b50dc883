/* The inside of a verifier, for verifier*.c alone. */
#ifndef SALLYPORT_VERIFY_VERIFIER_STATE_H
#define SALLYPORT_VERIFY_VERIFIER_STATE_H

#include "lib/io.h"
#include "verify/attempt.h"
#include "verify/intake.h"
#include "verify/keyimport.h"
#include "verify/keyring_code.h"
#include "verify/verifier.h"

struct answer {
	uint32_t id; /* of the request */
	struct attempt_result result;
};

struct verifier {
	struct keyring *ring;
	struct answer answers[VERIFIER_TURN_MAX]; /* to give after the commit */
	size_t nanswers;                          /* > 0: a transaction is open */
	bool has_failed;                          /* the store, in this turn */
	struct worker *worker;
	struct making *making; /* verifier_codes.c's: codes that are being made, or NULL */
	struct intake intake; /* the key file that is being read */
	uint32_t import_id;
	bool import_is_dry, is_importing;
	struct keyimport import;
	uint32_t layouts; /* as in struct attempt */
	struct repeat repeat;
	struct attempt attempt;
	uint8_t in[IO_MESSAGE_MAX], out[IO_MESSAGE_MAX];
};

typedef int verifier_handler(struct verifier *v, uint32_t id, struct wire_in *in, int *fd);

/* Handlers take *fd by setting it to -1. 0, or -errno that ends the process. */
verifier_handler verifier_on_list, verifier_on_disable, verifier_on_enable, verifier_on_add_api,
    verifier_on_drop_api, verifier_on_import, verifier_on_codes, verifier_on_told, verifier_on_recover;

/* Answers are begun in v->out. */
void verifier_begin(struct verifier *v, struct wire_out *out, uint8_t type, uint32_t id);
int verifier_send(const struct wire_out *out);
int verifier_send_done(struct verifier *v, uint32_t id, uint8_t status, const char *report);
int verifier_send_verified(struct verifier *v, const struct answer *answer);

/* The import under way: how long it can wait (-1: there is none), a piece of it. */
int verifier_import_wait_ms(const struct verifier *v);
int verifier_import_more(struct verifier *v, bool is_readable);

/* A code was typed for user. 0 and *found; -EINPROGRESS: the answer comes later;
 * -ENOENT: he has none, so it is none; -errno. */
int verifier_try_code(struct verifier *v, uint32_t id, const char *user,
    const struct code *code, enum proto_otp *found);
/* Outside a transaction: what the worker has done; after READY: which codes were used
 * without their users' knowing. */
int verifier_codes_done(struct verifier *v);
int verifier_codes_tell(struct verifier *v);
int verifier_tell_worn(struct verifier *v); /* keys whose counters are near their end */

#endif
