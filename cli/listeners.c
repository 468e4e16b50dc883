/* /proc/net, and whose descriptors the sockets are. */
#include "cli/listeners.h"

#include "lib/array.h"
#include "lib/io.h"
#include "lib/num.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_STATE "0A"
#define TEXT_MAX     (64u << 20)

static int
add(struct listeners *listeners, const struct listener *listener)
{
	struct listener *grown = array_grow(listeners->list, listeners->count, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	listeners->list = grown;
	listeners->list[listeners->count++] = *listener;
	return 0;
}

/* The next word of a line; NULL at its end. */
static const char *
next_word(const char **at, size_t *len)
{
	*at += strspn(*at, " \t");
	*len = strcspn(*at, " \t\n");
	if (*len == 0)
		return NULL;
	*at += *len;
	return *at - *len;
}

/* n hexadecimal digits, in order. */
static bool
read_hex(const char *text, size_t n, uint32_t *value)
{
	*value = 0;
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (!isxdigit((unsigned char)c))
			return false;
		*value = *value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return true;
}

/* "0100007F:1F90": words of the machine's own byte order, and a port. */
static bool
read_address(const char *word, size_t len, bool is_v6, struct listener *listener)
{
	size_t words = is_v6 ? 4 : 1;
	uint32_t part, *to = (uint32_t *)(void *)&listener->addr + (is_v6 ? 0 : 3);

	if (len != 8 * words + 5 || word[8 * words] != ':')
		return false;
	for (size_t i = 0; i < words; i++) {
		if (!read_hex(word + 8 * i, 8, &part))
			return false;
		to[i] = part;
	}
	if (!read_hex(word + 8 * words + 1, 4, &part))
		return false;
	listener->port = (uint16_t)part;
	if (!is_v6) {
		listener->addr.s6_addr[10] = 0xff;
		listener->addr.s6_addr[11] = 0xff;
	}
	return true;
}

static void
classify(struct listener *listener)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT, loopback = IN6ADDR_LOOPBACK_INIT;
	const uint8_t *b = listener->addr.s6_addr;

	if (IN6_IS_ADDR_V4MAPPED(&listener->addr)) {
		listener->is_any = b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] == 0;
		listener->is_loopback = b[12] == 127;
		return;
	}
	listener->is_any = memcmp(b, &any, sizeof(any)) == 0;
	listener->is_loopback = memcmp(b, &loopback, sizeof(loopback)) == 0;
}

static bool
read_inode(const char *word, size_t len, uint64_t *inode)
{
	char digits[21];

	if (word == NULL || len >= sizeof(digits))
		return false;
	memcpy(digits, word, len);
	digits[len] = '\0';
	return num_parse(digits, 0, UINT64_MAX, inode) == 0;
}

/* "sl local rem st tx:rx tr:when retrnsmt uid timeout inode …" */
static bool
read_tcp(const char *line, bool is_v6, struct listener *listener)
{
	const char *words[10];
	size_t lens[10];

	*listener = (struct listener){0};
	for (size_t i = 0; i < 10; i++) {
		words[i] = next_word(&line, &lens[i]);
		if (words[i] == NULL)
			return false;
	}
	if (lens[3] != 2 || memcmp(words[3], LISTEN_STATE, 2) != 0 ||
	    !read_address(words[1], lens[1], is_v6, listener) ||
	    !read_inode(words[9], lens[9], &listener->inode))
		return false;
	classify(listener);
	return true;
}

