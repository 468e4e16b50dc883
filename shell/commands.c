/* ssh's, sftp's and remote-viewer's words. Names of VMs and rights are by their grammar
 * plain words (vms.conf(5)); a user's is quoted where it is none. */
#include "shell/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define SCREEN_PORT 5901 /* of the first screen on the user's own computer */
#define SSH_PORT    22
#define PLAIN                                                                                  \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"                       \
	".-_"

static bool
is_plain(const char *text)
{
	return *text != '\0' && *text != '-' && text[strspn(text, PLAIN)] == '\0';
}

/* Its name for users, or a word in the place of one. */
static void
gateway_name(const struct told *told, char *text, size_t cap)
{
	struct utsname machine;
	const char *name = told->gateway;

	if (*name == '\0' && uname(&machine) == 0)
		name = machine.nodename;
	snprintf(text, cap, "%s", is_plain(name) ? name : "GATEWAY");
}

/* In single quotes everything but these is itself. */
static bool
quote(const char *word, char *text, size_t cap)
{
	size_t used = 0;

	for (const char *c = word; *c != '\0'; c++) {
		if (*c < 0x20 || *c > 0x7e || used + 8 > cap)
			return false;
		used += (size_t)snprintf(text + used, cap - used, "%s%s", c == word ? "'" : "",
		    *c == '\'' ? "'\\'" : "");
		text[used++] = *c;
	}
	snprintf(text + used, cap - used, "'");
	return *word != '\0' && *word != '-';
}

void
commands_target(const struct told *told, char *text, size_t cap)
{
	char gateway[256], user[PROTO_NAME_MAX * 4 + 8];

	gateway_name(told, gateway, sizeof(gateway));
	if (is_plain(told->user))
		snprintf(user, sizeof(user), "%s", told->user);
	else if (!quote(told->user, user, sizeof(user)))
		snprintf(user, sizeof(user), "USER");
	snprintf(text, cap, "%s@%s", user, gateway);
}

/* " -p 2222", where it is not ssh's own. */
static void
port_option(const struct told *told, const char *option, char *text, size_t cap)
{
	text[0] = '\0';
	if (told->port != 0 && told->port != SSH_PORT)
		snprintf(text, cap, " %s %u", option, told->port);
}

/* The first free one from wanted on. */
static uint16_t
take_port(struct ports *ports, unsigned int wanted)
{
	for (unsigned int port = wanted; port <= USHRT_MAX; port++) {
		uint8_t bit = (uint8_t)(1u << port % CHAR_BIT);

		if ((ports->taken[port / CHAR_BIT] & bit) != 0)
			continue;
		ports->taken[port / CHAR_BIT] |= bit;
		return (uint16_t)port;
	}
	return (uint16_t)wanted;
}

static bool
is_right(const char *right, const char *word)
{
	size_t len = strlen(word);

	return strncmp(right, word, len) == 0 && (right[len] == '\0' || right[len] == ':');
}

static bool
is_screen(const char *right)
{
	return is_right(right, "spice") || is_right(right, "vnc");
}

/* What a forward is to: "webdev:5900", or the endpoint's socket where it has no port. */
static void
forward_to(const char *vm, const struct right_row *right, char *text, size_t cap)
{
	int len = (int)strcspn(right->right, ":");

	if (right->port != 0)
		snprintf(text, cap, "%s:%u", vm, right->port);
	else
		snprintf(text, cap, "/run/sallyport/vm/%s/%.*s", vm, len, right->right);
}

/* The port on the user's own computer for that right. */
static uint16_t
local_port(const struct right_row *right, struct ports *ports)
{
	if (is_screen(right->right))
		return take_port(ports, SCREEN_PORT);
	return take_port(ports, right->port < 1024 ? 8000u + right->port : right->port);
}

struct words {
	char target[PROTO_NAME_MAX * 4 + 300], port[16];
	const char *vm;
};

static void
make_forward(const struct words *w, const struct right_row *right, struct ports *ports,
    struct command *command)
{
	char to[512];

	command->local = local_port(right, ports);
	forward_to(w->vm, right, to, sizeof(to));
	snprintf(command->run, sizeof(command->run), "ssh%s -L %u:%s %s", w->port,
	    command->local, to, w->target);
	if (!is_screen(right->right))
		return;
	command->label = "screen";
	snprintf(command->then, sizeof(command->then), "remote-viewer %s://localhost:%u",
	    is_right(right->right, "spice") ? "spice" : "vnc", command->local);
}

/* ssh's -J takes the port behind a colon. */
static void
make_jump(const struct told *told, const struct words *w, const struct right_row *right,
    struct command *command)
{
	char colon[16] = "";

	if (told->port != 0 && told->port != SSH_PORT)
		snprintf(colon, sizeof(colon), ":%u", told->port);
	snprintf(command->run, sizeof(command->run), "ssh -J %s%s -p %u root@%s", w->target,
	    colon, right->port, w->vm);
}

/* Who has a shell here has sftp as anywhere else, and no VM's folder. */
static bool
make_transfer(const struct told *told, const struct words *w, struct command *command)
{
	char port[16];

	port_option(told, "-P", port, sizeof(port));
	command->label = "files";
	snprintf(command->run, sizeof(command->run), "sftp%s %s", port, w->target);
	return !told->may_have_shell;
}

