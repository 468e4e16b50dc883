/* PAM's language as libpam reads it, and what can pass a module by. */
#include "cli/pam_stack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct file {
	const char *name, *text;
};

/* arg: files, ended by a name of NULL. */
static char *
from_memory(void *arg, const char *name)
{
	for (const struct file *f = arg; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return strdup(f->text);
	return NULL;
}

static void
load(struct pam_stack *stack, const char *text, const struct file *more)
{
	struct file files[8] = {{"s", text}};

	for (size_t i = 0; more != NULL && more[i].name != NULL; i++)
		files[i + 1] = more[i];
	assert_int_equal(pam_stack_read(stack, "s", from_memory, files), 0);
}

static void
lines(void **state)
{
	struct pam_stack stack;

	(void)state;
	load(&stack,
	    "# comment\n\nauth required pam_a.so one two # three\n"
	    "-Session [success=ok\\\n default=die] /lib/security/pam_b.so x=[y z]\n"
	    "account requisite pam_c.so",
	    NULL);
	assert_null(stack.broken);
	assert_int_equal(stack.count, 3);
	assert_string_equal(stack.rules[0].arguments, "one two ");
	assert_int_equal(stack.rules[0].line, 3);
	assert_int_equal(stack.rules[1].phase, PAM_SESSION);
	assert_true(stack.rules[1].may_lack);
	assert_string_equal(stack.rules[1].module, "pam_b.so");
	assert_string_equal(stack.rules[1].control, "success=ok  default=die");
	assert_int_equal(stack.rules[2].line, 6);
	assert_int_equal(pam_stack_find(&stack, PAM_ACCOUNT, "pam_c.so"), 2);
	assert_int_equal(pam_stack_find(&stack, PAM_AUTH, "pam_c.so"), stack.count);
	pam_stack_free(&stack);
}

static void
includes(void **state)
{
	static const struct file more[] = {
	    {"all", "auth required pam_all.so\nsession required pam_s.so\n"},
	    {"sub", "auth sufficient pam_sub.so\nauth substack subsub\n"},
	    {"subsub", "auth required pam_subsub.so\n"},
	    {NULL, NULL},
	};
	struct pam_stack stack;

	(void)state;
	load(&stack,
	    "@include all\nauth include all\nauth substack sub\nauth required pam_end.so\n",
	    more);
	assert_null(stack.broken);
	assert_int_equal(stack.count, 6);
	assert_string_equal(stack.rules[1].module, "pam_s.so");
	assert_string_equal(stack.rules[2].module, "pam_all.so");
	assert_string_equal(stack.rules[2].file, "all");
	assert_int_equal(stack.rules[3].substack, 1);
	assert_int_equal(stack.rules[4].substack, 2);
	assert_int_equal(stack.parents[1], 1);
	assert_int_equal(stack.rules[5].substack, 0);
	pam_stack_free(&stack);
}

static void
is_broken(const char *text, const struct file *more, const char *why)
{
	struct pam_stack stack;

	load(&stack, text, more);
	assert_non_null(stack.broken);
	assert_non_null(strstr(stack.broken, why));
	pam_stack_free(&stack);
}

static void
broken(void **state)
{
	static const struct file loop[] = {{"loop", "@include loop\n"}, {NULL, NULL}};

	(void)state;
	is_broken("auth required\n", NULL, "s:1");
	is_broken("sesion required pam_a.so\n", NULL, "s:1");
	is_broken("\n@include none\n", NULL, "none:0: cannot be read");
	is_broken("@include loop\n", loop, "too deep");
	is_broken("@include\n", NULL, "s:1");
	is_broken("auth include\n", NULL, "s:1");
}

static void
action(const char *control, const char *value, const char *wanted)
{
	char got[8];

	pam_stack_action(control, value, got);
	assert_string_equal(got, wanted);
}

static void
actions(void **state)
{
	(void)state;
	action("required", "success", "ok");
	action("required", "ignore", "ignore");
	action("required", "auth_err", "bad");
	action("Requisite", "perm_denied", "die");
	action("sufficient", "success", "done");
	action("optional", "auth_err", "ignore");
	action("success=done ignore=ignore default=die", "ignore", "ignore");
	action("success=done ignore=ignore default=die", "auth_err", "die");
	action("default=die success=2", "success", "2");
	action("success=ok", "auth_err", "");
	action("", "success", "");
	action("nonsense", "success", "");
	action("auth_err=verylongaction", "auth_err", "verylon");
}

static bool
is_weak(const char *text)
{
	struct pam_stack stack;
	bool weak;

	load(&stack, text, NULL);
	assert_int_equal(stack.count, 1);
	weak = pam_stack_is_weak(&stack.rules[0]);
	pam_stack_free(&stack);
	return weak;
}

static void
weak(void **state)
{
	(void)state;
	assert_false(is_weak("auth required m\n"));
	assert_false(is_weak("auth requisite m\n"));
	assert_false(is_weak("auth [success=done ignore=ignore default=die] m\n"));
	assert_false(is_weak("auth [success=ok default=bad] m\n"));
	assert_true(is_weak("-auth required m\n"));
	assert_true(is_weak("auth sufficient m\n"));
	assert_true(is_weak("auth optional m\n"));
	assert_true(is_weak("auth [success=ok] m\n"));
	assert_true(is_weak("auth [success=ok default=ignore] m\n"));
	assert_true(is_weak("auth [authinfo_unavail=ignore default=die] m\n"));
	assert_true(is_weak("auth [module_unknown=ignore default=die] m\n"));
	assert_true(is_weak("auth [default=1] m\n"));
	assert_true(is_weak("auth [default=reset] m\n"));
	assert_true(is_weak("auth whatever m\n"));
}

/* Does something pass "me" by? */
static bool
passes(const char *text, const struct file *more)
{
	struct pam_stack stack;
	size_t me;
	bool is;

	load(&stack, text, more);
	me = pam_stack_find(&stack, PAM_AUTH, "me");
	assert_true(me < stack.count);
	is = pam_stack_bypass(&stack, me) != me;
	pam_stack_free(&stack);
	return is;
}

static void
bypass(void **state)
{
	static const struct file more[] = {
	    {"early", "auth sufficient a\n"},
	    {"debian",
		"auth [success=1 default=ignore] a\nauth requisite b\nauth required c\n"},
	    {"two", "auth required x\nauth required y\n"},
	    {"mine", "auth sufficient a\nauth required me\n"},
	    {NULL, NULL},
	};

	(void)state;
	assert_false(passes("auth required a\nauth requisite b\nauth required me\n", NULL));
	assert_true(passes("auth sufficient a\nauth required me\n", NULL));
	assert_false(passes("account sufficient a\nauth required me\n", NULL));
	assert_false(passes("auth required me\nauth sufficient a\n", NULL));
	assert_true(passes("auth [success=1 default=ignore] a\nauth required me\n", NULL));
	assert_true(passes("auth [default=1] a\nauth required me\n", NULL));
	assert_true(passes("auth [auth_err=done default=die] a\nauth required me\n", NULL));
	assert_false(passes(
	    "auth [success=1 default=die] a\nauth required b\nauth required me\n", NULL));
	assert_true(passes(
	    "auth [success=2 default=die] a\nauth required b\nauth required me\n", NULL));
	/* Lines of another phase do not count as skipped. */
	assert_true(passes(
	    "auth [success=1 default=die] a\naccount required b\nauth required me\n", NULL));
	/* What is included is as if it stood there; a substack ends by itself. */
	assert_true(passes("@include early\nauth required me\n", more));
	assert_true(passes("auth include early\nauth required me\n", more));
	assert_false(passes("auth substack early\nauth required me\n", more));
	assert_false(passes("@include debian\nauth required me\n", more));
	assert_true(passes("auth substack mine\n", more));
	/* A whole substack counts as one. */
	assert_true(passes(
	    "auth [success=2 default=die] a\nauth substack two\nauth required me\n", more));
	assert_false(passes(
	    "auth [success=1 default=die] a\nauth substack two\nauth required me\n", more));
	assert_true(passes("auth [success=1 default=die] a\nauth substack mine\n", more));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(includes),
	    cmocka_unit_test(broken),
	    cmocka_unit_test(actions),
	    cmocka_unit_test(weak),
	    cmocka_unit_test(bypass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
