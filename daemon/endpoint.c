/* Listening sockets of the VMs' rights, kept in step with the policy. */
#include "daemon/endpoint.h"

#include "daemon/channel.h"
#include "daemon/denial.h"
#include "daemon/fdstore.h"
#include "daemon/folder.h"
#include "daemon/identify.h"
#include "daemon/kept_address.h"
#include "daemon/listener.h"
#include "daemon/stranger.h"
#include "daemon/finder.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "policy/hash.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER      "/run/sallyport/vm"
#define PATH_LENGTH 160
#define NAME_LENGTH 32  /* of a listener in the manager's store */
#define OPENED_MAX  500 /* in a turn of the loop, once somebody waits for it */

struct endpoint {
	TAILQ_ENTRY(endpoint) link;
	struct finder_link by_name, by_place;
	struct endpoints *owner;
	char vm[64], right[64];
	struct in_addr address; /* TCP */
	uint16_t port;          /* 0: the Unix socket */
	bool is_wanted, is_grouped, is_told, is_kept;
	uint32_t tried; /* the round in which it was opened, or could not be */
	int fd;         /* -1: not open */
	struct loop_watch *watch;
};

struct endpoints {
	struct gateway *gw;
	TAILQ_HEAD(, endpoint) list;
	struct finder by_name, by_place; /* VM and right; address and port */
	struct in_addr *addresses;       /* of policy_vm(i) */
	size_t address_count;
	size_t kept;              /* of list, in the manager's store */
	size_t open;              /* of list */
	size_t most;              /* of these: the other descriptors are for who comes in */
	struct loop_watch *timer; /* to go on with this round */
	uint32_t round;
	bool is_in_round, is_admitting, is_full;
};

static void
on_timer(void *arg, int fd, unsigned int events)
{
	(void)fd;
	(void)events;
	endpoints_retry(arg);
}

