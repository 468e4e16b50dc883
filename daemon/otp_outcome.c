/* The words: for the record, and for the user. */
#include "daemon/otp_outcome.h"

struct otp_outcome
otp_outcome_deny(enum proto_refusal refusal, const char *reason, const char *words)
{
	return (struct otp_outcome){
	    .verdict = VERDICT_DENY, .refusal = refusal, .reason = reason, .words = words};
}

struct otp_outcome
otp_outcome_of(uint8_t result)
{
	switch ((enum proto_otp)result) {
	case PROTO_OTP_GARBLED:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "not an OTP",
		    "That was not a one-time password of a YubiKey.");
	case PROTO_OTP_REPLAYED:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "replayed OTP",
		    "That one-time password is spent. Press the key again.");
	case PROTO_OTP_UNKNOWN:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "OTP of an unknown YubiKey",
		    "That YubiKey is not registered for you on this gateway.");
	case PROTO_OTP_FOREIGN:
		return otp_outcome_deny(PROTO_REFUSED_OTP,
		    "OTP of a YubiKey that is not this user's",
		    "That YubiKey is not registered for you on this gateway.");
	case PROTO_OTP_DISABLED:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "OTP of a disabled YubiKey",
		    "That YubiKey is not valid on this gateway any more.");
	case PROTO_OTP_CODE_WRONG:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "wrong recovery code",
		    "That recovery code is not valid.");
	case PROTO_OTP_CODE_SPENT:
		return otp_outcome_deny(PROTO_REFUSED_OTP, "spent recovery code",
		    "That recovery code was used before.");
	case PROTO_OTP_CODES_OFF:
		return otp_outcome_deny(PROTO_REFUSED_OTP,
		    "the user's recovery codes are void: too many wrong ones",
		    "Your recovery codes are not valid any more. Please use your YubiKey, or "
		    "tell the administrators.");
	case PROTO_OTP_OK: /* only ever allowed once on record */
	case PROTO_OTP_CODE:
	case PROTO_OTP_FAILED:
	default:
		return otp_outcome_deny(PROTO_REFUSED_UNAVAILABLE, "OTPs cannot be verified",
		    "One-time passwords cannot be checked on this gateway now: no access. "
		    "Please tell its administrators.");
	}
}

struct otp_outcome
otp_outcome_of_api(enum proto_api verdict)
{
	switch (verdict) {
	case PROTO_API_BAD:
		return otp_outcome_deny(PROTO_REFUSED_OTP,
		    "OTP refused by the validation servers",
		    "That one-time password was refused. Press the key again.");
	case PROTO_API_REPLAYED:
		return otp_outcome_of(PROTO_OTP_REPLAYED);
	case PROTO_API_OK: /* verify has the last word on it */
	case PROTO_API_NONE:
	default:
		return otp_outcome_deny(PROTO_REFUSED_UNAVAILABLE,
		    "no validation server gave a valid answer in time",
		    "The servers that check your YubiKey did not answer: no access. Please try "
		    "again later, with a new one-time password.");
	}
}

struct otp_outcome
otp_outcome_failed(void)
{
	return otp_outcome_of(PROTO_OTP_FAILED);
}

struct otp_outcome
otp_outcome_late(void)
{
	return otp_outcome_deny(
	    PROTO_REFUSED_UNAVAILABLE, "the login ended before the answer came", "");
}
