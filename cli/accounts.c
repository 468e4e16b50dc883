/* Reads NSS in a child, and packs what it found through a pipe. */
#include "cli/accounts.h"

#include "cli/bounded.h"
#include "cli/permit.h"
#include "lib/array.h"
#include "lib/io.h"
#include "lib/wire.h"
#include "policy/settings.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BYTES_MAX  (16u << 20)
#define COUNT_MAX  20000
#define GROUPS_MAX 65536
#define FIRST_USER 1000 /* uids below are the system's own */

/* Members of these reach machines or the disk below them without asking anybody. */
static const char *const powers[] = {
    "libvirt", "libvirt-qemu", "kvm", "docker", "lxd", "incus", "disk", "shadow"};
/* Members of these become root. */
static const char *const admins[] = {"sudo", "wheel", "admin", "root"};
#define N(list) (sizeof(list) / sizeof((list)[0]))

struct search {
	const struct policy *policy;
	const char *const *samples;
	size_t sample_count;
	struct accounts found;
	gid_t power_gids[N(powers)], admin_gids[N(admins)];
	gid_t *room;    /* GROUPS_MAX */
	bool has_other; /* one who is not gated is among those found */
};

static struct account *
find(const struct accounts *accounts, const char *name)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (strcmp(accounts->list[i].name, name) == 0)
			return &accounts->list[i];
	return NULL;
}

const struct account *
accounts_get(const struct accounts *accounts, const char *name)
{
	return find(accounts, name);
}

static struct account *
add(struct accounts *accounts, const char *name)
{
	struct account *account = find(accounts, name);

	if (account != NULL || accounts->count >= COUNT_MAX)
		return account;
	account = array_grow(accounts->list, accounts->count, sizeof(*account));
	if (account == NULL)
		return NULL;
	accounts->list = account;
	account = &accounts->list[accounts->count];
	*account = (struct account){.name = strdup(name)};
	if (account->name == NULL)
		return NULL;
	accounts->count++;
	return account;
}

/* --- in the child ------------------------------------------------------------ */

static gid_t
gid_of(const char *name)
{
	const struct group *group = getgrnam(name);

	return group != NULL ? group->gr_gid : (gid_t)-1;
}

static bool
has_gid(const gid_t *gids, int n, gid_t gid)
{
	for (int i = 0; i < n && gid != (gid_t)-1; i++)
		if (gids[i] == gid)
			return true;
	return false;
}

static char *
power_of(const struct search *search, int n)
{
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < N(powers); i++)
		if (has_gid(search->room, n, search->power_gids[i]))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
			    used > 0 ? " " : "", powers[i]);
	return strdup(text);
}

static int
complete(struct search *search, struct account *account)
{
	const struct passwd *pw = getpwnam(account->name);
	int n = GROUPS_MAX;
	size_t keys;

	(void)policy_keys(search->policy, account->name, &keys);
	account->key_count = (uint32_t)keys;
	if (pw == NULL)
		return 0;
	account->is_known = true;
	account->uid = pw->pw_uid;
	account->gid = pw->pw_gid;
	account->shell = strdup(pw->pw_shell);
	account->home = strdup(pw->pw_dir);
	if (getgrouplist(account->name, account->gid, search->room, &n) < 0)
		return -E2BIG;
	account->is_gated =
	    search->found.has_group && has_gid(search->room, n, (gid_t)search->found.gated_gid);
	account->power = power_of(search, n);
	for (size_t i = 0; !account->is_gated && i < N(admins); i++)
		account->is_admin |= has_gid(search->room, n, search->admin_gids[i]);
	return account->shell != NULL && account->home != NULL && account->power != NULL
		   ? 0
		   : -ENOMEM;
}

/* Once over all users: members by primary group; the first ordinary one who is not
 * gated and every one of the admins' groups is a candidate. */
static int
take_users(struct search *search)
{
	const struct passwd *pw;
	char *other = NULL;
	int err = 0;

	setpwent();
	while (err == 0 && (pw = getpwent()) != NULL) {
		bool is_gated =
		    search->found.has_group && pw->pw_gid == (gid_t)search->found.gated_gid;
		if (is_gated && add(&search->found, pw->pw_name) == NULL)
			err = -ENOMEM;
		if (!is_gated && other == NULL && pw->pw_uid >= FIRST_USER &&
		    pw->pw_uid < 60000 && find(&search->found, pw->pw_name) == NULL)
			other = strdup(pw->pw_name);
	}
	endpwent();
	if (err == 0 && other != NULL && add(&search->found, other) == NULL)
		err = -ENOMEM;
	free(other);
	return err;
}