struct endpoints *
endpoints_new(struct gateway *gw)
{
	struct endpoints *endpoints = calloc(1, sizeof(*endpoints));
	struct rlimit files;

	if (endpoints == NULL)
		return NULL;
	endpoints->gw = gw;
	endpoints->timer = loop_timer(gw->loop, on_timer, endpoints);
	if (endpoints->timer == NULL) {
		free(endpoints);
		return NULL;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		endpoints->most = (size_t)files.rlim_cur / 4 * 3;
	TAILQ_INIT(&endpoints->list);
	finder_init(&endpoints->by_name);
	finder_init(&endpoints->by_place);
	return endpoints;
}

static uint64_t
name_hash(const char *vm, const char *right)
{
	return hash_str(vm) + finder_hash(hash_str(right));
}

static uint64_t
place_hash(struct in_addr address, uint16_t port)
{
	return finder_hash((uint64_t)address.s_addr << 16 | port);
}

static void
path_of(const struct endpoint *e, char path[PATH_LENGTH])
{
	snprintf(path, PATH_LENGTH, FOLDER "/%s/%s", e->vm, e->right);
}

static void
drop(struct endpoint *e)
{
	char path[PATH_LENGTH];

	TAILQ_REMOVE(&e->owner->list, e, link);
	finder_remove(&e->owner->by_name, &e->by_name);
	finder_remove(&e->owner->by_place, &e->by_place);
	loop_watch_free(e->watch);
	if (e->fd >= 0 && e->port == 0) {
		path_of(e, path);
		(void)unlink(path);
		listener_drain(e->fd);
	}
	if (e->fd >= 0)
		e->owner->open--;
	io_close(&e->fd);
	free(e);
}

void
endpoints_free(struct endpoints *endpoints)
{
	struct endpoint *e;

	if (endpoints == NULL)
		return;
	while ((e = TAILQ_FIRST(&endpoints->list)) != NULL)
		drop(e);
	loop_watch_free(endpoints->timer);
	finder_free(&endpoints->by_name);
	finder_free(&endpoints->by_place);
	free(endpoints->addresses);
	free(endpoints);
}

static void
refuse(const struct endpoint *e, int client, const struct identity *id)
{
	stranger_close(&client);
	denial_record_stranger(
	    e->owner->gw->audit, e->vm, e->right, id->uid, id->pid, id->reason);
}

/* One in a turn of the loop, which comes back while there are more: asking for one more
 * than there is costs as much as one that is there. */
static void
on_accept(void *arg, int fd, unsigned int events)
{
	struct endpoint *e = arg;
	struct gateway *gw = e->owner->gw;
	struct identity id;
	int client = listener_accept(fd);

	(void)events;
	if (client < 0)
		return;
	if (e->port == 0)
		identify_unix(gw, client, &id);
	else
		identify_tcp(gw, client, &id);
	if (id.conn != NULL)
		channel_open(gw, client, id.conn, e->vm, e->right, NULL);
	else
		refuse(e, client, &id);
}

/* Until they are admitted, who connects waits in the listener's backlog. */
static bool
attend(struct endpoint *e, int fd)
{
	if (!e->owner->is_admitting)
		return true;
	e->watch = loop_watch_fd(e->owner->gw->loop, fd, LOOP_READ, on_accept, e);
	return e->watch != NULL;
}

static int
open_unix(struct endpoint *e)
{
	char path[PATH_LENGTH], folder[PATH_LENGTH];
	int err;

	snprintf(folder, sizeof(folder), FOLDER "/%s", e->vm);
	err = folder_make(folder, 0711);
	if (err < 0)
		return err;
	path_of(e, path);
	return listener_unix(path, SOCK_STREAM);
}

/* Group membership keeps strangers from costing anything; it proves nothing. */
static void
give_to_group(struct endpoint *e)
{
	gid_t gid = e->owner->gw->gated_gid;
	char path[PATH_LENGTH];

	if (e->fd < 0 || e->port != 0 || e->is_grouped || gid == (gid_t)-1)
		return;
	path_of(e, path);
	if (lchown(path, 0, gid) < 0 || chmod(path, 0660) < 0)
		log_error("%s: %s", path, strerror(errno));
	else
		e->is_grouped = true;
}

/* What a listener is called in the store. The address says all: which VM and right
 * it belongs to is the policy's to say, anew at each start. */
static void
name_of(const struct endpoint *e, char name[NAME_LENGTH])
{
	char address[INET_ADDRSTRLEN] = "";

	(void)inet_ntop(AF_INET, &e->address, address, sizeof(address));
	snprintf(name, NAME_LENGTH, "%s-%u", address, e->port);
}

/* The one that outlived the daemon before us, if it is what its name says. */
static int
adopt(struct endpoint *e)
{
	struct fdstore *store = e->owner->gw->fdstore;
	char name[NAME_LENGTH];
	int fd, good = -1;
	bool is_odd = false;

	name_of(e, name);
	while ((fd = fdstore_take(store, name)) >= 0) {
		if (good < 0 && listener_adopt_tcp(fd, e->address, e->port) == 0) {
			good = fd;
			continue;
		}
		io_close(&fd);
		is_odd = true;
	}
	if (is_odd) {
		log_error("%s: what was handed over is no listener there: closed", name);
		fdstore_forget(store, name);
	}
	return good;
}

static void
keep(struct endpoint *e)
{
	char name[NAME_LENGTH];

	if (e->port == 0 || e->is_kept || e->owner->kept >= FDSTORE_MAX)
		return;
	name_of(e, name);
	if (fdstore_keep(e->owner->gw->fdstore, name, e->fd) < 0)
		return;
	e->is_kept = true;
	e->owner->kept++;
}

static void
forget(struct endpoint *e)
{
	char name[NAME_LENGTH];

	if (!e->is_kept)
		return;
	name_of(e, name);
	fdstore_forget(e->owner->gw->fdstore, name);
	e->is_kept = false;
	e->owner->kept--;
}

static int
open_tcp(struct endpoint *e)
{
	int fd = adopt(e);

	return fd >= 0 ? fd : listener_tcp(e->address, e->port);
}

static void
open_endpoint(struct endpoint *e)
{
	char where[PATH_LENGTH + 32];
	int fd = e->port == 0 ? open_unix(e) : open_tcp(e);

	if (fd >= 0 && attend(e, fd)) {
		e->fd = fd;
		e->owner->open++;
		give_to_group(e);
		return;
	}
	if (!e->is_told) {
		if (e->port == 0)
			path_of(e, where);
		else
			snprintf(where, sizeof(where), "%s:%u", inet_ntoa(e->address), e->port);
		log_error("%s (%s of %s) cannot be opened: %s; trying again", where, e->right,
		    e->vm, fd < 0 ? strerror(-fd) : "no memory");
	}
	e->is_told = true;
	io_close(&fd);
}

static void
want(struct endpoints *endpoints, const char *vm, const char *right, struct in_addr address,
    uint16_t port)
{
	uint64_t hash = name_hash(vm, right);
	struct endpoint *e = finder_first(&endpoints->by_name, hash);

	for (; e != NULL; e = finder_next(&e->by_name)) {
		if (strcmp(e->vm, vm) == 0 && strcmp(e->right, right) == 0 && e->port == port &&
		    (port == 0 || e->address.s_addr == address.s_addr)) {
			e->is_wanted = true;
			return;
		}
	}
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return;
	e->owner = endpoints;
	snprintf(e->vm, sizeof(e->vm), "%s", vm);
	snprintf(e->right, sizeof(e->right), "%s", right);
	e->address = address;
	e->port = port;
	e->is_wanted = true;
	e->fd = -1;
	TAILQ_INSERT_TAIL(&endpoints->list, e, link);
	finder_add(&endpoints->by_name, &e->by_name, hash, e);
	finder_add(&endpoints->by_place, &e->by_place, place_hash(address, port), e);
}

static void
want_vm(struct endpoints *endpoints, const struct vm *vm, struct in_addr address)
{
	const struct in_addr none = {.s_addr = INADDR_ANY};

	for (size_t i = 0; i < vm->endpoint_count; i++) {
		want(endpoints, vm->name, vm->endpoints[i].right, none, 0);
		if (vm->endpoints[i].port != 0 && address.s_addr != INADDR_ANY)
			want(endpoints, vm->name, vm->endpoints[i].right, address,
			    vm->endpoints[i].port);
	}
}

static void
allot_addresses(struct endpoints *endpoints)
{
	const struct policy *policy = endpoints->gw->policy;
	size_t n = policy_vm_count(policy);
	struct in_addr *addresses = calloc(n + 1, sizeof(*addresses));

	if (addresses == NULL || kept_address_allot(policy, addresses) < 0) {
		log_error("the VMs' addresses cannot be handed out: no TCP endpoints");
		free(addresses);
		addresses = NULL;
		n = 0;
	}
	free(endpoints->addresses);
	endpoints->addresses = addresses;
	endpoints->address_count = n;
}

/* An address that goes on with another VM or right keeps its listener: closed for a
 * moment, it could be taken by anyone. */
static void
succeed(struct endpoint *old)
{
	struct endpoint *e;

	if (old->port == 0 || old->fd < 0)
		return;
	e = finder_first(&old->owner->by_place, place_hash(old->address, old->port));
	for (; e != NULL; e = finder_next(&e->by_place)) {
		if (!e->is_wanted || e->fd >= 0 || e->port != old->port ||
		    e->address.s_addr != old->address.s_addr)
			continue;
		loop_watch_free(old->watch);
		old->watch = NULL;
		listener_drain(old->fd); /* they meant the one before */
		if (!attend(e, old->fd))
			return;
		e->fd = old->fd; /* as many as before are open */
		e->is_kept = old->is_kept;
		old->fd = -1;
		old->is_kept = false;
		return;
	}
}

void
endpoints_sync(struct endpoints *endpoints)
{
	const struct policy *policy = endpoints->gw->policy;
	struct endpoint *e, *next;
	int err = folder_make(FOLDER, 0711);

	if (err < 0)
		log_error(FOLDER ": %s", strerror(-err));
	TAILQ_FOREACH(e, &endpoints->list, link)
		e->is_wanted = false;
	endpoints->is_full = false;
	allot_addresses(endpoints);
	for (size_t i = 0; i < policy_vm_count(policy); i++)
		want_vm(endpoints, policy_vm(policy, i), endpoints_address(endpoints, i));
	for (e = TAILQ_FIRST(&endpoints->list); e != NULL; e = next) {
		next = TAILQ_NEXT(e, link);
		if (e->is_wanted)
			continue;
		succeed(e);
		forget(e);
		drop(e);
	}
	endpoints_retry(endpoints);
	fdstore_drop_rest(endpoints->gw->fdstore);
}

/* All that wait for a descriptor are told of by one line. */
static bool
has_room(struct endpoints *endpoints, const struct endpoint *e)
{
	const struct vm *vm;

	if (endpoints->open < endpoints->most)
		return true;
	if (endpoints->is_full)
		return false;
	endpoints->is_full = true;
	vm = policy_vm_find(endpoints->gw->policy, e->vm);
	log_error("%s:%zu: %s of VM %s and what comes after it is not opened: %zu endpoints "
		  "listen, as many as three quarters of the daemon's descriptors; raise "
		  "LimitNOFILE= in sallyportd.service",
	    vm != NULL ? vm->file : "vms.conf", vm != NULL ? vm->line : 0, e->right, e->vm,
	    endpoints->open);
	return false;
}

/* Each once in a round. False: too many for this turn. */
static bool
open_some(struct endpoints *endpoints)
{
	size_t opened = 0;
	struct endpoint *e;

	TAILQ_FOREACH(e, &endpoints->list, link) {
		if (e->fd >= 0) {
			give_to_group(e);
		} else if (e->tried != endpoints->round && has_room(endpoints, e)) {
			if (endpoints->is_admitting && opened++ == OPENED_MAX)
				return false;
			e->tried = endpoints->round;
			open_endpoint(e);
		}
		if (e->fd >= 0 && e->watch == NULL)
			(void)attend(e, e->fd);
		if (e->fd >= 0)
			keep(e); /* no memory, or no descriptor, the last time? */
	}
	return true;
}

/* Very many take time: others have their turns of the loop meanwhile. */
void
endpoints_retry(struct endpoints *endpoints)
{
	if (!endpoints->is_in_round)
		endpoints->round++;
	endpoints->is_in_round =
	    !open_some(endpoints) && loop_timer_set(endpoints->timer, 0) == 0;
}

void
endpoints_admit(struct endpoints *endpoints)
{
	endpoints->is_admitting = true;
	endpoints_retry(endpoints);
}

struct in_addr
endpoints_address(const struct endpoints *endpoints, size_t i)
{
	const struct in_addr none = {.s_addr = INADDR_ANY};

	return i < endpoints->address_count ? endpoints->addresses[i] : none;
}

void
endpoints_count(const struct endpoints *endpoints, struct endpoint_count *count)
{
	const struct endpoint *e;

	*count = (struct endpoint_count){.kept = endpoints->kept};
	TAILQ_FOREACH(e, &endpoints->list, link) {
		count->wanted++;
		count->open += e->fd >= 0;
		count->ports += e->fd >= 0 && e->port != 0;
	}
}
