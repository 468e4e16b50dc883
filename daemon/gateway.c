/* Questions about the supervisor's state as a whole. */
#include "daemon/gateway.h"

#include "daemon/audit.h"

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
	if (!gw->verify_told || !gw->recorder_told)
		return "the key store or the recorder has not started yet";
	if (gw->store_is_old)
		return "the audit log knows of OTPs that the key store does not: was a backup "
		       "of the store put back?";
	if (gw->log_is_cut)
		return "the key store knows of records that the audit log does not: was the "
		       "log cut or put back?";
	return NULL;
}

bool
gateway_is_backend_uid(const struct gateway *gw, uid_t uid)
{
	for (size_t i = 0; i < gw->backend_uid_count; i++)
		if (gw->backend_uids[i] == uid)
			return true;
	return false;
}
