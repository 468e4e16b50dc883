/* Who gets which loopback address. */
#include "policy/address.h"

#include "lib/io.h"
#include "policy/hash.h"
#include "policy/index.h"
#include "policy/vm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NET      0x7f5a0000u /* 127.90.0.0 */
#define MASK     0xffff0000u
#define HOSTS    65536u
#define KEPT_MAX (8u << 20) /* bytes of the file */

/* A bit for each address of the network. */
struct taken {
	uint32_t bits[HOSTS / 32];
};

/* The bit's number, or HOSTS for an address that is not to be handed out. */
static uint32_t
number(struct in_addr address)
{
	uint32_t host = ntohl(address.s_addr);

	if ((host & MASK) != NET || host == NET || host == (NET | ~MASK))
		return HOSTS;
	return host & ~MASK;
}

static bool
is_taken(const struct taken *taken, uint32_t n)
{
	return (taken->bits[n / 32] >> (n % 32) & 1) != 0;
}

static void
take(struct taken *taken, uint32_t n)
{
	if (n < HOSTS)
		taken->bits[n / 32] |= (uint32_t)1 << (n % 32);
}

struct kept {
	const struct address_kept *list;
	size_t n;
	struct index by_name;
};

static const struct address_kept *
find_kept(const struct kept *kept, const char *name)
{
	uint64_t hash = hash_str(name);
	size_t at;
	uint32_t i = index_first(&kept->by_name, hash, &at);

	while (i != INDEX_NONE && strcmp(kept->list[i].name, name) != 0)
		i = index_next(&kept->by_name, hash, &at);
	return i != INDEX_NONE ? &kept->list[i] : NULL;
}

/* Those that vms.conf gives, then those that were kept, in this order of right. */
static void
give_known(const struct policy *policy, const struct kept *kept, struct taken *taken,
    struct in_addr *out)
{
	size_t count = policy_vm_count(policy);

	for (size_t i = 0; i < count; i++) {
		out[i] = policy_vm(policy, i)->address;
		take(taken, number(out[i]));
	}
	for (size_t i = 0; i < count; i++) {
		const struct address_kept *own =
		    out[i].s_addr == INADDR_ANY ? find_kept(kept, policy_vm(policy, i)->name)
						: NULL;
		uint32_t wanted = own != NULL ? number(own->address) : HOSTS;

		if (wanted == HOSTS || is_taken(taken, wanted))
			continue;
		out[i] = own->address;
		take(taken, wanted);
	}
	for (size_t i = 0; i < kept->n; i++)
		take(taken, number(kept->list[i].address));
}

int
address_allot(
    const struct policy *policy, const struct address_kept *list, size_t n, struct in_addr *out)
{
	struct kept kept = {.list = list, .n = n};
	struct taken taken = {{0}};
	uint32_t next = 1;
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++)
		err = index_add(&kept.by_name, hash_str(list[i].name), (uint32_t)i);
	if (err == 0)
		give_known(policy, &kept, &taken, out);
	index_free(&kept.by_name);
	if (err < 0)
		return err;
	for (size_t i = 0; i < policy_vm_count(policy); i++) {
		if (out[i].s_addr != INADDR_ANY)
			continue;
		while (next < HOSTS - 1 && is_taken(&taken, next))
			next++;
		if (next == HOSTS - 1)
			return -ENOSPC;
		out[i].s_addr = htonl(NET | next);
		take(&taken, next);
	}
	return 0;
}

/* Reads a line, which it cuts up. */
static bool
read_line(char *line, struct address_kept *kept)
{
	char *blank = strchr(line, ' ');
	size_t len = blank != NULL ? (size_t)(blank - line) : 0;

	*kept = (struct address_kept){.name = ""};
	if (len == 0 || len >= sizeof(kept->name))
		return false;
	memcpy(kept->name, line, len);
	return inet_pton(AF_INET, blank + 1, &kept->address) == 1;
}

static int
read_lines(char *text, struct address_kept **kept, size_t *n)
{
	size_t lines = 1;
	char *newline;

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	*kept = calloc(lines, sizeof(**kept));
	if (*kept == NULL)
		return -ENOMEM;
	for (; (newline = strchr(text, '\n')) != NULL; text = newline + 1) {
		*newline = '\0';
		*n += read_line(text, &(*kept)[*n]);
	}
	return 0;
}

int
address_read_kept(const char *path, struct address_kept **kept, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = NULL;
	size_t len;
	int err;

	*kept = NULL;
	*n = 0;
	if (fd < 0)
		return -errno;
	err = io_read_all(fd, KEPT_MAX, &text, &len);
	if (err == 0)
		err = read_lines(text, kept, n);
	free(text);
	io_close(&fd);
	return err;
}
