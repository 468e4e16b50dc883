/* Users and groups, asked of the names helper: the supervisor itself never calls
 * NSS. */
#ifndef SALLYPORT_DAEMON_PEOPLE_H
#define SALLYPORT_DAEMON_PEOPLE_H

#include "daemon/conn.h"
#include "daemon/gateway.h"

struct people_user {
	enum proto_name status; /* PROTO_NAME_FAILED: nothing below counts */
	uid_t uid;
	gid_t gid;
	bool is_only_name;	   /* no other name has this uid */
	char name[PROTO_NAME_MAX + 1];
	char home[PROTO_PATH_MAX + 1], shell[PROTO_PATH_MAX + 1]; /* as passwd has them */
	struct conn_groups groups; /* of the policy's groups; the receiver's to free */
};

/* fn is called later, once, unless -errno is returned. */
int people_ask_user(struct gateway *gw, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg);

/* The user who has uid, likewise. */
int people_ask_uid(struct gateway *gw, uid_t uid,
    void (*fn)(void *arg, struct people_user *user), void *arg);

/* The first, with the groups of a policy that is not in force yet. */
int people_ask_user_of(struct gateway *gw, const struct policy *policy, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg);

/* The gid of a group, likewise; (gid_t)-1 unless the status is PROTO_NAME_FOUND. */
int people_ask_group(struct gateway *gw, const char *group,
    void (*fn)(void *arg, enum proto_name status, gid_t gid), void *arg);

#endif
