/* The language of PAM's files, and what a stack of rules can do. */
#include "cli/pam_stack.h"

#include "cli/pam_file.h"
#include "lib/array.h"
#include "lib/io.h"
#include "lib/num.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX  16
#define RULES_MAX  2000
#define FILES_MAX  256 /* read in all; one counts as often as it is included */
#define LINE_BYTES 4096

static const char *const phases[PAM_PHASES] = {"auth", "account", "session", "password"};

struct reader {
	struct pam_stack *stack;
	pam_stack_reader *read;
	void *arg;
	size_t files; /* read so far */
};

/* Where a file is read into. */
struct into {
	const char *name;
	int depth, substack;
	int phase; /* only rules of this; -1: all */
};

static int
read_service(struct reader *reader, const struct into *into);

const char *
pam_stack_phase(enum pam_phase phase)
{
	return phase < PAM_PHASES ? phases[phase] : "";
}

/* --- lines ------------------------------------------------------------------------- */

/* A line with its continuations, without its comment; *number counts on. False at the
 * end of the text. */
static bool
next_line(const char **text, char *line, size_t cap, size_t *number)
{
	size_t used = 0;
	bool goes_on = true;

	if (**text == '\0')
		return false;
	while (goes_on && **text != '\0') {
		size_t len = strcspn(*text, "\n"), keep = strcspn(*text, "#\n");
		goes_on = keep == len && keep > 0 && (*text)[keep - 1] == '\\';
		for (size_t i = 0; i < keep - goes_on && used + 1 < cap; i++)
			line[used++] = (*text)[i];
		if (goes_on && used + 1 < cap)
			line[used++] = ' ';
		*text += len + ((*text)[len] == '\n');
		(*number)++;
	}
	line[used] = '\0';
	return true;
}

/* Cuts the next word off; what stands in brackets is one, without them. */
static char *
next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t\r\f\v"), *end;

	if (*word == '\0') {
		*rest = word;
		return NULL;
	}
	if (*word == '[') {
		word++;
		end = word + strcspn(word, "]");
	} else {
		end = word + strcspn(word, " \t\r\f\v");
	}
	*rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

static int
phase_of(const char *word)
{
	for (int i = 0; i < PAM_PHASES; i++)
		if (strcasecmp(word, phases[i]) == 0)
			return i;
	return -1;
}

static void
break_off(struct pam_stack *stack, const char *file, size_t line, const char *why)
{
	if (stack->broken == NULL &&
	    asprintf(&stack->broken, "%s:%zu: %s", file, line, why) < 0)
		stack->broken = NULL;
}

static int
add_rule(struct pam_stack *stack, const struct pam_rule *rule)
{
	struct pam_rule *to = array_grow(stack->rules, stack->count, sizeof(*to));

	if (to == NULL)
		return -ENOMEM;
	stack->rules = to;
	to = &stack->rules[stack->count++];
	*to = *rule;
	to->file = strdup(rule->file);
	to->control = strdup(rule->control);
	to->module = strdup(rule->module);
	to->arguments = strdup(rule->arguments);
	return to->file != NULL && to->control != NULL && to->module != NULL &&
		       to->arguments != NULL
		   ? 0
		   : -ENOMEM;
}

