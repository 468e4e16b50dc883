/* The supervisor's own state, and what its parts know of each other. One per
 * process; everything runs on one loop. */
#ifndef SALLYPORT_DAEMON_GATEWAY_H
#define SALLYPORT_DAEMON_GATEWAY_H

#include "daemon/servant.h"
#include "loop/loop.h"
#include "policy/policy.h"
#include "policy/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct conns;     /* conns.h: the connections */
struct channels;  /* channel.h: what passes */
struct endpoints; /* endpoint.h: where it comes in */
struct doors;     /* door.h: pam.sock and admin.sock */
struct audit;     /* audit.h: the record */
struct prompts;   /* prompts.h: where an OTP is waited for */
struct delay;     /* delay.h: whose refusals are held back */
struct fdstore;   /* fdstore.h: listeners that outlive us */
struct rotation;  /* rotation.h: the record's files */

struct gateway {
	struct loop *loop;
	const char *conf_path;
	time_t started, loaded; /* loaded: the policy */
	struct policy *policy; /* never NULL once running */
	uint32_t generation;   /* +1 at each reload */
	uid_t *backend_uids; /* backend_uid, resolved; who is missing here may not listen */
	size_t backend_uid_count;
	gid_t gated_gid; /* of the gated group; (gid_t)-1 until known */
	struct servant *verify, *recorder, *relay, *names;
	/* Store and log must have seen each other's last: else a backup of one of them
	 * was put back, and every OTP is refused. */
	bool verify_told, recorder_told;
	bool is_compared, log_is_cut, store_is_old; /* each, once set, until the daemon ends */
	uint64_t store_seq;	  /* verify's last */
	uint64_t store_audit_seq; /* the highest record that verify had been told of at its start */
	uint64_t log_seq;	  /* the recorder's last at its start */
	uint64_t log_store_seq;	  /* the highest store_seq on record at the recorder's start */
	int netlink; /* sockdiag */
	struct conns *conns;
	struct channels *channels;
	struct endpoints *endpoints;
	struct doors *doors;
	struct audit *audit;
	struct rotation *rotation;
	struct prompts *prompts;
	struct delay *delay;
	struct fdstore *fdstore;
};

const struct settings *gateway_settings(const struct gateway *gw);
/* NULL when store and log agree, else the words for the admin. */
const char *gateway_disorder(const struct gateway *gw);
bool gateway_is_backend_uid(const struct gateway *gw, uid_t uid);

#endif
