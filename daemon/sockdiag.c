/* One request, one answer; the kernel answers before sendto returns. */
#include "daemon/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define STATES_OPEN   (~0U & ~(1U << TCP_LISTEN))
#define STATES_LISTEN (1U << TCP_LISTEN)

int
sockdiag_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

/* Port and address of sa in inet_diag's form (network order). */
static bool
unpack(const struct sockaddr_storage *sa, __be16 *port, __be32 address[4])
{
	memset(address, 0, 4 * sizeof(__be32));
	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
		*port = in->sin_port;
		address[0] = in->sin_addr.s_addr;
		return true;
	}
	if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
		*port = in6->sin6_port;
		memcpy(address, &in6->sin6_addr, 4 * sizeof(__be32));
		return true;
	}
	return false;
}

struct query {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

static int
receive(int netlink, uint32_t seq, struct sockdiag_owner *owner)
{
	union {
		struct nlmsghdr header;
		char buf[1024];
	} reply;
	const struct inet_diag_msg *msg = NLMSG_DATA(&reply.header);
	ssize_t n;

	do {
		n = recv(netlink, &reply, sizeof(reply), MSG_DONTWAIT);
		if (n < 0 && errno != EINTR)
			return -errno;
	} while (n < (ssize_t)sizeof(reply.header) || reply.header.nlmsg_seq != seq);
	if (reply.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    n < (ssize_t)NLMSG_LENGTH(sizeof(*msg)))
		return -ENOENT;
	if (msg->idiag_inode == 0)
		return -ENOENT;
	owner->uid = msg->idiag_uid;
	owner->inode = msg->idiag_inode;
	owner->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
	return 0;
}

static int
ask(int netlink, struct query *query, struct sockdiag_owner *owner)
{
	static uint32_t seq;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	query->header = (struct nlmsghdr){.nlmsg_len = sizeof(*query),
	    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	    .nlmsg_flags = NLM_F_REQUEST,
	    .nlmsg_seq = ++seq};
	query->body.sdiag_protocol = IPPROTO_TCP;
	query->body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	query->body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	if (sendto(netlink, query, sizeof(*query), MSG_DONTWAIT, (struct sockaddr *)&kernel,
		sizeof(kernel)) < 0)
		return -errno;
	return receive(netlink, seq, owner);
}

int
sockdiag_peer(int netlink, int fd, struct sockdiag_owner *owner)
{
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t here_len = sizeof(here), there_len = sizeof(there);
	struct query query = {0};

	if (getsockname(fd, (struct sockaddr *)&here, &here_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &there_len) < 0)
		return errno == ENOTCONN ? -ENOENT : -errno;
	query.body.sdiag_family = (__u8)there.ss_family;
	query.body.idiag_states = STATES_OPEN;
	/* Seen from the other end: its source is our peer. */
	if (!unpack(&there, &query.body.id.idiag_sport, query.body.id.idiag_src) ||
	    !unpack(&here, &query.body.id.idiag_dport, query.body.id.idiag_dst))
		return -EAFNOSUPPORT;
	return ask(netlink, &query, owner);
}

int
sockdiag_listener(
    int netlink, const struct sockaddr_storage *address, struct sockdiag_owner *owner)
{
	struct query query = {0};

	query.body.sdiag_family = (__u8)address->ss_family;
	query.body.idiag_states = STATES_LISTEN;
	if (!unpack(address, &query.body.id.idiag_sport, query.body.id.idiag_src))
		return -EAFNOSUPPORT;
	return ask(netlink, &query, owner);
}
