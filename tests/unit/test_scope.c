/* Which cgroup may be killed: a session's own, of that user; nothing else. */
#include "daemon/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void
only_a_sessions_own_scope(void **state)
{
	(void)state;
	assert_true(scope_is_session("/user.slice/user-1000.slice/session-5.scope", 1000));
	assert_true(scope_is_session("/user.slice/user-1000.slice/session-c12.scope", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice/session-5.scope", 1001));
	assert_false(scope_is_session("/user.slice/user-0.slice/session-5.scope", 0));
	assert_false(scope_is_session("/user.slice/user-10.slice/session-5.scope", 100));
	assert_false(scope_is_session("/system.slice/ssh.service", 1000));
	assert_false(scope_is_session("/", 1000));
	assert_false(scope_is_session("", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice/user@1000.service", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice/session-.scope", 1000));
	assert_false(
	    scope_is_session("/user.slice/user-1000.slice/session-5.scope/more", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice/session-../x.scope", 1000));
	assert_false(scope_is_session("/user.slice/user-1000.slice/session-5/x.scope", 1000));
	assert_false(scope_is_session("/x/user.slice/user-1000.slice/session-5.scope", 1000));
}

static void
without_one_there_is_none(void **state)
{
	(void)state;
	assert_true(scope_open(getpid(), 4242) < 0);
	assert_false(scope_is_populated(-1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_a_sessions_own_scope),
	    cmocka_unit_test(without_one_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
