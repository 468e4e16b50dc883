/* An OTP that the admin tries out: the same way as at a login, but nobody gets in. */
#include "daemon/admin_requests.h"
#include "daemon/otp_check.h"
#include "daemon/row.h"
#include "lib/proto.h"
#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

#define EX_USAGE 64
#define EX_TEMP  75

struct test {
	struct caller *caller; /* NULL when it has gone */
};

static bool
waits(const void *arg)
{
	return ((const struct test *)arg)->caller != NULL;
}

static const char *
name_of(uint8_t found)
{
	static const char *const names[] = {[PROTO_OTP_FAILED] = "failed",
	    [PROTO_OTP_OK] = "good",
	    [PROTO_OTP_GARBLED] = "garbled",
	    [PROTO_OTP_REPLAYED] = "replayed",
	    [PROTO_OTP_UNKNOWN] = "unknown",
	    [PROTO_OTP_DISABLED] = "disabled",
	    [PROTO_OTP_FOREIGN] = "foreign",
	    [PROTO_OTP_CODE] = "code",
	    [PROTO_OTP_CODE_WRONG] = "code wrong",
	    [PROTO_OTP_CODE_SPENT] = "code spent",
	    [PROTO_OTP_CODES_OFF] = "codes void"};

	return found < sizeof(names) / sizeof(names[0]) ? names[found] : "failed";
}

static void
done(void *arg, const struct otp_outcome *outcome)
{
	struct test *test = arg;
	struct caller *caller = test->caller;
	bool is_good = outcome->verdict == VERDICT_ALLOW;
	struct row row;

	free(test);
	if (caller == NULL)
		return;
	door_hold(caller, NULL);
	row_begin(&row, caller);
	row_text(&row, "result", name_of(outcome->found));
	row_text(&row, "key", outcome->public_id);
	row_format(&row, "counter", "%u/%u", outcome->counter >> 8, outcome->counter & 0xff);
	row_text(&row, "text", is_good ? "accepted" : outcome->reason);
	if (row_send(&row))
		row_end(caller, is_good ? 0 : 1, "");
}

void
admin_keys_test(struct caller *caller, struct wire_in *in)
{
	char user[PROTO_NAME_MAX + 1], key[PROTO_PUBLIC_ID_MAX + 1], otp[PROTO_OTP_MAX + 1];
	struct otp_subject subject = {
	    .user = user, .service = "key test", .candidate = key, .uid = (uid_t)-1};
	struct test *test = calloc(1, sizeof(*test));
	const struct otp_asker asker = {.waits = waits, .done = done, .arg = test};
	bool is_asked = false;

	wire_get_str(in, user, sizeof(user));
	wire_get_str(in, key, sizeof(key));
	wire_get_str(in, otp, sizeof(otp));
	if (wire_end(in) < 0) {
		free(test);
		row_end(caller, EX_USAGE, "too long for an OTP");
		goto out;
	}
	if (test != NULL) {
		test->caller = caller;
		is_asked = otp_check(caller->gw, &subject, otp, &asker) == 0;
	}
	if (is_asked) {
		door_hold(caller, &test->caller);
	} else {
		free(test);
		row_end(caller, EX_TEMP, "OTPs cannot be verified now (sallyport status)");
	}
out:
	secret_wipe(otp, sizeof(otp));
}
