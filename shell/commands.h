/* What a user types on his own computer to get at a VM: lines to be copied. */
#ifndef SALLYPORT_SHELL_COMMANDS_H
#define SALLYPORT_SHELL_COMMANDS_H

#include "shell/told.h"
#include "shell/sheet.h"

#include <limits.h>

/* Ports of the user's own computer that are given to forwards, each once. */
struct ports {
	uint8_t taken[(USHRT_MAX + 1) / CHAR_BIT];
};

struct command {
	char right[PROTO_NAME_MAX + 1]; /* as granted: "spice:view" */
	const char *label;              /* "screen", "files"; NULL: the right */
	char run[2048];
	char then[256]; /* besides, in another window; "" nothing */
	uint16_t local; /* the port that it forwards; 0 none */
};

/* "anne@gw1" as a shell's word. */
void commands_target(const struct told *told, char *text, size_t cap);
/* Is it a right that leads nowhere by itself, but within a console? */
bool commands_is_detail(const char *right);
/* The command for the VM's or host's right i; false when there is none. */
bool commands_make(const struct told *told, const struct vm_row *vm, size_t i,
    struct ports *ports, struct command *command);

/* Blocks for ~/.ssh/config: the gateway, its VMs by ProxyJump, all their forwards. */
void commands_config(struct sheet *sheet, const struct told *told);
/* A file for remote-viewer that goes with the first screen's command of that VM; false
 * when it has no screen. */
bool commands_viewer(struct sheet *sheet, const struct told *told, const struct vm_row *vm);

#endif
