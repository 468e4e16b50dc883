/* PAM's five entries. Asks the daemon, ferries the answer, obeys: no decision is
 * made here but who is gated. Runs inside sshd as root: libc and libpam only, no
 * global state, prints nothing, never exits. */
#include "lib/io.h"
#include "lib/secret.h"
#include "pam_module/ask.h"
#include "pam_module/gated.h"
#include "pam_module/options.h"
#include "pam_module/split.h"

#define PAM_SM_AUTH
#define PAM_SM_ACCOUNT
#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* sshd hides how long an authentication took by waiting up to as long again before
 * it tells of a failure. A refusal that is to come within 10 s, whatever hangs, must
 * be ours within 5: with GATED_MS, in which it is found out who is gated, for the
 * first. Of that the daemon has FIRST_MS, which it takes when it is down or hangs. */
#define FIRST_MS   300
#define ASK_MS     2900
#define ASK_OTP_MS 4800

#define DATA_GATED "sallyport_gated"
#define DATA_OPEN  "sallyport_open"

/* Whether this handle's user is gated, so that it is asked once. */
struct remembered {
	enum gated gated;
	char user[PROTO_NAME_MAX + 1];
};

static void
forget(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

static void
remember(pam_handle_t *pamh, const char *user, enum gated gated)
{
	struct remembered *r;

	if (strlen(user) > PROTO_NAME_MAX || (r = calloc(1, sizeof(*r))) == NULL)
		return;
	r->gated = gated;
	memcpy(r->user, user, strlen(user));
	if (pam_set_data(pamh, DATA_GATED, r, forget) != PAM_SUCCESS)
		free(r);
}

static enum gated
recall(pam_handle_t *pamh, const char *user)
{
	const void *data = NULL;
	const struct remembered *r;

	if (pam_get_data(pamh, DATA_GATED, &data) != PAM_SUCCESS || data == NULL)
		return GATED_UNKNOWN;
	r = data;
	return strcmp(r->user, user) == 0 ? r->gated : GATED_UNKNOWN;
}

/* By our own look-up, which began at began_ms. */
static enum gated
is_gated(pam_handle_t *pamh, const struct options *options, const char *user, int64_t began_ms)
{
	int64_t left_ms = began_ms + GATED_MS - io_now_ms();
	enum gated gated = recall(pamh, user);

	if (gated != GATED_UNKNOWN)
		return gated;
	if (options->unknown != NULL)
		pam_syslog(
		    pamh, LOG_ERR, "unknown option in the PAM file: %s", options->unknown);
	if (options->group == NULL)
		pam_syslog(
		    pamh, LOG_ERR, "group= is missing in the PAM file: all but root are gated");
	gated = gated_ask(options, user, left_ms > 0 ? (int)left_ms : 0);
	if (gated == GATED_UNKNOWN)
		pam_syslog(pamh, LOG_ERR,
		    "cannot tell whether %s is in group %s: counts as gated", user,
		    options->group != NULL ? options->group : "(none)");
	remember(pamh, user, gated);
	return gated;
}

static const char *
item(pam_handle_t *pamh, int which)
{
	const void *value = NULL;

	return pam_get_item(pamh, which, &value) == PAM_SUCCESS ? value : NULL;
}

/* PAM_SUCCESS, or PAM_USER_UNKNOWN. */
static int
fill(pam_handle_t *pamh, const struct options *options, struct ask_login *login)
{
	const char *user = NULL;

	if (pam_get_user(pamh, &user, NULL) != PAM_SUCCESS || user == NULL || *user == '\0')
		return PAM_USER_UNKNOWN;
	*login = (struct ask_login){
	    .group = options->group,
	    .service = item(pamh, PAM_SERVICE),
	    .user = user,
	    .rhost = item(pamh, PAM_RHOST),
	    .tty = item(pamh, PAM_TTY),
	    .ruser = item(pamh, PAM_RUSER),
	    .auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0"),
	};
	return PAM_SUCCESS;
}

/* Fills login; PAM_SUCCESS, or PAM_IGNORE for who is not gated, or an error. */
static int
prepare(pam_handle_t *pamh, const struct options *options, struct ask_login *login)
{
	int code = fill(pamh, options, login);

	if (code == PAM_SUCCESS &&
	    is_gated(pamh, options, login->user, io_now_ms()) == GATED_NO)
		code = PAM_IGNORE;
	return code;
}

static int
pam_code(const struct ask_answer *answer)
{
	if (answer->type == PROTO_PAM_GRANTED)
		return PAM_SUCCESS;
	if (answer->type != PROTO_PAM_REFUSED)
		return PAM_AUTHINFO_UNAVAIL;
	switch ((enum proto_refusal)answer->refusal) {
	case PROTO_REFUSED_OTP:
		return PAM_AUTH_ERR;
	case PROTO_REFUSED_UNAVAILABLE:
		return PAM_AUTHINFO_UNAVAIL;
	case PROTO_REFUSED_NO_KEY:
		return PAM_USER_UNKNOWN;
	case PROTO_REFUSED_POLICY:
	default:
		return PAM_PERM_DENIED;
	}
}

/* Tells the user and the log, and returns PAM's code. */
static int
conclude(pam_handle_t *pamh, const char *user, const struct ask_answer *answer)
{
	int code = pam_code(answer);

	if (answer->error != 0)
		pam_syslog(pamh, LOG_CRIT, "no answer from sallyportd for %s: %s", user,
		    strerror(-answer->error));
	if (code != PAM_SUCCESS && answer->text[0] != '\0')
		pam_error(pamh, "%s", answer->text);
	return code;
}

/* What was typed, at our prompt or at that of a module before us; the caller wipes and
 * frees it. */
static char *
typed_by(pam_handle_t *pamh, const struct options *options, const struct ask_answer *prompt,
    const char *user)
{
	const char *earlier = options->otp_in_password ? item(pamh, PAM_AUTHTOK) : NULL;
	char *typed = NULL;
	int code;

	if (earlier != NULL)
		return strdup(earlier);
	if (options->otp_in_password)
		code = pam_prompt(
		    pamh, PAM_PROMPT_ECHO_OFF, &typed, "Password and YubiKey for %s: ", user);
	else
		code = pam_prompt(pamh, PAM_PROMPT_ECHO_OFF, &typed, "%s", prompt->text);
	return code == PAM_SUCCESS ? typed : NULL;
}

/* Takes the OTP out of "password followed by OTP" and leaves the password to the
 * modules behind us. It goes nowhere else. */
static int
cut_otp(pam_handle_t *pamh, char *typed, const struct split_ids *ids, char otp[PROTO_OTP_MAX],
    size_t *len)
{
	struct split split = split_text(typed, strlen(typed), ids);

	*len = split.otp_len;
	memcpy(otp, typed + split.otp_at, split.otp_len);
	secret_wipe(typed + split.otp_at, split.otp_len);
	typed[split.password_len] = '\0';
	return pam_set_item(pamh, PAM_AUTHTOK, typed);
}

/* Asks on the terminal and ferries what was typed. */
static int
ask_user(pam_handle_t *pamh, const struct options *options, int fd, const char *user,
    const struct ask_answer *prompt)
{
	char *typed = typed_by(pamh, options, prompt, user), otp[PROTO_OTP_MAX];
	size_t typed_len = typed != NULL ? strlen(typed) : 0, len = typed_len;
	struct ask_answer answer;
	int code = typed != NULL ? PAM_SUCCESS : PAM_CONV_ERR;

	if (code == PAM_SUCCESS && options->otp_in_password) {
		code = cut_otp(pamh, typed, &prompt->ids, otp, &len);
	} else if (code == PAM_SUCCESS) {
		/* Longer than any OTP is refused by the daemon like any other garbled
		 * OTP, and the rest goes nowhere. */
		len = len > sizeof(otp) ? sizeof(otp) : len;
		memcpy(otp, typed, len);
	}
	if (code == PAM_SUCCESS) {
		ask_otp(fd, otp, len, ASK_OTP_MS, &answer);
		code = conclude(pamh, user, &answer);
	}
	secret_wipe(otp, sizeof(otp));
	if (typed != NULL)
		secret_wipe(typed, typed_len);
	free(typed);
	return code;
}

/* The daemon's BEGIN, for one who is gated as the daemon knows as well: then it takes
 * no look-up of ours. Nothing it says here makes anybody ungated. False: it is ours to
 * find out. */
static bool
begin_gated(pam_handle_t *pamh, const struct options *options, const struct ask_login *login,
    int *fd, struct ask_answer *answer)
{
	if (options->group == NULL || options->unknown != NULL ||
	    recall(pamh, login->user) != GATED_UNKNOWN)
		return false;
	ask_with_login(fd, options->socket, PROTO_PAM_BEGIN_GATED, login, FIRST_MS, answer);
	if (answer->type == PROTO_PAM_PROMPT ||
	    (answer->type == PROTO_PAM_REFUSED &&
		answer->refusal != PROTO_REFUSED_UNAVAILABLE)) {
		remember(pamh, login->user, GATED_YES);
		return true;
	}
	io_close(fd);
	return false;
}

/* PAM_SUCCESS and the daemon's answer; PAM_IGNORE for who is not gated, or an error. */
static int
begin(pam_handle_t *pamh, const struct options *options, struct ask_login *login, int *fd,
    struct ask_answer *answer)
{
	int64_t began_ms = io_now_ms();
	int code = fill(pamh, options, login);

	if (code != PAM_SUCCESS || begin_gated(pamh, options, login, fd, answer))
		return code;
	if (is_gated(pamh, options, login->user, began_ms) == GATED_NO)
		return PAM_IGNORE;
	ask_with_login(fd, options->socket, PROTO_PAM_BEGIN, login, ASK_MS, answer);
	return PAM_SUCCESS;
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct ask_answer answer;
	struct options options;
	struct ask_login login;
	int code, fd = -1;

	(void)flags;
	options_parse(&options, argc, argv);
	code = begin(pamh, &options, &login, &fd, &answer);
	if (code != PAM_SUCCESS)
		return code;
	if (answer.type == PROTO_PAM_PROMPT)
		code = ask_user(pamh, &options, fd, login.user, &answer);
	else if (answer.type == PROTO_PAM_REFUSED)
		code = conclude(pamh, login.user, &answer);
	else
		code =
		    PAM_AUTHINFO_UNAVAIL; /* granted without an OTP: there is no such thing */
	io_close(&fd);
	return code;
}

/* Credentials are not ours to set. For the gated success and not PAM_IGNORE, because
 * a stack in which all modules ignore setcred fails the whole login; for the others
 * PAM_IGNORE, so that the modules behind us set theirs. */
int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options options;
	struct ask_login login;

	(void)flags;
	options_parse(&options, argc, argv);
	return prepare(pamh, &options, &login) == PAM_IGNORE ? PAM_IGNORE : PAM_SUCCESS;
}

