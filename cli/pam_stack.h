/* A PAM service as libpam reads it (pam.conf(5)): its modules in order, with what
 * @include, include and substack bring in. */
#ifndef SALLYPORT_CLI_PAM_STACK_H
#define SALLYPORT_CLI_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

enum pam_phase { PAM_AUTH, PAM_ACCOUNT, PAM_SESSION, PAM_PASSWORD, PAM_PHASES };

struct pam_rule {
	enum pam_phase phase;
	char *file; /* as named: "common-auth" */
	size_t line;
	char *control;	 /* "required", "success=done ignore=ignore default=die" */
	char *module;	 /* its name without folder */
	char *arguments; /* the rest of the line */
	bool may_lack;	 /* "-auth": no error when the module is not installed */
	int substack;	 /* 0: the main stack; else a number of its own */
};

struct pam_stack {
	struct pam_rule *rules; /* owned, with all below */
	size_t count;
	int *parents; /* of substack i + 1 */
	size_t substacks;
	char *broken; /* what cannot be read: libpam refuses the service. NULL: none */
};

/* Gives the text of service name, fresh; NULL when there is none. */
typedef char *pam_stack_reader(void *arg, const char *name);

/* Reads a service by read. 0, -ENOMEM; pam_stack_free in any case. */
int pam_stack_read(struct pam_stack *stack, const char *service, pam_stack_reader *read,
    void *arg);
void pam_stack_free(struct pam_stack *stack);

/* A pam_stack_reader of the folder arg, as "/etc/pam.d". */
char *pam_stack_from_folder(void *arg, const char *name);

/* The first rule of this phase and module; stack->count when there is none. */
size_t pam_stack_find(const struct pam_stack *stack, enum pam_phase phase, const char *module);

/* A rule before `to` that can end the phase well, or jump, past it; `to` if none. */
size_t pam_stack_bypass(const struct pam_stack *stack, size_t to);

/* What a control does with a return value ("success", "ignore", "auth_err"): "ok",
 * "done", "ignore", "bad", "die", "reset" or a number, into action[8]. */
void pam_stack_action(const char *control, const char *value, char action[8]);

/* May a value other than success and ignore of this rule pass as if nothing were?
 * Every return value of PAM is looked at. */
bool pam_stack_is_weak(const struct pam_rule *rule);

const char *pam_stack_phase(enum pam_phase phase);

#endif
