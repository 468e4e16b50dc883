/* The page and its lists, from what the daemon tells to what stands on the terminal. */
#include "shell/commands.h"
#include "shell/glyph.h"
#include "shell/json.h"
#include "shell/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What the daemon would tell of a VM, by its own messages. */
struct told_vm {
	const char *vm, *title, *state, *when;
	uint64_t from, until;
	const char *seat; /* of the screen: "" free, "me", or whose; NULL: none */
	const char *serial;
	const char *rights; /* "spice:5900 ssh:2222 usb" */
};

static void
told_header(struct told *told, const char *user, const char *gateway, uint16_t port, bool shell)
{
	uint8_t buf[4096];
	struct wire_out out;
	struct wire_in in;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, user);
	wire_put_str(&out, "cccccatsdogs");
	wire_put_str(&out, "Wed 10:02");
	wire_put_u64(&out, 1764151320);
	wire_put_str(&out, gateway);
	wire_put_u16(&out, port);
	wire_put_u8(&out, shell);
	wire_in_init(&in, buf, out.len);
	told_take(told, PROTO_SHELL_PAGE, &in);
}

static void
told_put_seat(struct wire_out *out, const char *name, const char *user)
{
	if (user == NULL)
		return;
	wire_put_str(out, name);
	wire_put_u8(out, *user == '\0'             ? PROTO_SEAT_FREE
			 : strcmp(user, "me") == 0 ? PROTO_SEAT_YOURS
						   : PROTO_SEAT_TAKEN);
	wire_put_str(out, user);
	wire_put_u64(out, *user != '\0' ? 1764150000 : 0);
}

static void
told_put_rights(struct wire_out *out, const char *rights)
{
	char name[256];
	uint16_t n = *rights != '\0';

	for (const char *c = rights; *c != '\0'; c++)
		n = (uint16_t)(n + (*c == ' '));
	wire_put_u16(out, n);
	while (*rights != '\0') {
		size_t len = strcspn(rights, " "), name_len = len;
		unsigned int port = 0;

		for (size_t i = 1, unit = 1;
		     i < len && rights[len - i] >= '0' && rights[len - i] <= '9';
		     i++, unit *= 10) {
			port += (unsigned int)(rights[len - i] - '0') * (unsigned int)unit;
			if (rights[len - i - 1] == ':')
				name_len = len - i - 1;
		}
		memcpy(name, rights, name_len);
		name[name_len] = '\0';
		wire_put_str(out, name);
		wire_put_u16(out, name_len < len ? (uint16_t)port : 0);
		rights += len + (rights[len] == ' ');
	}
}

static void
told_add(struct told *told, const struct told_vm *vm)
{
	uint8_t buf[8192];
	struct wire_out out;
	struct wire_in in;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_str(&out, vm->vm);
	wire_put_str(&out, vm->title);
	wire_put_str(&out, vm->state);
	wire_put_str(&out, vm->when);
	wire_put_u64(&out, vm->from);
	wire_put_u64(&out, vm->until);
	wire_put_u8(&out, (uint8_t)((vm->seat != NULL) + (vm->serial != NULL)));
	told_put_seat(&out, "screen", vm->seat);
	told_put_seat(&out, "serial", vm->serial);
	told_put_rights(&out, vm->rights);
	wire_in_init(&in, buf, out.len);
	told_take(told, PROTO_SHELL_VM, &in);
}

static const struct told_vm webdev = {.vm = "webdev",
    .title = "web server for development",
    .state = "running",
    .when = "until Thu 24:00",
    .until = 1764284400,
    .seat = "",
    .serial = "maggie",
    .rights = "spice:5900 serial ssh:2222 web:80 sftp usb clipboard"};
static const struct told_vm books = {.vm = "books",
    .title = "",
    .state = "shut off",
    .when = "",
    .seat = "me",
    .rights = "vnc:view:5800 raw"};
static const struct told_vm later = {.vm = "later",
    .title = "only on Mondays",
    .state = "",
    .when = "from Mon 08:00",
    .from = 1764579600,
    .rights = ""};
