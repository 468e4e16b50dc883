/* unix: and tcp: back ends; the others are opened by virt.c's helpers. */
#include "daemon/dial.h"

#include "daemon/fixed_names.h"
#include "daemon/sockdiag.h"
#include "daemon/stranger.h"
#include "daemon/virt.h"
#include "lib/io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RETRY_MS 20

struct dial {
	struct gateway *gw;
	struct target target; /* name: ours */
	char right[PROTO_NAME_MAX + 1];
	dial_done_fn *fn;
	void *arg;
	int fd;
	int64_t deadline_ms;
	bool is_local; /* the back end is on this machine and must prove itself */
	struct loop_watch *timer, *writable;
	struct virt_call *call;         /* libvirt: and qmp: */
	struct sockdiag_owner listener; /* before the connect */
};

static const char *const stranger =
    "someone else than backend_uid allows listens at the VM's address";

void
dial_cancel(struct dial *dial)
{
	if (dial == NULL)
		return;
	loop_watch_free(dial->timer);
	loop_watch_free(dial->writable);
	virt_cancel(dial->call);
	stranger_close(&dial->fd);
	free(dial->target.name);
	free(dial);
}

static void
done(struct dial *dial, const char *reason)
{
	dial_done_fn *fn = dial->fn;
	void *arg = dial->arg;
	int fd = -1;

	if (reason == NULL) {
		fd = dial->fd;
		dial->fd = -1;
	}
	dial_cancel(dial);
	fn(arg, fd, reason);
}

static bool
is_loopback(const struct sockaddr_storage *sa)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	if (sa->ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return sa->ss_family == AF_INET6 &&
	       (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) || IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr));
}

static bool
is_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		   &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

/* Is address one of this machine's own? The kernel would then also choose it as
 * our end; a UDP socket tells without a packet. In doubt: yes, and the listener
 * must prove itself. (A listener on the wildcard address would seem to listen at
 * another machine's address too, so that question must not be asked there.) */
static bool
is_local(const struct sockaddr_storage *address, socklen_t len)
{
	struct sockaddr_storage here = {0};
	socklen_t here_len = sizeof(here);
	bool local = true;
	int fd;

	if (is_loopback(address))
		return true;
	fd = socket(address->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&here, &here_len) == 0)
		local = is_same_address(&here, address);
	io_close(&fd);
	return local;
}

/* The listener's uid must be allowed, and it must be the very socket that was
 * there before we connected: so it is the one that took us. */
static const char *
check_tcp(const struct dial *dial)
{
	struct sockdiag_owner now;

	if (!dial->is_local)
		return NULL;
	if (sockdiag_listener(dial->gw->netlink, &dial->target.address, &now) < 0)
		return "nobody listens at the VM's address any more";
	if (!gateway_is_backend_uid(dial->gw, now.uid))
		return stranger;
	if (now.cookie != dial->listener.cookie || now.inode != dial->listener.inode)
		return "the listener at the VM's address changed meanwhile";
	return NULL;
}

/* The credentials are those of who called listen(). */
static const char *
check_unix(const struct dial *dial)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(dial->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return "cannot tell who listens at the VM's socket";
	return gateway_is_backend_uid(dial->gw, peer.uid) ? NULL : stranger;
}

static void
on_connected(struct dial *dial)
{
	const int on = 1;

	if (dial->target.kind == TARGET_UNIX) {
		done(dial, check_unix(dial));
		return;
	}
	(void)setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	done(dial, check_tcp(dial));
}

static void
on_writable(void *arg, int fd, unsigned int events)
{
	struct dial *dial = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0)
		done(dial, "nobody answers at the VM's address");
	else
		on_connected(dial);
}

static int
connect_once(struct dial *dial)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const struct sockaddr *sa = (const struct sockaddr *)&sun;
	socklen_t len = sizeof(sun);

	if (dial->target.kind == TARGET_TCP) {
		sa = (const struct sockaddr *)&dial->target.address;
		len = dial->target.address_len;
	} else if (strlen(dial->target.name) < sizeof(sun.sun_path)) {
		memcpy(sun.sun_path, dial->target.name, strlen(dial->target.name));
	} else {
		return -ENAMETOOLONG;
	}
	return connect(dial->fd, sa, len) == 0 ? 0 : -errno;
}

