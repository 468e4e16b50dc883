/* A QMP server's lines: what they are taken for, and above all what they are not. */
#include "virt/qmp_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	enum qmp_kind kind;
	int id;    /* -1: none */
	int state; /* -1: tells none */
} lines[] = {
    {"{\"QMP\": {\"version\": {}, \"capabilities\": []}}", QMP_GREETING, -1, -1},
    {"{\"return\": {}, \"id\": 7}", QMP_RETURN, 7, -1},
    {"{\"return\": {}}", QMP_RETURN, -1, -1},
    {"{\"return\": [], \"id\": 4294967295}", QMP_RETURN, -2, -1},
    {"{\"return\": {}, \"id\": 4294967296}", QMP_RETURN, -1, -1},
    {"{\"return\": {}, \"id\": -1}", QMP_RETURN, -1, -1},
    {"{\"return\": {}, \"id\": \"7\"}", QMP_RETURN, -1, -1},
    {"{\"return\": {\"status\": \"running\"}, \"id\": 1}", QMP_RETURN, 1, PROTO_VM_RUNNING},
    {"{\"return\": {\"status\": \"prelaunch\"}}", QMP_RETURN, -1, PROTO_VM_PAUSED},
    {"{\"return\": {\"status\": \"shutdown\"}}", QMP_RETURN, -1, PROTO_VM_OFF},
    {"{\"error\": {\"class\": \"A\", \"desc\": \"b\"}, \"id\": 1}", QMP_ERROR, 1, -1},
    {"{\"error\": {\"class\": \"A\"}}", QMP_BROKEN, -1, -1},
    {"{\"error\": \"A\"}", QMP_BROKEN, -1, -1},
    {"{\"event\": \"STOP\", \"timestamp\": {}}", QMP_EVENT, -1, PROTO_VM_PAUSED},
    {"{\"event\": \"RESUME\"}", QMP_EVENT, -1, PROTO_VM_RUNNING},
    {"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true}}", QMP_EVENT, -1, PROTO_VM_OFF},
    {"{\"event\": \"POWERDOWN\"}", QMP_EVENT, -1, -1},
    {"{\"event\": \"RESET\"}", QMP_EVENT, -1, -1},
    {"{\"event\": 1}", QMP_BROKEN, -1, -1},
    {"{\"return\": {}, \"event\": \"STOP\"}", QMP_BROKEN, -1, -1},
    {"{\"return\": {}, \"return\": {}}", QMP_BROKEN, -1, -1},
    {"{\"return\": {}} {\"return\": {}}", QMP_BROKEN, -1, -1},
    {"[{\"return\": {}}]", QMP_BROKEN, -1, -1},
    {"{}", QMP_BROKEN, -1, -1},
    {"", QMP_BROKEN, -1, -1},
    {"HTTP/1.1 200 OK", QMP_BROKEN, -1, -1},
};

static void
each(void **state)
{
	struct qmp_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		qmp_line_read(lines[i].text, strlen(lines[i].text), &line);
		assert_int_equal(line.kind, lines[i].kind);
		assert_int_equal(line.has_id, lines[i].id != -1);
		if (lines[i].id >= 0)
			assert_int_equal(line.id, lines[i].id);
		assert_int_equal(line.tells_state, lines[i].state >= 0);
		if (lines[i].state >= 0)
			assert_int_equal(line.state, lines[i].state);
	}
}

static void
bounds(void **state)
{
	static char text[QMP_LINE_MAX + 2];
	static const char head[] = "{\"return\":{},\"x\":";
	size_t n = strlen(head);
	struct qmp_line line;

	(void)state;
	memcpy(text, head, n);
	memset(text + n, '[', QMP_DEPTH_MAX - 1);
	memset(text + n + QMP_DEPTH_MAX - 1, ']', QMP_DEPTH_MAX - 1);
	text[n + 2 * QMP_DEPTH_MAX - 2] = '}';
	qmp_line_read(text, n + 2 * QMP_DEPTH_MAX - 1, &line);
	assert_int_equal(line.kind, QMP_RETURN);
	memset(text + n, '[', QMP_DEPTH_MAX);
	memset(text + n + QMP_DEPTH_MAX, ']', QMP_DEPTH_MAX);
	text[n + 2 * QMP_DEPTH_MAX] = '}';
	qmp_line_read(text, n + 2 * QMP_DEPTH_MAX + 1, &line);
	assert_int_equal(line.kind, QMP_BROKEN);
	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"return\":{}}", 13);
	qmp_line_read(text, QMP_LINE_MAX, &line);
	assert_int_equal(line.kind, QMP_RETURN);
	qmp_line_read(text, QMP_LINE_MAX + 1, &line);
	assert_int_equal(line.kind, QMP_BROKEN);
}

static void
words(void **state)
{
	static const char text[] =
	    "{\"error\": {\"class\": \"A\", \"desc\": \"x\\u001b[2J\\ny\"}}";
	struct qmp_line line;

	(void)state;
	qmp_line_read(text, strlen(text), &line);
	assert_string_equal(line.words, "A: x\\x1b[2J\\x0ay");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each), cmocka_unit_test(bounds), cmocka_unit_test(words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