static const struct told_vm host = {
    .vm = "host", .title = "", .state = "", .when = "", .rights = "shell run:backup"};

static struct told told;
static struct sheet sheet;

static int
forget(void **state)
{
	(void)state;
	told_free(&told);
	sheet_free(&sheet);
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	told_header(&told, "anne", "gw1", 22, false);
	return 0;
}

static void
is(const char *expected)
{
	assert_false(told.failed);
	assert_false(sheet.failed);
	assert_string_equal(sheet.text, expected);
}

static void
page_of_few(void **state)
{
	(void)state;
	told_add(&told, &webdev);
	told_add(&told, &books);
	told_add(&told, &later);
	told_add(&told, &host);
	layout_page(&sheet, &told);
	is("anne on gw1, key cccccatsdogs, Wed 10:02\n"
	   "\n"
	   "webdev    web server for development\n"
	   "          running, screen free, serial taken by maggie, until Thu 24:00\n"
	   "          screen with usb clipboard\n"
	   "  screen  ssh -L 5901:webdev:5900 anne@gw1\n"
	   "          remote-viewer spice://localhost:5901\n"
	   "  serial  ssh -t anne@gw1 console webdev\n"
	   "  ssh     ssh -J anne@gw1 -p 2222 root@webdev\n"
	   "  web     ssh -L 8080:webdev:80 anne@gw1\n"
	   "  files   sftp anne@gw1\n"
	   "\n"
	   "books     shut off, screen yours\n"
	   "  screen  ssh -L 5902:books:5800 anne@gw1\n"
	   "          remote-viewer vnc://localhost:5902\n"
	   "  raw     ssh -L 8000:/run/sallyport/vm/books/raw anne@gw1\n"
	   "\n"
	   "later     only on Mondays\n"
	   "          nothing now, from Mon 08:00\n"
	   "\n"
	   "host      this gateway itself\n"
	   "  shell   ssh anne@gw1\n"
	   "  backup  ssh anne@gw1 backup\n"
	   "\n"
	   "For ~/.ssh/config: ssh anne@gw1 vms --config; more: help\n");
}

static void
table(void **state)
{
	(void)state;
	told_add(&told, &webdev);
	told_add(&told, &books);
	told_add(&told, &later);
	layout_table(&sheet, &told);
	is("  VM      STATE     SCREEN  SERIAL  UNTIL      YOU MAY\n"
	   "  webdev  running   free    maggie  Thu 24:00  spice serial ssh web sftp\n"
	   "  books   shut off  yours                      vnc:view raw\n"
	   "  later                                        nothing now; from Mon 08:00\n");
}

/* Columns that would be empty are left out, and there is room for titles. */
static void
narrow_table(void **state)
{
	const struct told_vm a = {.vm = "a",
	    .title = "a title that is much longer than the eighty columns of a line, by far",
	    .state = "",
	    .when = "",
	    .rights = "ssh:2222"};
	const struct told_vm b = {
	    .vm = "b", .title = "short", .state = "", .when = "", .rights = "ssh:2222 web:80"};

	(void)state;
	told_add(&told, &a);
	told_add(&told, &b);
	layout_table(&sheet, &told);
	is("  VM  YOU MAY  TITLE\n"
	   "  a   ssh      a title that is much longer than the eighty columns of a line,...\n"
	   "  b   ssh web  short\n");
}

static void
nothing(void **state)
{
	(void)state;
	layout_page(&sheet, &told);
	is("anne on gw1, key cccccatsdogs, Wed 10:02\n"
	   "  (nothing is open to you on this gateway)\n");
}

static void
widths(const char *text)
{
	char line[4096];

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		assert_in_range(len, 0, sizeof(line) - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		if (glyph_width(line) > SHEET_COLUMNS)
			fail_msg("%zu columns: %s", glyph_width(line), line);
		text += len + (text[len] == '\n');
	}
}