static int
new_substack(struct pam_stack *stack, int parent)
{
	int *grown = array_grow(stack->parents, stack->substacks, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	stack->parents = grown;
	stack->parents[stack->substacks++] = parent;
	return (int)stack->substacks;
}

static int
include(struct reader *reader, const struct into *from, const char *name, int phase,
    bool is_substack, size_t line)
{
	struct into into = {.name = name,
	    .depth = from->depth + 1,
	    .substack = from->substack,
	    .phase = from->phase >= 0 ? from->phase : phase};

	if (name == NULL || into.depth > DEPTH_MAX || reader->files >= FILES_MAX) {
		break_off(reader->stack, from->name, line, "includes too deep, or nothing");
		return 0;
	}
	if (is_substack) {
		into.substack = new_substack(reader->stack, from->substack);
		if (into.substack < 0)
			return into.substack;
	}
	return read_service(reader, &into);
}

static int
read_line(struct reader *reader, const struct into *into, char *rest, size_t number)
{
	struct pam_rule rule = {
	    .file = (char *)(uintptr_t)into->name, .line = number, .substack = into->substack};
	char *type = next_word(&rest), *slash;
	int phase;

	if (type == NULL)
		return 0;
	if (strcmp(type, "@include") == 0)
		return include(reader, into, next_word(&rest), -1, false, number);
	rule.may_lack = *type == '-';
	phase = phase_of(type + rule.may_lack);
	rule.control = next_word(&rest);
	rule.module = next_word(&rest);
	if (phase < 0 || rule.control == NULL || rule.module == NULL) {
		break_off(reader->stack, into->name, number, "no line of PAM's language");
		return 0;
	}
	if (into->phase >= 0 && into->phase != phase)
		return 0;
	if (strcasecmp(rule.control, "include") == 0 ||
	    strcasecmp(rule.control, "substack") == 0)
		return include(reader, into, rule.module, phase,
		    strcasecmp(rule.control, "substack") == 0, number);
	rule.phase = (enum pam_phase)phase;
	slash = strrchr(rule.module, '/');
	rule.module = slash != NULL ? slash + 1 : rule.module;
	rule.arguments = rest + strspn(rest, " \t");
	return add_rule(reader->stack, &rule);
}

static int
read_service(struct reader *reader, const struct into *into)
{
	char *text = reader->read(reader->arg, into->name);
	const char *at = text;
	char line[LINE_BYTES];
	size_t number = 0;
	int err = 0;

	reader->files++;
	if (text == NULL) {
		break_off(reader->stack, into->name, 0, "cannot be read");
		return 0;
	}
	while (err == 0 && reader->stack->count < RULES_MAX) {
		size_t first = number + 1;
		if (!next_line(&at, line, sizeof(line), &number))
			break;
		err = read_line(reader, into, line, first);
	}
	free(text);
	return err;
}

int
pam_stack_read(struct pam_stack *stack, const char *service, pam_stack_reader *read, void *arg)
{
	struct reader reader = {.stack = stack, .read = read, .arg = arg};
	const struct into into = {.name = service, .phase = -1};

	*stack = (struct pam_stack){0};
	return read_service(&reader, &into);
}

void
pam_stack_free(struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->rules[i].file);
		free(stack->rules[i].control);
		free(stack->rules[i].module);
		free(stack->rules[i].arguments);
	}
	free(stack->rules);
	free(stack->parents);
	free(stack->broken);
	*stack = (struct pam_stack){0};
}

char *
pam_stack_from_folder(void *arg, const char *name)
{
	char path[PATH_MAX], *text = NULL;
	size_t len;
	int fd;

	snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : (const char *)arg,
	    *name == '/' ? "" : "/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || io_read_all(fd, PAM_FILE_MAX, &text, &len) < 0)
		text = NULL;
	io_close(&fd);
	return text;
}

/* --- what a stack does -------------------------------------------------------------- */

size_t
pam_stack_find(const struct pam_stack *stack, enum pam_phase phase, const char *module)
{
	for (size_t i = 0; i < stack->count; i++)
		if (stack->rules[i].phase == phase &&
		    strcmp(stack->rules[i].module, module) == 0)
			return i;
	return stack->count;
}

/* What control, a list in brackets, says of key; its length in *len. NULL: nothing. */
static const char *
named(const char *control, const char *key, size_t *len)
{
	size_t n = strlen(key);

	for (const char *at = control + strspn(control, " \t"); *at != '\0';
	     at += strcspn(at, " \t"), at += strspn(at, " \t"))
		if (strncasecmp(at, key, n) == 0 && at[n] == '=') {
			*len = strcspn(at + n + 1, " \t");
			return at + n + 1;
		}
	return NULL;
}

