/* The options of all verbs; how they are written stands in options.c. */
#ifndef SALLYPORT_CLI_OPTION_H
#define SALLYPORT_CLI_OPTION_H

/* A verb takes those of its own besides the first five. */
enum cli_option {
	CLI_JSON = 1 << 0,
	CLI_CONF = 1 << 1,
	CLI_SOCKET = 1 << 2,
	CLI_HELP = 1 << 3,
	CLI_GLOBAL = (1 << 4) - 1,
	CLI_AT = 1 << 4,
	CLI_DRY_RUN = 1 << 5,
	CLI_FORCE = 1 << 6,
	CLI_STDIN = 1 << 7,
	CLI_YES = 1 << 8,
	CLI_COUNT = 1 << 9,
	CLI_ANCHOR = 1 << 16,
	CLI_ALL = 1 << 10,
	CLI_USER = 1 << 20,
	CLI_LIST = 1 << 21,
	CLI_VERSION = 1 << 22,
	CLI_FOLLOW = 1 << 11,
	CLI_SINCE = 1 << 12,
	CLI_UNTIL = 1 << 13,
	CLI_VM = 1 << 14,
	CLI_EVENT = 1 << 15,
	CLI_VERDICT = 1 << 17,
	CLI_BY = 1 << 18,
	CLI_LOG = CLI_SINCE | CLI_UNTIL | CLI_USER | CLI_VM,
};

#endif