/* The longest names that vms.conf takes, and 300 of them. */
static void
long_names(void **state)
{
	char name[64], rights[600] = "";
	const struct told_vm vm = {.vm = name,
	    .title = "B\xc3\xbcro \xe6\x97\xa5\xe6\x9c\xac \x1b[31m",
	    .state = "running",
	    .when = "until 2026-12-24 24:00",
	    .seat = "somebody-with-a-long-name",
	    .serial = "",
	    .rights = rights};

	(void)state;
	memset(name, 'n', 63);
	for (int i = 0; i < 15; i++) {
		memset(rights + strlen(rights), 'a' + i, 32);
		rights[strlen(rights)] = ' ';
	}
	rights[strlen(rights) - 1] = '\0';
	for (int i = 0; i < 300; i++) {
		name[63 - i % 63] = '\0';
		told_add(&told, &vm);
		memset(name, 'n', 63);
	}
	layout_page(&sheet, &told);
	assert_false(sheet.failed);
	widths(sheet.text);
	assert_null(strchr(sheet.text, 0x1b));
	assert_non_null(strstr(sheet.text, " somebody-... "));
}

static void
styles(void **state)
{
	(void)state;
	told_add(&told, &webdev);
	sheet.is_styled = true;
	layout_table(&sheet, &told);
	is("  VM      STATE    SCREEN  SERIAL  UNTIL      YOU MAY\n"
	   "  \033[1mwebdev\033[0m  running  free    maggie  Thu 24:00  spice serial ssh web "
	   "sftp\n");
}

/* --- commands ----------------------------------------------------------------------- */

static void
run_is(const struct told *of, const struct told_vm *vm, const char *run, const char *then)
{
	static struct ports ports;
	struct command command;

	memset(&ports, 0, sizeof(ports));
	told_add(&told, vm);
	assert_true(commands_make(of, &of->vms[of->vm_count - 1], 0, &ports, &command));
	assert_string_equal(command.run, run);
	assert_string_equal(command.then, then);
}

static void
other_port(void **state)
{
	static struct ports ports;
	struct command command;
	const struct told_vm ssh = {
	    .vm = "a", .title = "", .state = "", .when = "", .rights = "ssh:2222"};

	(void)state;
	told_free(&told);
	told_header(&told, "anne", "gw.example.org", 2201, false);
	run_is(&told, &webdev, "ssh -p 2201 -L 5901:webdev:5900 anne@gw.example.org",
	    "remote-viewer spice://localhost:5901");
	run_is(&told, &ssh, "ssh -J anne@gw.example.org:2201 -p 2222 root@a", "");
	assert_true(commands_make(&told, &told.vms[0], 4, &ports, &command));
	assert_string_equal(command.run, "sftp -P 2201 anne@gw.example.org");
	told.may_have_shell = true; /* then it is no VM's folder */
	assert_false(commands_make(&told, &told.vms[0], 4, &ports, &command));
	commands_config(&sheet, &told);
	assert_non_null(
	    strstr(sheet.text, "Host gw.example.org\n    Port 2201\n    User anne\n"));
}

/* What is copied into a shell is one word, whatever the directory calls a user. */
static void
odd_users(void **state)
{
	char target[2048];
	static const char *const names[][2] = {{"anne", "anne@gw1"},
	    {"DOM\\anne", "'DOM\\anne'@gw1"}, {"a b", "'a b'@gw1"}, {"$(id)", "'$(id)'@gw1"},
	    {"o'neil", "'o'\\''neil'@gw1"}, {"-oProxyCommand=x", "USER@gw1"},
	    {"a\nb", "USER@gw1"}, {"j\xc3\xbcrgen", "USER@gw1"}, {"", "USER@gw1"},
	    {"'", "''\\'''@gw1"}};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		told_free(&told);
		told_header(&told, names[i][0], "gw1", 22, false);
		commands_target(&told, target, sizeof(target));
		assert_string_equal(target, names[i][1]);
	}
	told_free(&told);
	told_header(&told, "anne", "$(id)", 22, false);
	commands_target(&told, target, sizeof(target));
	assert_string_equal(target, "anne@GATEWAY");
}