static int
take_members(struct search *search, const char *name)
{
	const struct group *group = getgrnam(name);

	for (char **m = group != NULL ? group->gr_mem : NULL; m != NULL && *m != NULL; m++)
		if (add(&search->found, *m) == NULL)
			return -ENOMEM;
	return 0;
}

static int
take_named(struct search *search)
{
	for (size_t i = 0; i < policy_who_count(search->policy); i++) {
		const char *who = policy_who(search->policy, i);
		struct account *account = who[0] != '@' ? add(&search->found, who) : NULL;
		if (account != NULL)
			account->is_named = true;
	}
	for (size_t i = 0; i < policy_key_user_count(search->policy); i++)
		(void)add(&search->found, policy_key_user(search->policy, i));
	for (size_t i = 0; i < search->sample_count; i++)
		if (add(&search->found, search->samples[i]) == NULL)
			return -ENOMEM;
	return add(&search->found, "root") != NULL ? 0 : -ENOMEM;
}

/* Two names of one uid, as far as NSS lists them. */
static int
take_twins(struct search *search)
{
	struct accounts *found = &search->found;
	const struct passwd *pw;
	int err = 0;

	setpwent();
	while (err == 0 && (pw = getpwent()) != NULL)
		for (size_t i = 0; err == 0 && i < found->count; i++) {
			struct account *a = &found->list[i];
			if (!a->is_known || a->uid != pw->pw_uid || a->twin != NULL ||
			    strcmp(a->name, pw->pw_name) == 0)
				continue;
			a->twin = strdup(pw->pw_name);
			err = a->twin != NULL ? 0 : -ENOMEM;
		}
	endpwent();
	return err;
}

static bool
is_wanted(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->sample_count; i++)
		if (strcmp(search->samples[i], name) == 0)
			return true;
	return false;
}

/* Spread evenly over the gated; root, and one who is not gated, always. */
static void
choose(struct search *search)
{
	struct accounts *found = &search->found;
	size_t gated = 0, seen = 0, step;
	bool has_other = false;

	for (size_t i = 0; i < found->count; i++)
		gated += found->list[i].is_gated && found->list[i].is_known;
	step = (gated + ACCOUNTS_SAMPLE - 1) / ACCOUNTS_SAMPLE;
	for (size_t i = 0; i < found->count; i++) {
		struct account *a = &found->list[i];
		if (!a->is_known)
			continue;
		if (is_wanted(search, a->name) || strcmp(a->name, "root") == 0)
			a->is_sample = true;
		else if (a->is_gated && search->sample_count == 0)
			a->is_sample = seen++ % step == 0;
		else if (!a->is_gated && !has_other && a->uid != 0)
			a->is_sample = has_other = true;
	}
}

static void
take_permits(struct search *search)
{
	struct permits permits;

	search->found.has_permits = permit_find(search->policy, time(NULL), &permits) == 0;
	for (size_t i = 0; search->found.has_permits && i < permits.count; i++) {
		struct account *a = find(&search->found, permits.list[i].user);
		if (a == NULL || !a->is_sample)
			continue;
		free(a->open);
		a->open = strdup(permits.list[i].open);
	}
	permit_free(&permits);
}

static int
search_all(struct search *search)
{
	const char *gated = policy_settings(search->policy)->gated;
	const struct group *group = getgrnam(gated);
	int err;

	search->found.has_group = group != NULL;
	search->found.gated_gid = group != NULL ? group->gr_gid : 0;
	for (size_t i = 0; i < N(powers); i++)
		search->power_gids[i] = gid_of(powers[i]);
	for (size_t i = 0; i < N(admins); i++)
		search->admin_gids[i] = gid_of(admins[i]);
	err = take_members(search, gated);
	if (err == 0)
		err = take_named(search);
	for (size_t i = 0; err == 0 && i < N(admins); i++)
		err = take_members(search, admins[i]);
	if (err == 0)
		err = take_users(search);
	for (size_t i = 0; err == 0 && i < search->found.count; i++)
		err = complete(search, &search->found.list[i]);
	if (err == 0)
		err = take_twins(search);
	if (err == 0)
		choose(search);
	if (err == 0)
		take_permits(search);
	return err;
}

/* A list of endpoints may be longer than one field. */
static void
put_words(struct wire_out *out, const char *list)
{
	uint32_t n = 0;
	const char *at;

	for (at = list; *at != '\0'; at += strcspn(at, " "), at += strspn(at, " "))
		n++;
	wire_put_u32(out, n);
	for (at = list; *at != '\0'; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		wire_put_bytes(out, at, len);
		at += len;
	}
}

