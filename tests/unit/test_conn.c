/* The state table of a connection, cell by cell, and who its U is. */
#include "daemon/conn.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NO CONN_STATES

/* What DESIGN.md's table says, written a second time on purpose. */
static const enum conn_state expected[CONN_STATES][CONN_EVENTS] = {
    /*                 begin          OTP good       OTP bad     account        session    forward    ask    shell    end */
    [CONN_NONE] = {CONN_PENDING, NO, NO, NO, NO, NO, NO, NO, NO},
    [CONN_KEYED] = {CONN_PENDING, NO, NO, NO, NO, NO, NO, NO, CONN_ENDED},
    [CONN_PENDING] = {CONN_PENDING, CONN_ACCEPTED, CONN_KEYED, NO, NO, NO, NO, NO, CONN_ENDED},
    [CONN_ACCEPTED] = {CONN_PENDING, NO, NO, CONN_ACCEPTED, CONN_OPEN, NO, NO, NO, CONN_ENDED},
    [CONN_OPEN] = {NO, NO, NO, NO, NO, CONN_LIVE, NO, CONN_LIVE, CONN_ENDED},
    [CONN_LIVE] = {NO, NO, NO, NO, NO, CONN_LIVE, NO, CONN_LIVE, CONN_ENDED},
    [CONN_UNASKED] = {NO, NO, NO, CONN_UNASKED, CONN_UNASKED, NO, CONN_ASKED, NO, CONN_ENDED},
    [CONN_ASKED] = {NO, CONN_OPEN, CONN_UNASKED, NO, NO, NO, NO, NO, CONN_ENDED},
    [CONN_ENDED] = {NO, NO, NO, NO, NO, NO, NO, NO, NO},
};

static void
every_cell_of_the_table(void **state)
{
	(void)state;
	for (unsigned int s = 0; s < CONN_STATES; s++) {
		for (unsigned int e = 0; e < CONN_EVENTS; e++) {
			struct conn conn = {.state = (enum conn_state)s};
			enum verdict v = conn_step(&conn, (enum conn_event)e);

			assert_int_equal(v, conn_may((enum conn_state)s, (enum conn_event)e));
			if (expected[s][e] == NO) {
				assert_int_equal(v, VERDICT_DENY);
				assert_int_equal(conn.state, s);
			} else {
				assert_int_equal(v, VERDICT_ALLOW);
				assert_int_equal(conn.state, expected[s][e]);
			}
		}
	}
}

static void
what_is_outside_the_table_is_denied(void **state)
{
	(void)state;
	assert_int_equal(conn_may(CONN_STATES, CONN_EV_FORWARD), VERDICT_DENY);
	assert_int_equal(conn_may(CONN_LIVE, CONN_EVENTS), VERDICT_DENY);
}

/* The test is root's M, its child plays U: same executable, other uid. */
struct cast {
	struct proc m, u;
	pid_t child;
	int hold[2];
};

static int
start(void **state)
{
	static struct cast cast;
	char byte;
	int told[2];

	if (geteuid() != 0)
		return -1;
	assert_int_equal(pipe(cast.hold), 0);
	assert_int_equal(pipe(told), 0);
	cast.child = fork();
	if (cast.child == 0) {
		close(cast.hold[1]);
		if (setresgid(65534, 65534, 65534) != 0 || setresuid(4242, 4242, 4242) != 0)
			_exit(1);
		(void)!write(told[1], "x", 1);
		(void)!read(cast.hold[0], &byte, 1);
		_exit(0);
	}
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	close(told[1]);
	close(cast.hold[0]);
	assert_int_equal(proc_read(getpid(), &cast.m), 0);
	assert_int_equal(proc_read(cast.child, &cast.u), 0);
	*state = &cast;
	return 0;
}

static int
end(void **state)
{
	struct cast *cast = *state;

	close(cast->hold[1]);
	kill(cast->child, SIGKILL);
	waitpid(cast->child, NULL, 0);
	return 0;
}

