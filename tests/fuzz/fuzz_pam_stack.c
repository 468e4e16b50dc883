/* Any bytes as PAM files: three texts, divided by zero bytes, that may include one
 * another. What is read can be asked about. */
#include "cli/pam_stack.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FILES 3

struct files {
	char *text[FILES];
};

/* "a", "b", "c". */
static char *
read_file(void *arg, const char *name)
{
	const struct files *files = arg;

	if (name[0] < 'a' || name[0] >= 'a' + FILES || name[1] != '\0' ||
	    files->text[name[0] - 'a'] == NULL)
		return NULL;
	return strdup(files->text[name[0] - 'a']);
}

static void
ask(const struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count && i < 64; i++) {
		size_t by = pam_stack_bypass(stack, i);
		if (by > i || stack->rules[by].phase != stack->rules[i].phase)
			abort();
		(void)pam_stack_is_weak(&stack->rules[i]);
		if (pam_stack_find(stack, stack->rules[i].phase, stack->rules[i].module) > i)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct files files = {{NULL}};
	struct pam_stack stack;

	if (size > 8192)
		return 0;
	for (size_t i = 0; i < FILES && size > 0; i++) {
		size_t len = strnlen((const char *)data, size);
		files.text[i] = strndup((const char *)data, len);
		len += len < size;
		data += len;
		size -= len;
	}
	if (pam_stack_read(&stack, "a", read_file, &files) == 0)
		ask(&stack);
	pam_stack_free(&stack);
	for (size_t i = 0; i < FILES; i++)
		free(files.text[i]);
	return 0;
}
