/* The supervisor's state, and what its parts know of each other; one per process. */
#ifndef SALLYPORT_DAEMON_GATEWAY_H
#define SALLYPORT_DAEMON_GATEWAY_H

#include "daemon/servant.h"
#include "daemon/worn.h"
#include "loop/loop.h"
#include "policy/policy.h"
#include "policy/settings.h"

#include <stdbool.h>
#include <time.h>

struct gateway {
	struct loop *loop;
	const char *conf_path;
	time_t started, loaded; /* loaded: the policy */
	struct policy *policy; /* never NULL once running */
	uint32_t generation;   /* +1 at each reload */
	uid_t *backend_uids; /* backend_uid's, in its order; (uid_t)-1: may not listen */
	size_t backend_uid_count;
	gid_t gated_gid;     /* of the gated group; (gid_t)-1 until known */
	struct servant *verify, *recorder, *relay, *names;
	int netlink; /* sockdiag */
	struct conns *conns; /* conns.h: the connections */
	struct channels *channels; /* channels.h: what passes */
	struct kept_channels *kept; /* kept_channels.h: for the daemon after us */
	struct channel_relay *channel_relay; /* channel_relay.h: what the relay is told */
	struct consoles *consoles; /* consoles.h: who has which seat */
	struct links *opens;       /* links.h: how often channels are opened */
	struct links *links;       /* links.h: how often links to consoles begin */
	struct links *claims;      /* links.h: how often file servers claim something */
	struct counts *counts;     /* counts.h: bytes that have passed */
	struct endings *endings; /* ending.h: connections being ended */
	struct locks *locks; /* locks.h: users kept out */
	struct sessions *sessions; /* sessions.h: what sallyport-shell runs */
	struct endpoints *endpoints; /* endpoint.h: where it comes in */
	struct doors *doors; /* door.h: pam.sock, admin.sock, shell.sock */
	struct accord *accord; /* accord.h: do store and log agree? */
	struct audit *audit; /* audit.h: the record */
	struct rotation *rotation; /* rotation.h: the record's files */
	struct prompts *prompts; /* prompts.h: where an OTP is waited for */
	struct delay *delay; /* delay.h: refusals that are held back */
	struct codes *codes; /* codes.h: recovery codes used */
	struct worn worn;    /* worn.h: keys to be replaced */
	struct fdstore *fdstore; /* fdstore.h: listeners that outlive us */
	struct api *api;         /* api.h: the validation servers */
	struct virt *virt; /* virt.h: VMs that listen nowhere */
};

const struct settings *gateway_settings(const struct gateway *gw);
const char *gateway_disorder(const struct gateway *gw); /* NULL: OTPs can be checked */
bool gateway_is_backend_uid(const struct gateway *gw, uid_t uid);

#endif
