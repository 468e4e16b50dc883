/* Questions to the names helper. */
#include "daemon/people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct user_question {
	struct conn_groups asked; /* a reload may change the policy's list meanwhile */
	void (*fn)(void *arg, struct people_user *user);
	void *arg;
};

struct group_question {
	void (*fn)(void *arg, enum proto_name status, gid_t gid);
	void *arg;
};

/* Moves the groups that the user is in from asked to groups. */
static void
unpack_groups(struct wire_in *in, struct conn_groups *asked, struct conn_groups *groups)
{
	uint16_t n = wire_get_u16(in);

	groups->names = calloc(asked->count + 1, sizeof(char *));
	if (n != asked->count || groups->names == NULL) {
		in->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (wire_get_u8(in) == 1) {
			groups->names[groups->count++] = asked->names[i];
			asked->names[i] = NULL;
		}
	}
}

static void
on_user(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct user_question *q = arg;
	struct people_user user = {.status = PROTO_NAME_FAILED};

	if (error == 0 && type == PROTO_NAMED_USER) {
		user.status = (enum proto_name)wire_get_u8(in);
		user.uid = wire_get_u32(in);
		user.gid = wire_get_u32(in);
		user.is_only_name = wire_get_u8(in) == 1;
		if (user.status == PROTO_NAME_FOUND)
			unpack_groups(in, &q->asked, &user.groups);
		else if (wire_get_u16(in) != 0)
			in->failed = true;
		wire_get_str(in, user.name, sizeof(user.name));
		wire_get_str(in, user.home, sizeof(user.home));
		wire_get_str(in, user.shell, sizeof(user.shell));
		if (wire_end(in) < 0)
			user.status = PROTO_NAME_FAILED;
	}
	q->fn(q->arg, &user);
	conn_groups_free(&user.groups);
	conn_groups_free(&q->asked);
	free(q);
}

static struct user_question *
user_question(const struct policy *policy)
{
	struct user_question *q = calloc(1, sizeof(*q));
	size_t n = policy_group_count(policy);

	if (q == NULL)
		return NULL;
	/* The policy's groups, and the gated one. */
	q->asked.names = calloc(n + 2, sizeof(char *));
	for (size_t i = 0; q->asked.names != NULL && i < n + 1; i++) {
		q->asked.names[i] =
		    strdup(i < n ? policy_group(policy, i) : policy_settings(policy)->gated);
		if (q->asked.names[i] == NULL)
			break;
		q->asked.count++;
	}
	if (q->asked.names != NULL && q->asked.count == n + 1)
		return q;
	conn_groups_free(&q->asked);
	free(q);
	return NULL;
}

/* Sends the question that out holds but for the groups. */
static int
ask_groups(struct gateway *gw, struct wire_out *out, struct user_question *q)
{
	int err;

	wire_put_u16(out, (uint16_t)q->asked.count);
	for (size_t i = 0; i < q->asked.count; i++)
		wire_put_str(out, q->asked.names[i]);
	err =
	    servant_ask(gw->names, NULL, 0, gateway_settings(gw)->names_timeout_ms, on_user, q);
	if (err < 0) {
		conn_groups_free(&q->asked);
		free(q);
	}
	return err;
}

int
people_ask_user(struct gateway *gw, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg)
{
	return people_ask_user_of(gw, gw->policy, user, fn, arg);
}

int
people_ask_user_of(struct gateway *gw, const struct policy *policy, const char *user,
    void (*fn)(void *arg, struct people_user *user), void *arg)
{
	struct user_question *q = user_question(policy);
	struct wire_out *out;

	if (q == NULL)
		return -ENOMEM;
	q->fn = fn;
	q->arg = arg;
	out = servant_begin(gw->names, PROTO_NAMES_USER);
	wire_put_str(out, user);
	return ask_groups(gw, out, q);
}

int
people_ask_uid(
    struct gateway *gw, uid_t uid, void (*fn)(void *arg, struct people_user *user), void *arg)
{
	struct user_question *q = user_question(gw->policy);
	struct wire_out *out;

	if (q == NULL)
		return -ENOMEM;
	q->fn = fn;
	q->arg = arg;
	out = servant_begin(gw->names, PROTO_NAMES_UID);
	wire_put_u32(out, uid);
	return ask_groups(gw, out, q);
}

static void
on_group(void *arg, int error, uint8_t type, struct wire_in *in)
{
	struct group_question q = *(struct group_question *)arg;
	enum proto_name status = PROTO_NAME_FAILED;
	gid_t gid = (gid_t)-1;

	free(arg);
	if (error == 0 && type == PROTO_NAMED_GROUP) {
		status = (enum proto_name)wire_get_u8(in);
		gid = wire_get_u32(in);
		if (wire_end(in) < 0)
			status = PROTO_NAME_FAILED;
	}
	q.fn(q.arg, status, status == PROTO_NAME_FOUND ? gid : (gid_t)-1);
}

int
people_ask_group(struct gateway *gw, const char *group,
    void (*fn)(void *arg, enum proto_name status, gid_t gid), void *arg)
{
	struct group_question *q = calloc(1, sizeof(*q));
	int err;

	if (q == NULL)
		return -ENOMEM;
	*q = (struct group_question){.fn = fn, .arg = arg};
	wire_put_str(servant_begin(gw->names, PROTO_NAMES_GROUP), group);
	err = servant_ask(
	    gw->names, NULL, 0, gateway_settings(gw)->names_timeout_ms, on_group, q);
	if (err < 0)
		free(q);
	return err;
}
