/* The module's questions to the daemon. Whatever goes wrong on the way is a
 * refusal with PROTO_REFUSED_UNAVAILABLE and words for the user. */
#ifndef SALLYPORT_PAM_ASK_H
#define SALLYPORT_PAM_ASK_H

#include "lib/proto.h"
#include "pam_module/split.h"

#include <stddef.h>

struct ask_login {
	const char *service, *user, *rhost, *tty, *ruser; /* NULL is "" */
	const char *group; /* with PROTO_PAM_BEGIN_GATED; else NULL */
	const char *auth_info; /* SSH_AUTH_INFO_0: lines "method data"; NULL is none */
};

struct ask_answer {
	uint8_t type; /* PROTO_PAM_PROMPT, _GRANTED, _REFUSED or _UNCONCERNED */
	uint8_t refusal; /* enum proto_refusal */
	char text[PROTO_TEXT_MAX + 1];
	struct split_ids ids; /* with a PROMPT: those of the user's keys */
	int error; /* 0, or what went wrong on the way (-errno), for the log */
};

/* Connects to socket and asks; *fd stays open for ask_otp (the caller closes it,
 * also on error). type is a PROTO_PAM_* request with LOGIN fields. At most
 * timeout_ms. */
void ask_with_login(int *fd, const char *socket, uint8_t type, const struct ask_login *login,
    int timeout_ms, struct ask_answer *answer);

/* len bytes of what the user typed, at most PROTO_OTP_MAX. */
void ask_otp(int fd, const char *otp, size_t len, int timeout_ms, struct ask_answer *answer);

#endif
