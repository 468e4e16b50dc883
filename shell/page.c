/* The answers that are texts: taken whole, laid out, written at once; then what happens on
 * the connection, for as long as the user stays. */
#include "shell/page.h"

#include "shell/commands.h"
#include "shell/glyph.h"
#include "shell/json.h"
#include "shell/layout.h"
#include "shell/say.h"
#include "shell/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT         STDOUT_FILENO
#define EX_SOFTWARE 70
#define EX_DENIED   77

static void
get_text(struct wire_in *in, char *text, size_t cap)
{
	char raw[PROTO_TEXT_MAX + 1];

	wire_get_str(in, raw, sizeof(raw));
	glyph_escape(text, cap, raw);
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
		 "ssh GATEWAY vms [VM]        your VMs; of one VM what to type for it\n"
		 "ssh GATEWAY vms [VM] --config\n"
		 "                            the same, for ~/.ssh/config\n"
		 "ssh GATEWAY vms VM --vv     a file for remote-viewer\n"
		 "ssh GATEWAY why [VM [RIGHT]]\n"
		 "                            what you may do when\n"
		 "ssh GATEWAY seat VM         who is at the VM's console, and until when\n"
		 "ssh -t GATEWAY console VM   the VM's serial line\n"
		 "ssh GATEWAY connect VM RIGHT\n"
		 "                            what a forward leads to, for ProxyCommand\n"
		 "sftp GATEWAY                your VMs' files, if you have no shell here\n"
		 "ssh GATEWAY help            this\n"
		 "vms, why and seat: --json   for programs\n"
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

/* Terminals that know bold letters. */
static bool
is_styled(void)
{
	static const char *const known[] = {"xterm", "screen", "tmux", "linux", "rxvt", "vt1",
	    "vt2", "konsole", "alacritty", "foot", "st-", "gnome", "putty", "cygwin"};
	const char *term = getenv("TERM");

	for (size_t i = 0; term != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(term, known[i], strlen(known[i])) == 0)
			return isatty(OUT) == 1;
	return false;
}

/* False: there is nothing to show it of. */
static bool
lay_out_vms(struct sheet *sheet, const struct told *told, const struct asked *asked)
{
	bool is_one = asked->vm[0] != '\0';

	switch (asked->form) {
	case ASKED_JSON:
		json_vms(sheet, told);
		return true;
	case ASKED_CONFIG:
		if (told->vm_count > 0)
			commands_config(sheet, told);
		return told->vm_count > 0;
	case ASKED_VIEWER:
		return told->vm_count > 0 && commands_viewer(sheet, told, &told->vms[0]);
	case ASKED_TEXT:
	default:
		break;
	}
	if (is_one && told->vm_count > 0)
		layout_blocks(sheet, told);
	else if (told->vm_count > 0)
		layout_table(sheet, told);
	else if (!is_one)
		sheet_put(sheet, "(nothing is open to you on this gateway)\n");
	return told->vm_count > 0 || !is_one;
}

static bool
lay_out(struct sheet *sheet, const struct told *told, const struct asked *asked)
{
	bool is_json = asked->form == ASKED_JSON;

	switch (asked->ask) {
	case PROTO_ASK_LOGIN:
		layout_page(sheet, told);
		return true;
	case PROTO_ASK_VMS:
		return lay_out_vms(sheet, told, asked);
	case PROTO_ASK_WHY:
		(is_json ? json_rights : layout_rights)(sheet, told);
		return true;
	case PROTO_ASK_SEAT:
		(is_json ? json_seats : layout_seats)(sheet, told);
		return true;
	case PROTO_ASK_HELP:
	case PROTO_ASK_NOTHING:
	case PROTO_ASK_COMMAND:
	case PROTO_ASK_TRANSFER:
	case PROTO_ASK_CONSOLE:
	case PROTO_ASK_CONNECT:
	default:
		return true;
	}
}

static int
show(const struct told *told, const struct asked *asked, uint8_t status)
{
	struct sheet sheet = {.is_styled = is_styled()};
	bool is_shown;

	if (asked->ask == PROTO_ASK_HELP) {
		show_help();
		return status;
	}
	is_shown = lay_out(&sheet, told, asked);
	if (!sheet.failed && sheet.text != NULL)
		say(OUT, sheet.text);
	if (!is_shown)
		say_error(asked->form == ASKED_VIEWER
			      ? "Of that VM no screen is open to you on this gateway."
			      : "Of that nothing is open to you on this gateway.");
	if (sheet.failed)
		status = EX_SOFTWARE;
	else if (!is_shown)
		status = EX_DENIED;
	sheet_free(&sheet);
	return status;
}

int
page_show(struct talk *talk, const struct asked *asked)
{
	static struct told told;
	uint8_t end, stays;
	int err = 0, status = EX_SOFTWARE;

	while (err == 0 && talk->header.type != PROTO_SHELL_END) {
		told_take(&told, talk->header.type, &talk->in);
		err = told.failed ? -EBADMSG : talk_receive(talk);
	}
	end = wire_get_u8(&talk->in);
	stays = wire_get_u8(&talk->in);
	if (err == 0 && wire_end(&talk->in) == 0)
		status = show(&told, asked, end);
	told_free(&told);
	if (status == 0 && stays == 1 && stay(talk) < 0)
		status = EX_SOFTWARE;
	return status;
}
