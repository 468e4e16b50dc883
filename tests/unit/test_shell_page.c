/* A text for users comes row by row, a slice of time at a time: every row once and in
 * order, whoever reads slowly, goes, or has a reload in between. Stand-ins take the
 * places of the clock, the door, the policy and the rows. */
#include "daemon/shell_rows.h"

#include "daemon/conns.h"
#include "lib/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MANY 10
#define ROWS 64
#define NONE SIZE_MAX

/* Linked with --wrap (Makefile). */
int64_t
__wrap_io_now_ms(void);
struct wire_out *
__wrap_door_begin(struct caller *caller, uint8_t type);
int
__wrap_door_send(struct caller *caller, bool is_last);
bool
__wrap_door_is_clear(const struct caller *caller);
void
__wrap_door_go_on(struct caller *caller, void (*fn)(struct caller *caller));
void
__wrap_door_close(struct caller *caller);
struct conn *
__wrap_conns_by_id(struct conns *conns, uint32_t id);
uint32_t
__wrap_session_id(const struct session *session);
size_t
__wrap_policy_vm_count(const struct policy *policy);
const struct vm *
__wrap_policy_vm(const struct policy *policy, size_t i);
bool
__wrap_shell_why_vm(
    struct visit *visit, const struct conn *conn, const struct vm *vm, size_t *n);

static struct gateway gw;
static struct caller caller;
static struct visit visit;
static struct conn conn;
static struct vm vms[MANY];
static size_t vm_count;
static int64_t now_ms, row_ms; /* what one row takes */
static size_t room;            /* rows until the door is full */
static size_t goes_at;         /* the row at which the caller goes; NONE: never */
static bool is_conn, is_closed;
static char told[ROWS * 4]; /* "01|*0h.": VMs, h the host, | a turn, * AFRESH, . END */
static void (*next)(struct caller *);

static void
tell(const char *what)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof(told) - used, "%s", what);
}

int64_t
__wrap_io_now_ms(void)
{
	return now_ms;
}

struct wire_out *
__wrap_door_begin(struct caller *to, uint8_t type)
{
	static uint8_t buf[256];
	static struct wire_out out;

	(void)to;
	wire_out_init(&out, buf, sizeof(buf));
	tell(type == PROTO_SHELL_AFRESH ? "*" : type == PROTO_SHELL_END ? "." : "?");
	return &out;
}

int
__wrap_door_send(struct caller *to, bool is_last)
{
	(void)to;
	(void)is_last;
	return 0;
}

bool
__wrap_door_is_clear(const struct caller *to)
{
	(void)to;
	return room > 0;
}

void
__wrap_door_go_on(struct caller *to, void (*fn)(struct caller *))
{
	(void)to;
	assert_null(next);
	next = fn;
}

void
__wrap_door_close(struct caller *to)
{
	(void)to;
	is_closed = true;
}

struct conn *
__wrap_conns_by_id(struct conns *conns, uint32_t id)
{
	(void)conns;
	(void)id;
	return is_conn ? &conn : NULL;
}

uint32_t
__wrap_session_id(const struct session *session)
{
	(void)session;
	return 1;
}

size_t
__wrap_policy_vm_count(const struct policy *policy)
{
	(void)policy;
	return vm_count;
}

const struct vm *
__wrap_policy_vm(const struct policy *policy, size_t i)
{
	(void)policy;
	assert_in_range(i, 0, vm_count - 1);
	return &vms[i];
}

bool
__wrap_shell_why_vm(struct visit *of, const struct conn *to, const struct vm *vm, size_t *n)
{
	size_t i = vm != NULL ? (size_t)(vm - vms) : vm_count;
	char row[8];

	assert_ptr_equal(of, &visit);
	assert_ptr_equal(to, &conn);
	snprintf(row, sizeof(row), "%zu", i);
	tell(vm != NULL ? row : "h");
	now_ms += row_ms;
	room--;
	*n += 1;
	return i != goes_at;
}

static int
setup(void **state)
{
	(void)state;
	gw = (struct gateway){.generation = 7};
	caller = (struct caller){.gw = &gw, .visit = &visit};
	visit = (struct visit){.caller = &caller, .gw = &gw, .ask = PROTO_ASK_WHY};
	vm_count = MANY;
	now_ms = 1000;
	row_ms = 0;
	room = ROWS;
	goes_at = NONE;
	is_conn = true;
	is_closed = false;
	told[0] = '\0';
	next = NULL;
	return 0;
}

static void
begin(void)
{
	shell_page(&visit, &conn, NULL);
}

/* The loop has had its turn. */
static void
turn(void)
{
	void (*fn)(struct caller *) = next;

	assert_non_null(fn);
	next = NULL;
	tell("|");
	fn(&caller);
}

static void
all_at_once(void **state)
{
	(void)state;
	begin();
	assert_string_equal(told, "0123456789h.");
	assert_null(next);
}

static void
a_slice_of_time(void **state)
{
	(void)state;
	row_ms = 1;
	begin();
	while (next != NULL)
		turn();
	assert_string_equal(told, "01|23|45|67|89|h.");
}

/* The machine may be so slow that each takes longer than a slice. */
static void
at_least_one_row_a_turn(void **state)
{
	(void)state;
	row_ms = 100;
	begin();
	while (next != NULL)
		turn();
	assert_string_equal(told, "0|1|2|3|4|5|6|7|8|9|h.");
}

static void
a_door_that_is_full(void **state)
{
	(void)state;
	room = 4;
	begin();
	assert_string_equal(told, "0123");
	room = ROWS;
	turn();
	assert_string_equal(told, "0123|456789h.");
}

static void
a_reload_in_between(void **state)
{
	(void)state;
	row_ms = 1;
	begin();
	turn();
	gw.generation++;
	vm_count = 3;
	turn();
	gw.generation++;
	vm_count = 1;
	turn();
	assert_string_equal(told, "01|23|*01|*0h.");
}

static void
a_connection_that_ends(void **state)
{
	(void)state;
	row_ms = 1;
	begin();
	is_conn = false;
	turn();
	assert_string_equal(told, "01|");
	assert_true(is_closed);
	assert_null(next);
}

static void
a_caller_who_goes(void **state)
{
	(void)state;
	goes_at = 3;
	begin();
	assert_string_equal(told, "0123");
	assert_null(next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(all_at_once, setup),
	    cmocka_unit_test_setup(a_slice_of_time, setup),
	    cmocka_unit_test_setup(at_least_one_row_a_turn, setup),
	    cmocka_unit_test_setup(a_door_that_is_full, setup),
	    cmocka_unit_test_setup(a_reload_in_between, setup),
	    cmocka_unit_test_setup(a_connection_that_ends, setup),
	    cmocka_unit_test_setup(a_caller_who_goes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
