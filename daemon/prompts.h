/* The open prompts, and how many one asker may have. Beyond his number his oldest
 * gives way and nobody is refused: who holds prompts open keeps nobody out, not
 * even the owner whose key and address he has. */
#ifndef SALLYPORT_DAEMON_PROMPTS_H
#define SALLYPORT_DAEMON_PROMPTS_H

#include "daemon/door.h"

/* Whose a prompt is: equal in all fields is one asker. */
struct prompt_owner {
	const char *user;
	const char *by; /* the SSH key; for a service: who asks there */
	const char *source;
};

struct prompts;

struct prompts *prompts_new(void);
/* None may be open. */
void prompts_free(struct prompts *prompts);

/* caller waits at a prompt from now on, until prompts_close. With most open already
 * the owner's oldest is closed and its caller handed to evict, to end it. 0, -ENOMEM. */
int prompts_open(struct prompts *prompts, struct caller *caller,
    const struct prompt_owner *owner, size_t most, void (*evict)(struct caller *oldest));
/* Accepts one without a prompt. */
void prompts_close(struct caller *caller);

size_t prompts_count(const struct prompts *prompts);

#endif