static bool
make_of_host(const struct words *w, const struct right_row *right, struct command *command)
{
	if (strcmp(right->right, "shell") == 0) {
		snprintf(command->run, sizeof(command->run), "ssh%s %s", w->port, w->target);
		return true;
	}
	if (strncmp(right->right, "run:", 4) != 0)
		return false;
	snprintf(command->run, sizeof(command->run), "ssh%s %s %s", w->port, w->target,
	    right->right + 4);
	return true;
}

bool
commands_is_detail(const char *right)
{
	static const char *const words[] = {
	    "mic", "usb", "smartcard", "clipboard", "share", "takeover"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(right, words[i]) == 0)
			return true;
	return false;
}

bool
commands_make(const struct told *told, const struct vm_row *vm, size_t i, struct ports *ports,
    struct command *command)
{
	const struct right_row *right = &vm->rights[i];
	struct words w = {.vm = vm->vm};

	commands_target(told, w.target, sizeof(w.target));
	port_option(told, "-p", w.port, sizeof(w.port));
	*command = (struct command){0};
	snprintf(command->right, sizeof(command->right), "%s", right->right);
	if (strcmp(vm->vm, "host") == 0)
		return make_of_host(&w, right, command);
	if (commands_is_detail(right->right))
		return false;
	if (is_right(right->right, "sftp"))
		return make_transfer(told, &w, command);
	if (strcmp(right->right, "ssh") == 0 && right->port != 0)
		make_jump(told, &w, right, command);
	else if (strcmp(right->right, "serial") == 0)
		snprintf(command->run, sizeof(command->run), "ssh%s -t %s console %s", w.port,
		    w.target, w.vm);
	else
		make_forward(&w, right, ports, command);
	return true;
}

/* --- ~/.ssh/config ----------------------------------------------------------------- */

static void
put_host(struct sheet *sheet, const struct told *told, const char *alias)
{
	char gateway[256];

	gateway_name(told, gateway, sizeof(gateway));
	sheet_format(sheet, "Host %s\n", alias);
	if (strcmp(alias, gateway) != 0)
		sheet_format(sheet, "    HostName %s\n", gateway);
	if (told->port != 0 && told->port != SSH_PORT)
		sheet_format(sheet, "    Port %u\n", told->port);
	if (is_plain(told->user))
		sheet_format(sheet, "    User %s\n", told->user);
	sheet_put(sheet, "    ControlMaster auto\n    ControlPath ~/.ssh/%C\n");
}

static const struct right_row *
find_right(const struct vm_row *vm, const char *word)
{
	for (size_t i = 0; i < vm->right_count; i++)
		if (is_right(vm->rights[i].right, word) && vm->rights[i].port != 0)
			return &vm->rights[i];
	return NULL;
}

static void
put_forwards(struct sheet *sheet, const struct vm_row *vm, struct ports *ports)
{
	char to[512];

	for (size_t i = 0; i < vm->right_count; i++) {
		const struct right_row *right = &vm->rights[i];

		if (commands_is_detail(right->right) || is_right(right->right, "sftp") ||
		    strcmp(right->right, "ssh") == 0 || strcmp(right->right, "serial") == 0 ||
		    strcmp(vm->vm, "host") == 0)
			continue;
		forward_to(vm->vm, right, to, sizeof(to));
		sheet_format(sheet, "    LocalForward %u %s\n", local_port(right, ports), to);
	}
}

void
commands_config(struct sheet *sheet, const struct told *told)
{
	static struct ports ports;
	char gateway[256], alias[300];

	memset(&ports, 0, sizeof(ports));
	gateway_name(told, gateway, sizeof(gateway));
	sheet_format(sheet,
	    "# %s: for ~/.ssh/config. While one connection is open, others go through it,\n"
	    "# without a one-time password.\n",
	    gateway);
	put_host(sheet, told, gateway);
	snprintf(alias, sizeof(alias), "%s-forwards", gateway);
	sheet_format(sheet, "\n# ssh %s: with all forwards.\n", alias);
	put_host(sheet, told, alias);
	for (size_t i = 0; i < told->vm_count; i++)
		put_forwards(sheet, &told->vms[i], &ports);
	for (size_t i = 0; i < told->vm_count; i++) {
		const struct vm_row *vm = &told->vms[i];
		const struct right_row *right = find_right(vm, "ssh");

		if (right != NULL)
			sheet_format(sheet,
			    "\nHost %s\n    ProxyJump %s\n    Port %u\n    User root\n", vm->vm,
			    gateway, right->port);
	}
}

bool
commands_viewer(struct sheet *sheet, const struct told *told, const struct vm_row *vm)
{
	static struct ports ports;
	struct command command;
	char gateway[256];

	memset(&ports, 0, sizeof(ports));
	gateway_name(told, gateway, sizeof(gateway));
	for (size_t i = 0; i < vm->right_count; i++) {
		if (!is_screen(vm->rights[i].right) ||
		    !commands_make(told, vm, i, &ports, &command))
			continue;
		sheet_format(sheet,
		    "# goes with: %s\n[virt-viewer]\ntype=%s\nhost=localhost\nport=%u\n"
		    "title=%s on %s\n",
		    command.run, is_right(vm->rights[i].right, "spice") ? "spice" : "vnc",
		    command.local, vm->vm, gateway);
		return true;
	}
	return false;
}
