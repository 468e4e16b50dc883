/* One table of words and bits. */
#include "daemon/console_rights.h"

#include "policy/next.h"

#include <string.h>

static const struct row {
	enum console_kind kind;
	const char *word;
	uint32_t gives;
	const char *lost;
} rows[] = {
    {CONSOLE_SPICE, "spice:view", SPICE_MAY_SEE, "the right to the console has ended"},
    {CONSOLE_SPICE, "spice", SPICE_MAY_CONTROL, "the right to do more than look has ended"},
    {CONSOLE_SPICE, "mic", SPICE_MAY_MIC, "the right mic has ended"},
    {CONSOLE_SPICE, "usb", SPICE_MAY_USB, "the right usb has ended"},
    {CONSOLE_SPICE, "smartcard", SPICE_MAY_SMARTCARD, "the right smartcard has ended"},
    {CONSOLE_SPICE, "clipboard", SPICE_MAY_CLIPBOARD, "the right clipboard has ended"},
    {CONSOLE_SPICE, "share", SPICE_MAY_SHARE, "the right share has ended"},
    {CONSOLE_VNC, "vnc:view", SPICE_MAY_SEE, ""},
    {CONSOLE_VNC, "vnc", SPICE_MAY_CONTROL, ""},
    {CONSOLE_SERIAL, "serial", SPICE_MAY_SEE | SPICE_MAY_CONTROL, ""},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

enum console_kind
console_kind(const char *right)
{
	if (strcmp(right, "spice") == 0)
		return CONSOLE_SPICE;
	if (strcmp(right, "vnc") == 0)
		return CONSOLE_VNC;
	return strcmp(right, "serial") == 0 ? CONSOLE_SERIAL : CONSOLE_NONE;
}

/* Of seeing and using, the answer to the more that is granted is the one that counts;
 * where neither is, that which may be granted at another time. */
static void
keep_answer(struct console_rights *rights, const struct row *row, const struct answer *answer)
{
	bool is_first = rights->word == NULL;

	if ((row->gives & (SPICE_MAY_SEE | SPICE_MAY_CONTROL)) == 0)
		return;
	if (!is_first && answer->verdict != VERDICT_ALLOW &&
	    (rights->answer.verdict == VERDICT_ALLOW || answer->line[0] == '\0'))
		return;
	rights->word = row->word;
	rights->answer = *answer;
}

void
console_rights_find(const struct gateway *gw, const struct gate_by *by, const struct conn *conn,
    const char *vm, const char *right, uint32_t ask, struct console_rights *rights)
{
	enum console_kind kind = console_kind(right);
	struct answer answer;
	time_t change = 0;

	*rights = (struct console_rights){.answer = {.reason = "no such right on this VM"}};
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].kind != kind || (rows[i].gives & ask) == 0)
			continue;
		if (gate_decide_by(gw, by, conn, vm, rows[i].word, &answer) == VERDICT_ALLOW)
			rights->may |= rows[i].gives;
		change = next_sooner(change, answer.next_change);
		keep_answer(rights, &rows[i], &answer);
	}
	if (rights->word == NULL)
		rights->word = "";
	rights->answer.next_change = change;
	rights->may_take_over =
	    ask == CONSOLE_ALL && (rights->may & SPICE_MAY_CONTROL) != 0 &&
	    gate_decide_by(gw, by, conn, vm, "takeover", &answer) == VERDICT_ALLOW;
}

const char *
console_rights_lost(uint32_t bits)
{
	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].gives & bits) != 0)
			return rows[i].lost;
	return "a right has ended";
}
