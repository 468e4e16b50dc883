/* Questions about the supervisor's state as a whole. */
#include "daemon/gateway.h"

#include "daemon/accord.h"

const struct settings *
gateway_settings(const struct gateway *gw)
{
	return policy_settings(gw->policy);
}

const char *
gateway_disorder(const struct gateway *gw)
{
	if (!servant_is_up(gw->recorder))
		return "the recorder is down";
	if (!servant_is_up(gw->verify))
		return "the key store is down";
	return accord_words(gw->accord);
}

bool
gateway_is_backend_uid(const struct gateway *gw, uid_t uid)
{
	if (uid == (uid_t)-1) /* the kernel's word for none, and ours for not known */
		return false;
	for (size_t i = 0; i < gw->backend_uid_count; i++)
		if (gw->backend_uids[i] == uid)
			return true;
	return false;
}
