/* Lays out rows, 80 columns wide where the names allow it. */
#include "shell/page.h"

#include "lib/escape.h"
#include "shell/say.h"
#include "shell/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define OUT          STDOUT_FILENO
#define EX_SOFTWARE  70
#define RIGHTS_WIDTH 1024
#define LOCAL_PORT   5901 /* of the first console in what is to be copied */

struct page {
	char gateway[256]; /* this machine's name, escaped */
	char user[PROTO_NAME_MAX * 4 + 1];
	bool is_page; /* else the bare list */
	size_t vms, consoles;
};

static void
get_text(struct wire_in *in, char *text, size_t cap)
{
	char raw[PROTO_TEXT_MAX + 1];

	wire_get_str(in, raw, sizeof(raw));
	escape_str(text, cap, raw);
}

static void
show_header(struct page *page, struct wire_in *in)
{
	char key[PROTO_PUBLIC_ID_MAX * 4 + 1], when[64];

	get_text(in, page->user, sizeof(page->user));
	get_text(in, key, sizeof(key));
	get_text(in, when, sizeof(when));
	(void)wire_get_u8(in);
	page->is_page = true;
	say_format(OUT, "%s on %s, key %s, %s\n", page->user, page->gateway, key, when);
}

/* What to type for it. */
static void
show_command(struct page *page, const char *vm, const char *right, unsigned int port)
{
	const char *user = page->user, *gateway = page->gateway;

	if (strncmp(right, "spice", 5) == 0 || strncmp(right, "vnc", 3) == 0) {
		size_t local = LOCAL_PORT + page->consoles++;

		say_format(
		    OUT, "      ssh -L %zu:%s:%u %s@%s\n", local, vm, port, user, gateway);
		say_format(OUT, "      remote-viewer %s://localhost:%zu\n",
		    right[0] == 's' ? "spice" : "vnc", local);
	} else if (strcmp(right, "ssh") == 0) {
		say_format(OUT, "      ssh -J %s@%s -p %u root@%s\n", user, gateway, port, vm);
	} else if (port != 0) {
		say_format(OUT, "      ssh -L %u:%s:%u %s@%s\n",
		    port < 1024 ? 8000 + port : port, vm, port, user, gateway);
	}
}

struct right_row {
	char right[PROTO_NAME_MAX * 4 + 1];
	uint16_t port;
};

/* The rights' names, blank between them. */
static size_t
unpack_rights(struct wire_in *in, struct right_row *rows, size_t cap, char *text, size_t len)
{
	size_t n = wire_get_u16(in), used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < n && i < cap && !in->failed; i++) {
		int more;

		get_text(in, rows[i].right, sizeof(rows[i].right));
		rows[i].port = wire_get_u16(in);
		more =
		    snprintf(text + used, len - used, "%s%s", i > 0 ? " " : "", rows[i].right);
		if (more > 0 && used + (size_t)more < len)
			used += (size_t)more;
	}
	if (n > cap)
		in->failed = true;
	return n > cap ? cap : n;
}

static void
show_vm(struct page *page, struct wire_in *in)
{
	static struct right_row rows[64];
	char vm[PROTO_NAME_MAX * 4 + 1], title[PROTO_NAME_MAX * 4 + 1], when[64];
	char rights[RIGHTS_WIDTH], state[128];
	size_t n;

	get_text(in, vm, sizeof(vm));
	get_text(in, title, sizeof(title));
	get_text(in, when, sizeof(when));
	get_text(in, state, sizeof(state));
	n = unpack_rights(in, rows, 64, rights, sizeof(rights));
	if (in->failed)
		return;
	page->vms++;
	say_format(OUT, "  %-12s %s\n", vm, title[0] != '\0' ? title : rights);
	if (title[0] != '\0' && n > 0)
		say_format(OUT, "  %-12s %s\n", "", rights);
	if (when[0] != '\0' || state[0] != '\0')
		say_format(OUT, "  %-12s %s%s%s%s\n", "", n > 0 ? "" : "not now; ", when,
		    when[0] != '\0' && state[0] != '\0' ? "; " : "", state);
	if (!page->is_page || strcmp(vm, "host") == 0)
		return;
	for (size_t i = 0; i < n; i++)
		show_command(page, vm, rows[i].right, rows[i].port);
}