static void
put_account(struct wire_out *out, const struct account *a)
{
	wire_put_str(out, a->name);
	wire_put_str(out, a->shell);
	wire_put_str(out, a->home);
	wire_put_str(out, a->twin);
	wire_put_str(out, a->power);
	wire_put_u32(out, a->uid);
	wire_put_u32(out, a->gid);
	wire_put_u32(out, a->key_count);
	wire_put_u8(out, a->is_known);
	wire_put_u8(out, a->is_gated);
	wire_put_u8(out, a->is_named);
	wire_put_u8(out, a->is_admin);
	wire_put_u8(out, a->is_sample);
	put_words(out, a->open != NULL ? a->open : "");
}

static int
work(void *arg, int fd)
{
	struct search *search = arg;
	uint8_t *buf = malloc(BYTES_MAX);
	struct wire_out out;

	search->room = calloc(GROUPS_MAX, sizeof(*search->room));
	if (buf == NULL || search->room == NULL || search_all(search) < 0)
		return 1;
	wire_out_init(&out, buf, BYTES_MAX);
	wire_put_u8(&out, search->found.has_group);
	wire_put_u32(&out, search->found.gated_gid);
	wire_put_u8(&out, search->found.has_permits);
	wire_put_u32(&out, (uint32_t)search->found.count);
	for (size_t i = 0; i < search->found.count; i++)
		put_account(&out, &search->found.list[i]);
	return out.failed || io_write_all(fd, buf, out.len) < 0 ? 1 : 0;
}

/* --- in the parent ------------------------------------------------------------ */

static char *
get_text(struct wire_in *in)
{
	const uint8_t *bytes;
	size_t len;

	wire_get_bytes(in, &bytes, &len);
	return strndup((const char *)bytes, len);
}

static char *
get_words(struct wire_in *in)
{
	uint32_t n = wire_get_u32(in);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (uint32_t i = 0; out != NULL && i < n && !in->failed; i++) {
		const uint8_t *bytes;
		size_t bytes_len;
		wire_get_bytes(in, &bytes, &bytes_len);
		fprintf(out, "%s%.*s", i > 0 ? " " : "", (int)bytes_len, (const char *)bytes);
	}
	return out != NULL && fclose(out) == 0 ? text : NULL;
}

static int
get_account(struct wire_in *in, struct accounts *accounts)
{
	char *name = get_text(in);
	struct account *a = name != NULL ? add(accounts, name) : NULL;

	free(name);
	if (a == NULL || a->shell != NULL)
		return -EBADMSG;
	a->shell = get_text(in);
	a->home = get_text(in);
	a->twin = get_text(in);
	a->power = get_text(in);
	a->uid = wire_get_u32(in);
	a->gid = wire_get_u32(in);
	a->key_count = wire_get_u32(in);
	a->is_known = wire_get_u8(in) != 0;
	a->is_gated = wire_get_u8(in) != 0;
	a->is_named = wire_get_u8(in) != 0;
	a->is_admin = wire_get_u8(in) != 0;
	a->is_sample = wire_get_u8(in) != 0;
	a->open = get_words(in);
	return a->shell == NULL || a->home == NULL || a->twin == NULL || a->power == NULL ||
		       a->open == NULL
		   ? -ENOMEM
		   : 0;
}

static int
unpack(const struct bounded *out, struct accounts *accounts)
{
	struct wire_in in;
	uint32_t n;
	int err = 0;

	wire_in_init(&in, out->bytes, out->len);
	accounts->has_group = wire_get_u8(&in) != 0;
	accounts->gated_gid = wire_get_u32(&in);
	accounts->has_permits = wire_get_u8(&in) != 0;
	n = wire_get_u32(&in);
	for (uint32_t i = 0; err == 0 && i < n && !in.failed; i++)
		err = get_account(&in, accounts);
	return err < 0 ? err : wire_end(&in);
}

int
accounts_find(const struct policy *policy, const char *const *samples, size_t n,
    struct accounts *accounts)
{
	struct search search = {.policy = policy, .samples = samples, .sample_count = n};
	struct bounded out;
	int err = bounded_call(work, &search, ACCOUNTS_TIMEOUT_MS, BYTES_MAX, &out);

	*accounts = (struct accounts){0};
	if (err == 0 && out.status != 0)
		err = -EIO;
	if (err == 0)
		err = unpack(&out, accounts);
	bounded_free(&out);
	return err;
}

void
accounts_free(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++) {
		struct account *a = &accounts->list[i];
		free(a->name);
		free(a->shell);
		free(a->home);
		free(a->twin);
		free(a->power);
		free(a->open);
	}
	free(accounts->list);
	*accounts = (struct accounts){0};
}
