/* Paths, and a handful of variables. */
#include "files/program.h"

#include "lib/io.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOCALTIME   "/etc/localtime"
#define TZ_FILE_MAX 65536

const char *const program_libraries[] = {"/lib", "/lib64", "/usr/lib", "/usr/lib64", NULL};
const char *const program_cache = "/etc/ld.so.cache";

#if defined(__x86_64__)
const char *const program_loader = "/lib64/ld-linux-x86-64.so.2";
#elif defined(__aarch64__)
const char *const program_loader = "/lib/ld-linux-aarch64.so.1";
#else
const char *const program_loader = "/lib/ld-linux-riscv64-lp64d.so.1";
#endif

const char *
program_find(enum files_program program)
{
	static const char *const servers[] = {"/usr/lib/openssh/sftp-server",
	    "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server", NULL};
	static const char *const scp[] = {"/usr/bin/scp", NULL};
	static const char *const rsync[] = {"/usr/bin/rsync", NULL};
	static const char *const *const places[] = {
	    [FILES_SFTP_SERVER] = servers, [FILES_SCP] = scp, [FILES_RSYNC] = rsync};

	if ((unsigned int)program >= sizeof(places) / sizeof(places[0]))
		return NULL;
	for (const char *const *path = places[program]; *path != NULL; path++)
		if (access(*path, X_OK) == 0)
			return *path;
	return NULL;
}

void
program_zone(const char *bytes, size_t len, char *zone, size_t cap)
{
	const char *line = NULL;
	size_t zone_len = 0;

	if (len > 4 && memcmp(bytes, "TZif", 4) == 0 && bytes[len - 1] == '\n')
		line = memrchr(bytes, '\n', len - 1);
	if (line != NULL)
		zone_len = (size_t)(bytes + len - 2 - line);
	for (size_t i = 0; i < zone_len; i++)
		if (line[1 + i] <= ' ' || line[1 + i] > '~')
			zone_len = 0;
	if (zone_len == 0 || zone_len + sizeof("TZ=") > cap)
		snprintf(zone, cap, "TZ=UTC0");
	else
		snprintf(zone, cap, "TZ=%.*s", (int)zone_len, line + 1);
}

/* What localtime(3) would read later, when this file is out of reach. */
static void
find_zone(char *zone, size_t cap)
{
	static char bytes[TZ_FILE_MAX];
	int fd = open(LOCALTIME, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, bytes, sizeof(bytes));

	io_close(&fd);
	program_zone(bytes, len < 0 ? 0 : (size_t)len, zone, cap);
}

/* No locale and no configuration is looked for in the user's folders, so there is no HOME
 * either: rsync would read .popt and .cvsignore in it. */
bool
program_prepare(struct program *program, const struct inner *inner)
{
	static char preload[] = "LD_PRELOAD=" INNER_OBJECT, locale[] = "LC_ALL=C",
		    openssl[] = "OPENSSL_CONF=";
	const size_t skip = sizeof(INNER_VARIABLE "=") - 1;
	size_t n = 0;

	memcpy(program->inner, INNER_VARIABLE "=", skip + 1);
	if (!inner_pack(inner, program->inner + skip))
		return false;
	find_zone(program->zone, sizeof(program->zone));
	program->environment[n++] = preload;
	program->environment[n++] = program->inner;
	program->environment[n++] = locale;
	program->environment[n++] = program->zone;
	program->environment[n++] = openssl;
	program->environment[n] = NULL;
	return true;
}
