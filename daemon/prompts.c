/* A list in the order in which they were opened. */
#include "daemon/prompts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct prompt {
	TAILQ_ENTRY(prompt) link;
	struct prompts *prompts;
	struct caller *caller;
	char *user, *by, *source;
};

struct prompts {
	TAILQ_HEAD(, prompt) list;
	size_t count;
};

struct prompts *
prompts_new(void)
{
	struct prompts *prompts = calloc(1, sizeof(*prompts));

	if (prompts != NULL)
		TAILQ_INIT(&prompts->list);
	return prompts;
}

void
prompts_free(struct prompts *prompts)
{
	free(prompts);
}

static void
release(struct prompt *prompt)
{
	free(prompt->user);
	free(prompt->by);
	free(prompt->source);
	free(prompt);
}

static struct prompt *
make(struct prompts *prompts, struct caller *caller, const struct prompt_owner *owner)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));

	if (prompt == NULL)
		return NULL;
	prompt->prompts = prompts;
	prompt->caller = caller;
	prompt->user = strdup(owner->user);
	prompt->by = strdup(owner->by);
	prompt->source = strdup(owner->source);
	if (prompt->user != NULL && prompt->by != NULL && prompt->source != NULL)
		return prompt;
	release(prompt);
	return NULL;
}

/* How many this owner has, and the first of them. */
static size_t
count_of(const struct prompts *prompts, const struct prompt_owner *owner, struct prompt **first)
{
	struct prompt *prompt;
	size_t n = 0;

	*first = NULL;
	TAILQ_FOREACH(prompt, &prompts->list, link)
		if (strcmp(prompt->user, owner->user) == 0 &&
		    strcmp(prompt->source, owner->source) == 0 &&
		    strcmp(prompt->by, owner->by) == 0 && n++ == 0)
			*first = prompt;
	return n;
}

int
prompts_open(struct prompts *prompts, struct caller *caller, const struct prompt_owner *owner,
    size_t most, void (*evict)(struct caller *oldest))
{
	struct prompt *prompt, *oldest;

	prompts_close(caller);
	while (count_of(prompts, owner, &oldest) >= most && oldest != NULL) {
		struct caller *gives_way = oldest->caller;
		prompts_close(gives_way); /* whatever evict does, this loop ends */
		evict(gives_way);
	}
	prompt = make(prompts, caller, owner);
	if (prompt == NULL)
		return -ENOMEM;
	TAILQ_INSERT_TAIL(&prompts->list, prompt, link);
	prompts->count++;
	caller->prompt = prompt;
	return 0;
}

void
prompts_close(struct caller *caller)
{
	struct prompt *prompt = caller->prompt;

	if (prompt == NULL)
		return;
	caller->prompt = NULL;
	TAILQ_REMOVE(&prompt->prompts->list, prompt, link);
	prompt->prompts->count--;
	release(prompt);
}

size_t
prompts_count(const struct prompts *prompts)
{
	return prompts->count;
}
