/* Denials are written up to so many a second for each uid, the others as a sum. */
#include "daemon/audit_state.h"

#include "lib/io.h"

#define DENIALS_PER_S 10
#define PROBES        8 /* places where one who is looked for may be */

#define NAMES (UINT64_C(1) << 32) /* above every uid */

static void
write_held(struct audit *audit, struct tally *t)
{
	if (t->held == 0)
		return;
	audit_begin(audit, "deny");
	if (t->who < (uid_t)-1)
		audit_number(audit, AUDIT_UID, t->who);
	audit_text(audit, AUDIT_VERDICT, "deny");
	audit_text(audit, AUDIT_REASON, "more of the same user's denials, summed");
	audit_number(audit, AUDIT_COUNT, t->held);
	audit_end_plain(audit);
	t->held = 0;
}

uint64_t
audit_name_key(const char *name)
{
	uint64_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = (hash * 33 + (unsigned char)*name) & UINT32_MAX;
	return NAMES | hash;
}

/* The tally of who: his own, else one that nobody has used in this second. NULL when
 * all his places are taken: then he is only counted, with the others like him. */
static struct tally *
find_tally(struct audit *audit, uint64_t who, int64_t second)
{
	struct tally *idle = NULL;

	for (size_t i = 0; i < PROBES; i++) {
		struct tally *t = &audit->tallies[(who + i) % AUDIT_TALLIES];
		if (t->is_used && t->who == who)
			return t;
		if (idle == NULL && (!t->is_used || t->second != second))
			idle = t;
	}
	if (idle != NULL) {
		write_held(audit, idle);
		*idle = (struct tally){.is_used = true, .who = who, .second = second};
	}
	return idle;
}

bool
audit_may_deny(struct audit *audit, uint64_t who, uint64_t *count)
{
	int64_t second = io_now_ms() / 1000;
	struct tally *t = find_tally(audit, who, second);

	if (t == NULL) {
		audit->rest.who = NAMES;
		audit->rest.second = second;
		audit->rest.held++;
		return false;
	}
	if (t->second != second) {
		t->second = second;
		t->written = 0;
	}
	if (t->written >= DENIALS_PER_S) {
		t->held++;
		return false;
	}
	t->written++;
	*count = t->held + 1;
	t->held = 0;
	return true;
}

void
audit_sum(struct audit *audit, int64_t before)
{
	for (size_t i = 0; i < AUDIT_TALLIES; i++)
		if (audit->tallies[i].held > 0 && audit->tallies[i].second < before)
			write_held(audit, &audit->tallies[i]);
	if (audit->rest.held > 0 && audit->rest.second < before)
		write_held(audit, &audit->rest);
}