/* Each forward has a port of its own. */
static void
config(void **state)
{
	(void)state;
	told_add(&told, &webdev);
	told_add(&told, &books);
	told_add(&told, &webdev);
	told_add(&told, &later);
	told_add(&told, &host);
	commands_config(&sheet, &told);
	is("# gw1: for ~/.ssh/config. While one connection is open, others go through it,\n"
	   "# without a one-time password.\n"
	   "Host gw1\n"
	   "    User anne\n"
	   "    ControlMaster auto\n"
	   "    ControlPath ~/.ssh/%C\n"
	   "\n"
	   "# ssh gw1-forwards: with all forwards.\n"
	   "Host gw1-forwards\n"
	   "    HostName gw1\n"
	   "    User anne\n"
	   "    ControlMaster auto\n"
	   "    ControlPath ~/.ssh/%C\n"
	   "    LocalForward 5901 webdev:5900\n"
	   "    LocalForward 8080 webdev:80\n"
	   "    LocalForward 5902 books:5800\n"
	   "    LocalForward 8000 /run/sallyport/vm/books/raw\n"
	   "    LocalForward 5903 webdev:5900\n"
	   "    LocalForward 8081 webdev:80\n"
	   "\n"
	   "Host webdev\n"
	   "    ProxyJump gw1\n"
	   "    Port 2222\n"
	   "    User root\n"
	   "\n"
	   "Host webdev\n"
	   "    ProxyJump gw1\n"
	   "    Port 2222\n"
	   "    User root\n");
}

static void
viewer(void **state)
{
	(void)state;
	told_add(&told, &books);
	told_add(&told, &later);
	assert_false(commands_viewer(&sheet, &told, &told.vms[1]));
	assert_true(commands_viewer(&sheet, &told, &told.vms[0]));
	is("# goes with: ssh -L 5901:books:5800 anne@gw1\n"
	   "[virt-viewer]\n"
	   "type=vnc\n"
	   "host=localhost\n"
	   "port=5901\n"
	   "title=books on gw1\n");
}

/* --- JSON --------------------------------------------------------------------------- */

static void
json(void **state)
{
	struct told_vm odd = later;

	(void)state;
	odd.title = "\"B\xc3\xbcro\\ \xf0\x9f\x98\x80 \x80\x1b";
	told_add(&told, &odd);
	json_vms(&sheet, &told);
	is("{\"user\":\"anne\",\"gateway\":\"gw1\",\"port\":22,\"key\":\"cccccatsdogs\","
	   "\"time\":\"2025-11-26T10:02:00Z\",\"shell\":false,\"vms\":[{\"vm\":\"later\","
	   "\"title\":\"\\\"B\\u00fcro\\\\ \\ud83d\\ude00 \\ufffd\\u001b\",\"state\":null,"
	   "\"from\":\"2025-12-01T09:00:00Z\",\"until\":null,\"rights\":[],\"seats\":[],"
	   "\"commands\":[]}]}\n");
}

/* --- what is told -------------------------------------------------------------------- */

static void
malformed(void **state)
{
	uint8_t buf[64] = {0};
	struct wire_in in;

	(void)state;
	told_header(&told, "anne", "gw1", 22, false); /* a second one */
	assert_true(told.failed);
	for (int type = PROTO_SHELL_PAGE; type <= PROTO_SHELL_SEAT; type++) {
		if (type == PROTO_SHELL_END || type == PROTO_SHELL_EVENT)
			continue;
		for (size_t len = 0; len < 8; len++) {
			told_free(&told);
			wire_in_init(&in, buf, len);
			told_take(&told, (uint8_t)type, &in);
			assert_true(told.failed);
		}
	}
}

/* After a reload the rows so far are void, but not the header. */
static void
afresh(void **state)
{
	struct wire_in in;

	(void)state;
	told_add(&told, &webdev);
	wire_in_init(&in, "", 0);
	told_take(&told, PROTO_SHELL_AFRESH, &in);
	told_add(&told, &later);
	assert_int_equal(told.vm_count, 1);
	assert_string_equal(told.vms[0].vm, "later");
	assert_string_equal(told.user, "anne");
}