static struct conn *
connection(const struct cast *cast, uid_t uid)
{
	struct conn *conn = conn_new(1, "anne", uid, &cast->m, proc_pidfd(&cast->m));

	assert_non_null(conn);
	return conn;
}

static void
the_child_of_m_with_the_users_uid_is_u(void **state)
{
	struct cast *cast = *state;
	struct conn *conn = connection(cast, 4242);

	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_ALLOW);
	assert_int_equal(conn->u.pid, cast->child);
	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_ALLOW);
	conn_free(conn);
}

static void
everything_else_is_not(void **state)
{
	struct cast *cast = *state;
	struct conn *conn = connection(cast, 4242);
	struct proc p;

#define DENIED(change)                                                                         \
	p = cast->u;                                                                           \
	change;                                                                                \
	assert_int_equal(conn_is_u(conn, &p), VERDICT_DENY);                                   \
	assert_int_equal(conn->u.pid, 0)

	DENIED(p.uid = 4243);
	DENIED(p.euid = 0);
	DENIED(p.suid = 0);
	DENIED(p.fsuid = 0);
	DENIED(p.parent = 1);
	DENIED(p.exe_ino++);
	DENIED(p.exe_dev++);
	DENIED(p.pid = 1);
	DENIED(p.start++); /* the pid has been reused */
#undef DENIED
	conn_free(conn);
	conn = connection(cast, 0);
	assert_int_equal(conn_is_u(conn, &cast->m), VERDICT_DENY);
	conn_free(conn);
	conn = connection(cast, 4243);
	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_DENY);
	conn_free(conn);
}

static void
u_stays_the_one_it_was(void **state)
{
	struct cast *cast = *state;
	struct conn *conn = connection(cast, 4242);
	struct proc other = cast->u;

	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_ALLOW);
	other.pid++;
	assert_int_equal(conn_is_u(conn, &other), VERDICT_DENY);
	other = cast->u;
	other.start++;
	assert_int_equal(conn_is_u(conn, &other), VERDICT_DENY);
	conn_free(conn);
}

static void
a_peer_is_u_by_its_pidfd(void **state)
{
	struct cast *cast = *state;
	struct conn *conn = connection(cast, 4242);
	int pidfd = proc_pidfd(&cast->u), mine = proc_pidfd(&cast->m);

	assert_true(pidfd >= 0 && mine >= 0);
	assert_int_equal(conn_recognise_peer(conn, cast->child, pidfd), VERDICT_DENY);
	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_ALLOW);
	assert_int_equal(conn_recognise_peer(conn, cast->child, pidfd), VERDICT_ALLOW);
	assert_int_equal(conn_recognise_peer(conn, getpid(), mine), VERDICT_DENY);
	assert_int_equal(conn_recognise_peer(conn, cast->child, -1), VERDICT_DENY);
	conn->uid = 0;
	assert_int_equal(conn_recognise_peer(conn, cast->child, pidfd), VERDICT_DENY);
	conn->uid = 4242;
	kill(cast->child, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)cast->child, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(conn_recognise_peer(conn, cast->child, mine), VERDICT_DENY);
	conn_free(conn);
	close(pidfd);
	close(mine);
}

static void
m_must_be_unchanged(void **state)
{
	struct cast *cast = *state;
	struct conn *conn = connection(cast, 4242);

	conn->m.start++;
	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_DENY);
	conn->m.start--;
	conn->m.exe_ino++;
	assert_int_equal(conn_is_u(conn, &cast->u), VERDICT_DENY);
	conn_free(conn);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cell_of_the_table),
	    cmocka_unit_test(what_is_outside_the_table_is_denied),
	    cmocka_unit_test_setup_teardown(the_child_of_m_with_the_users_uid_is_u, start, end),
	    cmocka_unit_test_setup_teardown(everything_else_is_not, start, end),
	    cmocka_unit_test_setup_teardown(u_stays_the_one_it_was, start, end),
	    cmocka_unit_test_setup_teardown(a_peer_is_u_by_its_pidfd, start, end),
	    cmocka_unit_test_setup_teardown(m_must_be_unchanged, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
