/* From a service's BEGIN to the verdict on the OTP. */
#include "daemon/pam_service.h"

#include "daemon/otp_check.h"
#include "daemon/pam_requests.h"
#include "daemon/people.h"
#include "daemon/prompts.h"

#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

struct service {
	struct caller *caller; /* while an answer is on its way: NULL when it has gone */
	struct login login;
	uid_t uid;
};

/* Whoever asks has his own places: in su it is not the one who is asked for. */
static int
open_prompt(struct service *service, struct caller *caller)
{
	const struct login *login = &service->login;
	const struct prompt_owner owner = {
	    .user = login->ruser[0] != '\0' ? login->ruser : login->user,
	    .by = login->service,
	    .source = login->rhost};

	return prompts_open(caller->gw->prompts, caller, &owner,
	    gateway_settings(caller->gw)->max_prompts, pam_evict);
}

static void
on_user(void *arg, struct people_user *user)
{
	struct service *service = arg;
	struct caller *caller = service->caller;
	struct objection o;

	if (caller == NULL) {
		free(service);
		return;
	}
	door_hold(caller, NULL);
	service->caller = NULL;
	service->uid = user->uid;
	o = pam_object_login(caller->gw, &service->login, user);
	if (o.reason == NULL && open_prompt(service, caller) < 0)
		o = (struct objection){PROTO_REFUSED_UNAVAILABLE, "no memory", ""};
	if (o.reason != NULL) {
		pam_refuse(caller, &service->login, NULL, o.refusal, o.reason, o.words);
		free(service);
		return;
	}
	caller->service = service;
	pam_prompt_user(caller, service->login.user);
}

void
service_begin(struct caller *caller, struct login *login)
{
	const char *disorder = gateway_disorder(caller->gw);
	struct service *service;

	if (disorder != NULL) {
		pam_refuse(
		    caller, login, NULL, PROTO_REFUSED_UNAVAILABLE, disorder, pam_cannot_check);
		return;
	}
	service = calloc(1, sizeof(*service));
	if (service != NULL)
		service->login = *login;
	if (service == NULL || people_ask_user(caller->gw, login->user, on_user, service) < 0) {
		free(service);
		pam_refuse(caller, login, NULL, PROTO_REFUSED_UNAVAILABLE,
		    "the user cannot be looked up: the names helper is down",
		    pam_cannot_look_up);
		return;
	}
	service->caller = caller;
	door_hold(caller, &service->caller);
}

static bool
waits(const void *arg)
{
	return ((const struct service *)arg)->caller != NULL;
}

static void
done(void *arg, const struct otp_outcome *outcome)
{
	struct service *service = arg;
	struct caller *caller = service->caller;

	free(service);
	if (caller == NULL)
		return;
	door_hold(caller, NULL);
	if (outcome->verdict == VERDICT_ALLOW)
		pam_grant(caller);
	else
		pam_refuse_otp(caller, outcome);
}

void
service_otp(struct caller *caller, struct wire_in *in)
{
	struct service *service = caller->service;
	const struct otp_subject subject = {.user = service->login.user,
	    .source = service->login.rhost,
	    .service = service->login.service,
	    .tty = service->login.tty,
	    .ruser = service->login.ruser,
	    .uid = service->uid};
	const struct otp_asker asker = {.waits = waits, .done = done, .arg = service};

	caller->service = NULL;
	if (pam_check_otp(caller, &subject, in, &asker)) {
		service->caller = caller;
		door_hold(caller, &service->caller);
	} else {
		free(service);
	}
}

void
service_unconcerned(struct caller *caller, struct login *login)
{
	(void)login;
	pam_unconcerned(caller);
}

void
service_gone(struct caller *caller)
{
	free(caller->service);
	caller->service = NULL;
}
