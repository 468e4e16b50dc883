/* The options of all verbs; how they are written stands in options.c. */
#ifndef SALLYPORT_CLI_OPTION_H
#define SALLYPORT_CLI_OPTION_H

/* Each counts up from the one before, so that no two can share a bit. A verb takes
 * those of its own besides the global ones. */
enum cli_option_bit {
	CLI_BIT_JSON, CLI_BIT_CONF, CLI_BIT_SOCKET, CLI_BIT_HELP,
	CLI_BIT_GLOBALS, /* how many: all above */
	CLI_BIT_AT = CLI_BIT_GLOBALS,
	CLI_BIT_DRY_RUN, CLI_BIT_FORCE, CLI_BIT_STDIN, CLI_BIT_YES, CLI_BIT_COUNT,
	CLI_BIT_ANCHOR, CLI_BIT_ALL, CLI_BIT_USER, CLI_BIT_LIST, CLI_BIT_VERSION,
	CLI_BIT_FOLLOW, CLI_BIT_SINCE, CLI_BIT_UNTIL, CLI_BIT_VM, CLI_BIT_EVENT,
	CLI_BIT_VERDICT, CLI_BIT_BY,
	CLI_BITS, /* last */
};

enum cli_option {
	CLI_JSON = 1 << CLI_BIT_JSON,
	CLI_CONF = 1 << CLI_BIT_CONF,
	CLI_SOCKET = 1 << CLI_BIT_SOCKET,
	CLI_HELP = 1 << CLI_BIT_HELP,
	CLI_AT = 1 << CLI_BIT_AT,
	CLI_DRY_RUN = 1 << CLI_BIT_DRY_RUN,
	CLI_FORCE = 1 << CLI_BIT_FORCE,
	CLI_STDIN = 1 << CLI_BIT_STDIN,
	CLI_YES = 1 << CLI_BIT_YES,
	CLI_COUNT = 1 << CLI_BIT_COUNT,
	CLI_ANCHOR = 1 << CLI_BIT_ANCHOR,
	CLI_ALL = 1 << CLI_BIT_ALL,
	CLI_USER = 1 << CLI_BIT_USER,
	CLI_LIST = 1 << CLI_BIT_LIST,
	CLI_VERSION = 1 << CLI_BIT_VERSION,
	CLI_FOLLOW = 1 << CLI_BIT_FOLLOW,
	CLI_SINCE = 1 << CLI_BIT_SINCE,
	CLI_UNTIL = 1 << CLI_BIT_UNTIL,
	CLI_VM = 1 << CLI_BIT_VM,
	CLI_EVENT = 1 << CLI_BIT_EVENT,
	CLI_VERDICT = 1 << CLI_BIT_VERDICT,
	CLI_BY = 1 << CLI_BIT_BY,
	CLI_GLOBAL = (1 << CLI_BIT_GLOBALS) - 1,
	CLI_LOG = CLI_SINCE | CLI_UNTIL | CLI_USER | CLI_VM,
};
_Static_assert(CLI_BITS < 32, "an enumeration is an int");

#endif
