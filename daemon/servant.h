/* A helper process as the supervisor sees it: started, asked, restarted when it dies or is
 * late. Every question gets exactly one answer, if need be "-ECONNRESET" or "-ETIMEDOUT";
 * never blocks. */
#ifndef SALLYPORT_DAEMON_SERVANT_H
#define SALLYPORT_DAEMON_SERVANT_H

#include "lib/proto.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct servant;

/* error 0: the answer's type and its fields in in, to be read before returning.
 * Else error is -errno, type and in are 0 and NULL. */
typedef void servant_answer_fn(void *arg, int error, uint8_t type, struct wire_in *in);

struct servant_spec {
	const char *name;
	char *const *argv; /* argv[0] is the executable's path; must outlive the servant */
	/* Each time it has become ready (fields of PROTO_READY in in). */
	void (*on_ready)(void *arg, struct wire_in *in);
	/* Each time it is gone: after the answers to all open questions. */
	void (*on_down)(void *arg);
	void (*on_notice)(void *arg, uint8_t type, struct wire_in *in); /* id 0, not READY */
	void *arg;
	bool passes_fds; /* its messages may bring descriptors: servant_take_fd */
};

/* Starts it. NULL without memory; a failed start is retried like a death. */
struct servant *servant_new(struct loop *loop, const struct servant_spec *spec);
/* Ends it: open questions are answered with -ECANCELED. Accepts NULL. */
void servant_free(struct servant *servant);

/* Begins a question in a buffer of the servant's; add fields, then servant_ask. */
struct wire_out *servant_begin(struct servant *servant, uint8_t type);
/* Sends it; fn is called later, never from within, exactly once if 0 is returned.
 * -EAGAIN when the servant is down, -EMSGSIZE, -ENOMEM. The descriptors stay the
 * caller's. A servant that misses timeout_ms is killed. */
int servant_ask(struct servant *servant, const int *fds, size_t nfds, uint32_t timeout_ms,
    servant_answer_fn *fn, void *arg);
/* As servant_ask, without a time: where its own answer is left out, the next one of that type
 * to a later servant_ask does for it, too (type PROTO_NONE, in NULL). */
int servant_ask_before(struct servant *servant, uint8_t type, servant_answer_fn *fn, void *arg);
/* As servant_ask, for a message that has no answer. */
int servant_tell(struct servant *servant, const int *fds, size_t nfds);

/* In a callback: the message's descriptor, now the caller's, else closed; -1: none. */
int servant_take_fd(struct servant *servant);

/* It does not do what it was told: ended and started again, as after a missed deadline. */
void servant_give_up(struct servant *servant, const char *why);

bool servant_is_up(const struct servant *servant);
pid_t servant_pid(const struct servant *servant);
unsigned int servant_starts(const struct servant *servant); /* so often it was started */

#endif