static void
show_right(struct wire_in *in)
{
	char vm[PROTO_NAME_MAX * 4 + 1], right[PROTO_NAME_MAX * 4 + 1], why[64], when[64];
	bool allowed;

	get_text(in, vm, sizeof(vm));
	get_text(in, right, sizeof(right));
	allowed = wire_get_u8(in) == 1;
	get_text(in, why, sizeof(why));
	get_text(in, when, sizeof(when));
	say_format(OUT, "%-6s %s %s: %s%s%s\n", allowed ? "allow" : "deny", vm, right, why,
	    when[0] != '\0' ? ", " : "", when);
}

static void
show_seat(struct wire_in *in)
{
	char vm[PROTO_NAME_MAX * 4 + 1], seat[64], who[PROTO_TEXT_MAX + 1];
	char advice[PROTO_TEXT_MAX + 1];

	get_text(in, vm, sizeof(vm));
	get_text(in, seat, sizeof(seat));
	get_text(in, who, sizeof(who));
	get_text(in, advice, sizeof(advice));
	say_format(OUT, "%s %s: %s\n", vm, seat, who);
	if (advice[0] != '\0')
		say_format(OUT, "  %s\n", advice);
}

static void
show_event(struct wire_in *in)
{
	char when[32], vm[PROTO_NAME_MAX * 4 + 1], right[PROTO_NAME_MAX * 4 + 1], what[512];

	get_text(in, when, sizeof(when));
	get_text(in, vm, sizeof(vm));
	get_text(in, right, sizeof(right));
	get_text(in, what, sizeof(what));
	if (wire_end(in) == 0)
		say_format(OUT, "%-10s %s %s   %s\n", when, vm, right, what);
}

static void
show_help(void)
{
	say(OUT, "ssh GATEWAY                 your shell if you have one here, else the page:\n"
		 "                            your VMs, and what happens on this connection\n"
		 "ssh GATEWAY vms             your VMs and what you may do with them\n"
		 "ssh GATEWAY why [VM [RIGHT]]\n"
		 "                            what you may do when\n"
		 "ssh GATEWAY seat VM         who is at the VM's console\n"
		 "ssh GATEWAY help            this\n"
		 "ssh -L 5901:VM:5900 GATEWAY, then remote-viewer spice://localhost:5901\n"
		 "                            the VM's console\n"
		 "See sallyport-shell(1).\n");
}

/* Keys that leave: ^C, ^D, q. */
static bool
leaves(int key)
{
	return key == TERMINAL_END || key == 0x03 || key == 0x04 || key == 0x1c || key == 'q';
}

/* 0: the user leaves. */
static int
stay(struct talk *talk)
{
	struct terminal terminal;
	int key, err = terminal_open(&terminal);

	if (err < 0)
		return err;
	say(OUT, "(this page stays and tells what happens on this connection; ^C leaves)\n");
	while (err == 0 && !leaves(key = terminal_key(&terminal, talk->fd, INT64_MAX))) {
		if (key != TERMINAL_OTHER)
			continue;
		err = talk_receive(talk);
		if (err == 0 && talk->header.type == PROTO_SHELL_EVENT)
			show_event(&talk->in);
	}
	terminal_close(&terminal);
	return err == -ECONNRESET ? 0 : err;
}

static void
show_row(struct page *page, struct talk *talk)
{
	switch (talk->header.type) {
	case PROTO_SHELL_PAGE:
		show_header(page, &talk->in);
		break;
	case PROTO_SHELL_VM:
		show_vm(page, &talk->in);
		break;
	case PROTO_SHELL_RIGHT:
		show_right(&talk->in);
		break;
	case PROTO_SHELL_SEAT:
		show_seat(&talk->in);
		break;
	default:
		break; /* of a later version: not needed to understand the others */
	}
}

int
page_show(struct talk *talk, const struct asked *asked)
{
	struct page page = {0};
	struct utsname name;
	uint8_t status, stays;
	int err = 0;

	escape_str(page.gateway, sizeof(page.gateway), uname(&name) == 0 ? name.nodename : "");
	while (err == 0 && talk->header.type != PROTO_SHELL_END) {
		show_row(&page, talk);
		err = talk_receive(talk);
	}
	status = wire_get_u8(&talk->in);
	stays = wire_get_u8(&talk->in);
	if (err < 0 || wire_end(&talk->in) < 0)
		return EX_SOFTWARE;
	if (asked->ask == PROTO_ASK_HELP)
		show_help();
	else if (asked->ask != PROTO_ASK_WHY && asked->ask != PROTO_ASK_SEAT && page.vms == 0)
		say(OUT, "  (nothing is open to you on this gateway)\n");
	if (stays == 1 && stay(talk) < 0)
		return EX_SOFTWARE;
	return status;
}