int
listeners_add_tcp(struct listeners *listeners, const char *text, bool is_v6)
{
	struct listener listener;
	int err = 0;

	for (; err == 0 && *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n')
		if (read_tcp(text, is_v6, &listener))
			err = add(listeners, &listener);
	return err;
}

/* "num refcount protocol flags type st inode path": flags 00010000 listens. */
int
listeners_add_unix(struct listeners *listeners, const char *text)
{
	int err = 0;

	for (; err == 0 && *text != '\0'; text += *text == '\n') {
		struct listener listener = {.is_unix = true};
		const char *at = text, *words[7];
		size_t lens[7], n = 0;
		while (n < 7 && (words[n] = next_word(&at, &lens[n])) != NULL)
			n++;
		text += strcspn(text, "\n");
		if (n < 7 || lens[3] != 8 || memcmp(words[3], "00010000", 8) != 0 ||
		    !read_inode(words[6], lens[6], &listener.inode))
			continue;
		at += strspn(at, " ");
		if (*at != '/')
			continue; /* no name, or an abstract one */
		listener.path = strndup(at, (size_t)(text - at));
		err = listener.path != NULL ? add(listeners, &listener) : -ENOMEM;
		if (err < 0)
			free(listener.path);
	}
	return err;
}

static int
read_text(const char *path, char **text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? -errno : 0;
	size_t len;

	*text = NULL;
	if (err == 0)
		err = io_read_all(fd, TEXT_MAX, text, &len);
	io_close(&fd);
	return err;
}

/* The process's descriptors; whose of the listeners they are. */
static void
look_at(struct listeners *listeners, pid_t pid)
{
	char path[64], link[64], exe[PATH_MAX];
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		uint64_t inode;
		ssize_t n = readlinkat(dirfd(folder), entry->d_name, link, sizeof(link) - 1);
		if (n < 10 || memcmp(link, "socket:[", 8) != 0 ||
		    !read_inode(link + 8, (size_t)n - 9, &inode))
			continue;
		for (size_t i = 0; i < listeners->count; i++) {
			struct listener *l = &listeners->list[i];
			const char *base;
			/* systemd holds what it hands out, or keeps for a restart. */
			if (l->inode != inode || l->pid > 1)
				continue;
			l->pid = pid;
			snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
			n = readlink(path, exe, sizeof(exe) - 1);
			exe[n > 0 ? n : 0] = '\0';
			base = strrchr(exe, '/');
			snprintf(l->program, sizeof(l->program), "%.*s", 63,
			    base != NULL ? base + 1 : "");
		}
	}
	closedir(folder);
}

static void
find_owners(struct listeners *listeners)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	uint64_t pid;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (num_parse(entry->d_name, 1, INT32_MAX, &pid) == 0)
			look_at(listeners, (pid_t)pid);
	if (folder != NULL)
		closedir(folder);
}

int
listeners_read(struct listeners *listeners)
{
	char *text;
	int err = read_text("/proc/net/tcp", &text);

	*listeners = (struct listeners){0};
	if (err == 0)
		err = listeners_add_tcp(listeners, text, false);
	free(text);
	text = NULL;
	if (err == 0 && read_text("/proc/net/tcp6", &text) == 0) /* IPv6 may be off */
		err = listeners_add_tcp(listeners, text, true);
	free(text);
	text = NULL;
	if (err == 0)
		err = read_text("/proc/net/unix", &text);
	if (err == 0)
		err = listeners_add_unix(listeners, text);
	free(text);
	if (err == 0)
		find_owners(listeners);
	return err;
}

void
listeners_free(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		free(listeners->list[i].path);
	free(listeners->list);
	*listeners = (struct listeners){0};
}

const char *
listener_name(const struct listener *listener, char *text, size_t cap)
{
	char address[INET6_ADDRSTRLEN];

	if (listener->is_unix)
		snprintf(text, cap, "%s", listener->path);
	else if (IN6_IS_ADDR_V4MAPPED(&listener->addr))
		snprintf(text, cap, "%s:%u",
		    inet_ntop(AF_INET, &listener->addr.s6_addr[12], address, sizeof(address)),
		    listener->port);
	else
		snprintf(text, cap, "[%s]:%u",
		    inet_ntop(AF_INET6, &listener->addr, address, sizeof(address)),
		    listener->port);
	return text;
}
