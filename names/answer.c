/* Unpacks, looks up, packs. */
#include "names/answer.h"

#include "lib/proto.h"
#include "lib/wire.h"
#include "names/host.h"
#include "names/lookup.h"

#include <errno.h>

/* Fills is_member for each group of the question. */
static enum proto_name
find_members(struct wire_in *in, const char *name, const struct lookup_user *user, size_t n,
    uint8_t *is_member)
{
	char group[PROTO_NAME_MAX + 1];
	bool member;

	for (size_t i = 0; i < n; i++) {
		wire_get_str(in, group, sizeof(group));
		if (in->failed || lookup_member(user, name, group, &member) != PROTO_NAME_FOUND)
			return PROTO_NAME_FAILED;
		is_member[i] = member;
	}
	return wire_end(in) == 0 ? PROTO_NAME_FOUND : PROTO_NAME_FAILED;
}

static void
answer_user(struct wire_in *in, struct wire_out *out, bool is_by_uid)
{
	uint8_t is_member[PROTO_GROUPS_MAX] = {0};
	char name[PROTO_NAME_MAX + 1] = "";
	struct lookup_user user = {0};
	enum proto_name result = PROTO_NAME_FOUND;
	uid_t uid = 0;
	size_t n;

	if (is_by_uid)
		uid = wire_get_u32(in);
	else
		wire_get_str(in, name, sizeof(name));
	n = wire_get_u16(in);
	if (in->failed || n > PROTO_GROUPS_MAX)
		result = PROTO_NAME_FAILED;
	else if (is_by_uid)
		result = lookup_name(uid, name);
	if (result == PROTO_NAME_FOUND)
		result = lookup_user(name, &user);
	if (result == PROTO_NAME_FOUND && is_by_uid && user.uid != uid)
		result = PROTO_NAME_FAILED;
	if (result == PROTO_NAME_FOUND)
		result = find_members(in, name, &user, n, is_member);
	if (result != PROTO_NAME_FOUND) { /* nothing half-known leaves us */
		lookup_user_free(&user);
		name[0] = '\0';
		n = 0;
	}
	wire_put_u8(out, (uint8_t)result);
	wire_put_u32(out, user.uid);
	wire_put_u32(out, user.gid);
	wire_put_u8(out, user.has_one_name);
	wire_put_u16(out, (uint16_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_u8(out, is_member[i]);
	wire_put_str(out, name);
	wire_put_str(out, user.home);
	wire_put_str(out, user.shell);
	lookup_user_free(&user);
}

static void
answer_group(struct wire_in *in, struct wire_out *out)
{
	enum proto_name result = PROTO_NAME_FAILED;
	char name[PROTO_NAME_MAX + 1];
	gid_t gid = 0;

	wire_get_str(in, name, sizeof(name));
	if (wire_end(in) == 0)
		result = lookup_group(name, NULL, &gid, NULL);
	wire_put_u8(out, (uint8_t)result);
	wire_put_u32(out, result == PROTO_NAME_FOUND ? gid : 0);
}

static void
answer_host(struct wire_in *in, struct wire_out *out)
{
	enum proto_name result = PROTO_NAME_FAILED;
	char name[PROTO_NAME_MAX + 1];
	struct host host = {0};

	wire_get_str(in, name, sizeof(name));
	if (wire_end(in) == 0)
		result = host_look_up(name, &host);
	wire_put_u8(out, (uint8_t)result);
	wire_put_u16(out, (uint16_t)host.count);
	for (size_t i = 0; i < host.count; i++)
		wire_put_str(out, host.addresses[i]);
}

int
answer_message(const uint8_t *message, size_t len, uint8_t *buf, size_t *out_len)
{
	struct proto_header header;
	struct wire_out out;
	struct wire_in in;

	wire_in_init(&in, message, len);
	if (proto_get_header(&in, &header) < 0)
		return -EBADMSG;
	wire_out_init(&out, buf, ANSWER_MAX);
	if (header.type == PROTO_NAMES_USER || header.type == PROTO_NAMES_UID) {
		proto_put_header(&out, PROTO_NAMED_USER, header.id);
		answer_user(&in, &out, header.type == PROTO_NAMES_UID);
	} else if (header.type == PROTO_NAMES_GROUP) {
		proto_put_header(&out, PROTO_NAMED_GROUP, header.id);
		answer_group(&in, &out);
	} else if (header.type == PROTO_NAMES_HOST) {
		proto_put_header(&out, PROTO_NAMED_HOST, header.id);
		answer_host(&in, &out);
	} else {
		return -EBADMSG;
	}
	*out_len = out.len;
	return out.failed ? -EMSGSIZE : 0;
}