void
pam_stack_action(const char *control, const char *value, char action[8])
{
	static const struct {
		const char *word, *success, *other;
	} words[] = {{"required", "ok", "bad"}, {"requisite", "ok", "die"},
	    {"sufficient", "done", "ignore"}, {"optional", "ok", "ignore"}};
	const char *found;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(control, words[i].word) != 0)
			continue;
		found = words[i].other;
		if (strcmp(value, "success") == 0 || strcmp(value, "new_authtok_reqd") == 0)
			found = words[i].success;
		else if (strcmp(value, "ignore") == 0)
			found = "ignore";
		snprintf(action, 8, "%s", found);
		return;
	}
	found = named(control, value, &len);
	if (found == NULL)
		found = named(control, "default", &len);
	snprintf(action, 8, "%.*s", (int)(len < 7 ? len : 7), found != NULL ? found : "");
}

/* All that a module may return (_pam_tokens of libpam). */
static const char *const good_values[] = {"success", "new_authtok_reqd", "ignore"};
static const char *const bad_values[] = {"open_err", "symbol_err", "service_err", "system_err",
    "buf_err", "perm_denied", "auth_err", "cred_insufficient", "authinfo_unavail",
    "user_unknown", "maxtries", "acct_expired", "session_err", "cred_unavail", "cred_expired",
    "cred_err", "no_module_data", "conv_err", "authtok_err", "authtok_recover_err",
    "authtok_lock_busy", "authtok_disable_aging", "try_again", "abort", "authtok_expired",
    "module_unknown", "bad_item", "conv_again", "incomplete"};
#define N(list) (sizeof(list) / sizeof((list)[0]))

bool
pam_stack_is_weak(const struct pam_rule *rule)
{
	char action[8];

	if (rule->may_lack)
		return true;
	for (size_t i = 0; i < N(bad_values); i++) {
		pam_stack_action(rule->control, bad_values[i], action);
		if (strcmp(action, "bad") != 0 && strcmp(action, "die") != 0)
			return true;
	}
	return false;
}

static bool
is_within(const struct pam_stack *stack, int inner, int outer)
{
	while (inner != outer && inner != 0)
		inner = stack->parents[inner - 1];
	return inner == outer;
}

/* Does a jump over n of its stack from rule i lead past `to`? A whole substack counts
 * as one. */
static bool
jumps_past(const struct pam_stack *stack, size_t i, uint64_t n, size_t to)
{
	const struct pam_rule *from = &stack->rules[i];
	size_t at = i + 1;

	while (n > 0 && at < stack->count) {
		const struct pam_rule *rule = &stack->rules[at];
		int unit = rule->substack;
		if (rule->phase != from->phase) {
			at++;
			continue;
		}
		if (!is_within(stack, unit, from->substack))
			return false; /* its own stack ends here */
		/* The substack right below that the rule lies in. */
		while (unit != from->substack && stack->parents[unit - 1] != from->substack)
			unit = stack->parents[unit - 1];
		do {
			if (at == to)
				return true;
			at++;
		} while (unit != from->substack && at < stack->count &&
			 is_within(stack, stack->rules[at].substack, unit));
		n--;
	}
	return false;
}

static bool
may_bypass(const struct pam_stack *stack, size_t i, const char *value, size_t to)
{
	const struct pam_rule *rule = &stack->rules[i];
	char action[8];
	uint64_t n;

	pam_stack_action(rule->control, value, action);
	if (strcmp(action, "done") == 0)
		return is_within(stack, stack->rules[to].substack, rule->substack);
	return num_parse(action, 1, RULES_MAX, &n) == 0 && jumps_past(stack, i, n, to);
}

size_t
pam_stack_bypass(const struct pam_stack *stack, size_t to)
{
	for (size_t i = 0; i < to; i++) {
		if (stack->rules[i].phase != stack->rules[to].phase)
			continue;
		for (size_t v = 0; v < N(good_values); v++)
			if (may_bypass(stack, i, good_values[v], to))
				return i;
		for (size_t v = 0; v < N(bad_values); v++)
			if (may_bypass(stack, i, bad_values[v], to))
				return i;
	}
	return to;
}