/* --- foreign characters --------------------------------------------------------------- */

static const char *
escaped(const char *foreign)
{
	static char text[4096];

	return glyph_escape(text, sizeof(text), foreign);
}

static void
characters(void **state)
{
	(void)state;
	assert_string_equal(escaped("plain ~"), "plain ~");
	assert_string_equal(escaped("\xc3\xbc \xe6\x97\xa5 \xe2\x82\xac"),
	    "\xc3\xbc \xe6\x97\xa5 \xe2\x82\xac");
	assert_string_equal(escaped("\x1b[31m\\\r\n\x7f"), "\\x1b[31m\\\\\\x0d\\x0a\\x7f");
	/* C1, soft hyphen, combining, right-to-left, overrides, no width, private use. */
	assert_string_equal(escaped("\xc2\x9b"
				    "31m"),
	    "\\xc2\\x9b31m");
	assert_string_equal(escaped("\xc2\xad"), "\\xc2\\xad");
	assert_string_equal(escaped("e\xcc\x81"), "e\\xcc\\x81");
	assert_string_equal(escaped("\xd7\x90"), "\\xd7\\x90");
	assert_string_equal(escaped("\xe2\x80\xae"), "\\xe2\\x80\\xae");
	assert_string_equal(escaped("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");
	assert_string_equal(escaped("\xee\x80\x80"), "\\xee\\x80\\x80");
	/* Not the shortest form, a surrogate, cut off, alone. */
	assert_string_equal(escaped("\xc1\xbf\xe0\x83\xbc"), "\\xc1\\xbf\\xe0\\x83\\xbc");
	assert_string_equal(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");
	assert_string_equal(escaped("\xe6\x97"), "\\xe6\\x97");
	assert_string_equal(escaped("\xbc"), "\\xbc");
	assert_int_equal(glyph_width("a\xc3\xbc\xe6\x97\xa5"), 4);
}

/* Every byte, alone and between others: nothing but printing ASCII and whole characters. */
static void
all_bytes(void **state)
{
	char in[4] = "a.b", *c;

	(void)state;
	for (unsigned int byte = 1; byte < 256; byte++) {
		in[1] = (char)byte;
		for (c = (char *)(uintptr_t)escaped(in); *c != '\0'; c++)
			assert_in_range((unsigned char)*c, 0x20, 0x7e);
	}
}

static void
cuts(void **state)
{
	char text[64], cut[8];

	(void)state;
	assert_string_equal(glyph_escape(cut, sizeof(cut), "abcdefg"), "abcdefg");
	assert_string_equal(glyph_escape(cut, sizeof(cut), "abcdefgh"), "abcd...");
	assert_string_equal(
	    glyph_escape(cut, sizeof(cut), "abc\xc3\xbc\xc3\xbc\xc3\xbc"), "abc...");
	snprintf(text, sizeof(text), "%s", "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
	glyph_cut(text, 6);
	assert_string_equal(text, "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
	glyph_cut(text, 5);
	assert_string_equal(text, "\xe6\x97\xa5...");
	snprintf(text, sizeof(text), "abcdef");
	glyph_cut(text, 5);
	assert_string_equal(text, "ab...");
}

int
main(void)
{
#define LAID(test) cmocka_unit_test_setup_teardown(test, begin, forget)
	const struct CMUnitTest tests[] = {
	    LAID(page_of_few),
	    LAID(table),
	    LAID(narrow_table),
	    LAID(nothing),
	    LAID(long_names),
	    LAID(styles),
	    LAID(other_port),
	    LAID(odd_users),
	    LAID(config),
	    LAID(viewer),
	    LAID(json),
	    LAID(malformed),
	    LAID(afresh),
	    cmocka_unit_test(characters),
	    cmocka_unit_test(all_bytes),
	    cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
