/* sftp-server logs what it is asked before it does it, and then only what failed. */
#include "shell/claims.h"

#include <stdio.h>
#include <string.h>

enum kind {
	FOREIGN = 0,
	NOISE,
	ASKED,  /* looks at something */
	CHANGE, /* changes something */
	DONE,   /* says what was done */
	STATUS, /* the one before failed */
};

static enum kind
kind_of(const char *line)
{
	static const struct {
		const char *begin;
		enum kind kind;
	} kinds[] = {
	    {"close \"", DONE},
	    {"sent status ", STATUS},
	    {"open \"", ASKED},
	    {"opendir \"", ASKED},
	    {"stat name \"", ASKED},
	    {"lstat name \"", ASKED},
	    {"readlink \"", ASKED},
	    {"statvfs \"", ASKED},
	    {"expand \"", NOISE},
	    {"realpath \"", NOISE},
	    {"closedir \"", NOISE},
	    {"session opened ", NOISE},
	    {"session closed ", NOISE},
	    {"received client version ", NOISE},
	    {"users-groups-by-id: ", NOISE},
	    {"read eof", NOISE},
	    {"remove name \"", CHANGE},
	    {"mkdir name \"", CHANGE},
	    {"rmdir name \"", CHANGE},
	    {"rename old \"", CHANGE},
	    {"posix-rename old \"", CHANGE},
	    {"symlink old \"", CHANGE},
	    {"hardlink old \"", CHANGE},
	    {"set \"", CHANGE},
	    {"lsetstat", CHANGE},
	    {"copy-data", CHANGE},
	    {"Refus", DONE},
	    {"forced close \"", DONE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(line, kinds[i].begin, strlen(kinds[i].begin)) == 0)
			return kinds[i].kind;
	return FOREIGN;
}

void
claims_settle(struct claims *claims)
{
	if (claims->asked[0] != '\0' && claims->is_change)
		claims->tell(claims->arg, claims->asked, false);
	claims->asked[0] = '\0';
}

static void
hold(struct claims *claims, bool is_change)
{
	claims_settle(claims);
	memcpy(claims->asked, claims->line, claims->len + 1);
	claims->is_change = is_change;
}

/* "refused (Permission denied): open …" */
static void
tell_failure(struct claims *claims)
{
	const char *status = claims->line + strlen("sent status ");
	char line[CLAIMS_LINE_MAX];
	int room = CLAIMS_LINE_MAX - 1;

	if (claims->asked[0] == '\0')
		return;
	room -= snprintf(line, sizeof(line), "refused (%.64s): ", status);
	snprintf(
	    line + (CLAIMS_LINE_MAX - 1 - room), (size_t)room + 1, "%.*s", room, claims->asked);
	claims->asked[0] = '\0';
	claims->tell(claims->arg, line, true);
}

static void
pass(struct claims *claims)
{
	claims->line[claims->len++] = '\n';
	claims->pass(claims->arg, claims->line, claims->len);
}

/* Without its newline, and whole but for is_cut. */
static void
take_line(struct claims *claims)
{
	bool is_log =
	    claims->is_cut || (claims->len > 0 && claims->line[claims->len - 1] == '\r');

	claims->line[claims->len] = '\0';
	if (!is_log || kind_of(claims->line) == FOREIGN) {
		pass(claims);
		return;
	}
	claims->line[strcspn(claims->line, "\r")] = '\0';
	claims->len = strlen(claims->line);
	switch (kind_of(claims->line)) {
	case ASKED:
	case CHANGE:
		hold(claims, kind_of(claims->line) == CHANGE);
		break;
	case DONE:
		claims_settle(claims);
		claims->tell(claims->arg, claims->line, claims->line[0] == 'R');
		break;
	case STATUS:
		tell_failure(claims);
		break;
	case NOISE:
	case FOREIGN:
	default:
		break;
	}
}

void
claims_read(struct claims *claims, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n') {
			take_line(claims);
			claims->len = 0;
			claims->is_cut = false;
		} else if (claims->len + 2 < sizeof(claims->line)) { /* '\n' or '\r', NUL */
			claims->line[claims->len++] = bytes[i];
		} else {
			claims->is_cut = true;
		}
	}
}