/* One question with LOGIN fields that is granted or refused. */
static int
ask_once(pam_handle_t *pamh, uint8_t type, int argc, const char **argv)
{
	struct ask_answer answer;
	struct options options;
	struct ask_login login;
	int code, fd = -1;

	options_parse(&options, argc, argv);
	code = prepare(pamh, &options, &login);
	if (code != PAM_SUCCESS)
		return code;
	ask_with_login(&fd, options.socket, type, &login, ASK_MS, &answer);
	io_close(&fd);
	/* Outside SSH the OTP is all, and these types are others' matter. */
	if (answer.type == PROTO_PAM_UNCONCERNED)
		return PAM_IGNORE;
	return conclude(pamh, login.user, &answer);
}

int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return ask_once(pamh, PROTO_PAM_ACCOUNT, argc, argv);
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int code = ask_once(pamh, PROTO_PAM_OPEN, argc, argv);

	(void)flags;
	if (code == PAM_IGNORE)
		return code;
	if (code != PAM_SUCCESS)
		return PAM_SESSION_ERR;
	(void)pam_set_data(pamh, DATA_OPEN, (void *)(uintptr_t)DATA_OPEN, NULL);
	return PAM_SUCCESS;
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *data = NULL;

	(void)flags;
	/* The daemon also sees M die; this only tells it sooner, so no error counts. */
	if (pam_get_data(pamh, DATA_OPEN, &data) != PAM_SUCCESS || data == NULL)
		return PAM_IGNORE;
	(void)ask_once(pamh, PROTO_PAM_CLOSE, argc, argv);
	return PAM_SUCCESS;
}
