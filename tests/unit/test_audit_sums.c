/* Denials above ten in a second of one user are summed: whatever comes in which
 * order, each is in exactly one record. Stand-ins take the place of the recorder. */
#include "daemon/audit.h"

#include "lib/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define USERS 3000

/* Linked with --wrap (Makefile): what audit.c calls ends up here. */
struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type);
int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds);
bool
__wrap_servant_is_up(const struct servant *s);
int64_t
__wrap_io_now_ms(void);

static uint8_t buf[4096];
static struct wire_out out;
static int64_t now_ms = 5000;
static uint64_t told, records, late;
static uint64_t told_of[USERS];

static bool is_up = true;

bool
__wrap_servant_is_up(const struct servant *s)
{
	(void)s;
	return is_up;
}

int64_t
__wrap_io_now_ms(void)
{
	return now_ms;
}

struct wire_out *
__wrap_servant_begin(struct servant *s, uint8_t type)
{
	(void)s;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 1);
	return &out;
}

int
__wrap_servant_tell(struct servant *s, const int *fds, size_t nfds)
{
	uint64_t count = 1, uid = USERS;
	struct proto_header header;
	struct wire_in in;
	char text[256];
	uint16_t n;

	(void)s;
	(void)fds;
	(void)nfds;
	wire_in_init(&in, out.buf, out.len);
	assert_int_equal(proto_get_header(&in, &header), 0);
	assert_int_equal(wire_get_u8(&in), 0);
	n = wire_get_u16(&in);
	for (uint16_t i = 0; i < n; i++) {
		uint8_t field = wire_get_u8(&in);
		if (wire_get_u8(&in) == 1) {
			wire_get_str(&in, text, sizeof(text));
			late += field == AUDIT_AT;
			continue;
		}
		uint64_t value = wire_get_u64(&in);
		if (field == AUDIT_COUNT)
			count = value;
		else if (field == AUDIT_UID)
			uid = value;
	}
	assert_int_equal(wire_end(&in), 0);
	told += count;
	if (uid < USERS)
		told_of[uid] += count;
	records++;
	return 0;
}

static void
deny(struct audit *audit, uint64_t uid)
{
	uint64_t count;

	if (!audit_may_deny(audit, uid, &count))
		return;
	audit_begin(audit, "deny");
	audit_number(audit, AUDIT_UID, uid);
	if (count > 1)
		audit_number(audit, AUDIT_COUNT, count);
	audit_end_plain(audit);
}

static void
start(void)
{
	told = records = late = 0;
	memset(told_of, 0, sizeof(told_of));
}

static void
test_one_user(void **state)
{
	struct gateway gw = {0};
	struct audit *audit = audit_new(&gw);

	(void)state;
	start();
	for (int i = 0; i < 1000; i++)
		deny(audit, 7);
	assert_int_equal(records, 10);
	assert_int_equal(told, 10);
	audit_sweep(audit); /* the second is not over */
	assert_int_equal(records, 10);
	now_ms += 1000;
	deny(audit, 7); /* carries the sum */
	assert_int_equal(records, 11);
	assert_int_equal(told_of[7], 1001);
	for (int i = 0; i < 50; i++)
		deny(audit, 7);
	now_ms += 1000;
	audit_sweep(audit); /* silent since */
	assert_int_equal(told_of[7], 1051);
	audit_free(audit);
}

/* More users than there are places, over many seconds, in a wild order. */
static void
test_many(void **state)
{
	struct gateway gw = {0};
	struct audit *audit = audit_new(&gw);
	uint64_t denied = 0, denied_of[USERS] = {0};

	(void)state;
	start();
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		uint64_t uid = (uint64_t)random() % (i % 3 == 0 ? 5 : USERS);
		deny(audit, uid);
		denied++;
		denied_of[uid]++;
		if (i % 4000 == 0) {
			now_ms += random() % 1500;
			audit_sweep(audit);
		}
	}
	audit_write_sums(audit);
	assert_int_equal(told, denied);
	for (uint64_t uid = 0; uid < 5; uid++)
		assert_true(told_of[uid] <= denied_of[uid]);
	assert_true(records < denied / 4);
	start();
	audit_write_sums(audit);
	assert_int_equal(records, 0);
	audit_free(audit);
}

/* While the recorder is down they wait; the sums stay exact. */
static void
test_while_down(void **state)
{
	struct gateway gw = {0};
	struct audit *audit = audit_new(&gw);
	size_t waiting;
	uint64_t lost;

	(void)state;
	start();
	is_up = false;
	for (int i = 0; i < 300; i++) {
		deny(audit, (uint64_t)i % 4);
		now_ms += 10;
		audit_sweep(audit);
	}
	assert_int_equal(records, 0);
	audit_waiting(audit, &waiting, &lost);
	assert_true(waiting > 100);
	assert_int_equal(lost, 0);
	is_up = true;
	audit_resume(audit);
	assert_int_equal(records, waiting);
	assert_int_equal(late, records);
	audit_waiting(audit, &waiting, &lost);
	assert_int_equal(waiting, 0);
	audit_write_sums(audit);
	assert_int_equal(told, 300);
	audit_free(audit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_user),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_while_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