static uint32_t
left_ms(const struct dial *dial)
{
	int64_t left = dial->deadline_ms - io_now_ms();

	return left > 0 ? (uint32_t)left : 0;
}

static void
on_virt(void *arg, int fd, const char *reason)
{
	struct dial *dial = arg;

	dial->call = NULL;
	dial->fd = fd;
	done(dial, reason);
}

/* Whoever is there was put there by libvirt or QEMU. */
static void
ask_virt(struct dial *dial)
{
	const char *why;

	dial->call = virt_open(
	    dial->gw->virt, &dial->target, dial->right, left_ms(dial), on_virt, dial, &why);
	if (dial->call == NULL)
		done(dial, why);
}

/* Of who listens; one on another host cannot be asked. */
static bool
asks_for_uid(const struct dial *dial)
{
	return dial->is_local || dial->target.kind == TARGET_UNIX;
}

static void
attempt(struct dial *dial)
{
	int err;

	/* After a reload, say: who may listen? */
	if (asks_for_uid(dial) && fixed_names_are_awaited(dial->gw)) {
		if (io_now_ms() < dial->deadline_ms)
			(void)loop_timer_set(dial->timer, RETRY_MS);
		else
			done(dial, "backend_uid cannot be looked up in time");
		return;
	}
	if (dial->is_local && dial->target.kind == TARGET_TCP &&
	    sockdiag_listener(dial->gw->netlink, &dial->target.address, &dial->listener) == 0 &&
	    !gateway_is_backend_uid(dial->gw, dial->listener.uid)) {
		done(dial, stranger); /* not even connected to */
		return;
	}
	err = connect_once(dial);
	if (err == 0) {
		on_connected(dial);
	} else if (err == -EINPROGRESS) {
		dial->writable =
		    loop_watch_fd(dial->gw->loop, dial->fd, LOOP_WRITE, on_writable, dial);
		if (dial->writable == NULL || loop_timer_set(dial->timer, left_ms(dial)) < 0)
			done(dial, "no memory");
	} else if (err == -EAGAIN && io_now_ms() < dial->deadline_ms) {
		(void)loop_timer_set(dial->timer, RETRY_MS); /* a full backlog */
	} else {
		done(dial, "nobody listens at the VM's address");
	}
}

static void
on_timer(void *arg, int fd, unsigned int events)
{
	struct dial *dial = arg;

	(void)fd;
	(void)events;
	if (dial->writable != NULL)
		done(dial, "the VM does not answer in time");
	else
		attempt(dial);
}

static bool
prepare(struct dial *dial)
{
	int family = AF_UNIX;

	if (dial->target.kind != TARGET_TCP && dial->target.kind != TARGET_UNIX)
		return true; /* fd stays -1 until virt has one */
	if (dial->target.kind == TARGET_TCP) {
		family = dial->target.address.ss_family;
		dial->is_local = is_local(&dial->target.address, dial->target.address_len);
	}
	dial->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (dial->fd >= 0 && family == AF_UNIX)
		(void)stranger_bar(dial->fd);
	return dial->fd >= 0;
}

int
dial_start(struct dial **where, struct gateway *gw, const struct target *target,
    const char *right, dial_done_fn *fn, void *arg)
{
	struct dial *dial = calloc(1, sizeof(*dial));

	if (dial == NULL)
		return -ENOMEM;
	dial->gw = gw;
	dial->target = *target;
	dial->target.name = target->name != NULL ? strdup(target->name) : NULL;
	snprintf(dial->right, sizeof(dial->right), "%s", right);
	dial->fn = fn;
	dial->arg = arg;
	dial->fd = -1;
	dial->deadline_ms = io_now_ms() + gateway_settings(gw)->connect_timeout_ms;
	dial->timer = loop_timer(gw->loop, on_timer, dial);
	if (dial->timer == NULL || (target->name != NULL && dial->target.name == NULL) ||
	    !prepare(dial)) {
		dial_cancel(dial);
		return -ENOMEM;
	}
	*where = dial;
	if (dial->fd >= 0)
		attempt(dial);
	else
		ask_virt(dial);
	return 0;
}
