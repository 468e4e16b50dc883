/* Saves and loads /run/sallyport/connections/cN. */
#include "daemon/conn_file.h"

#include "daemon/boot.h"
#include "lib/io.h"
#include "lib/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER   "/run/sallyport/connections"
#define FILE_MAX (PROTO_KEY_MAX + 4096)

static void
pack(struct wire_out *out, const struct conn *conn)
{
	char boot_id[BOOT_ID_MAX];

	boot_id_read(boot_id);
	wire_put_str(out, boot_id);
	wire_put_u32(out, conn->id);
	wire_put_str(out, conn->user);
	wire_put_u32(out, conn->uid);
	wire_put_u32(out, (uint32_t)conn->m.pid);
	wire_put_u64(out, conn->m.start);
	wire_put_u64(out, conn->m.exe_dev);
	wire_put_u64(out, conn->m.exe_ino);
	wire_put_u32(out, (uint32_t)conn->u.pid);
	wire_put_u64(out, conn->u.start);
	wire_put_str(out, conn->source);
	wire_put_str(out, conn->ssh_key);
	wire_put_str(out, conn->public_id);
	wire_put_u64(out, (uint64_t)conn->since);
	wire_put_u64(out, (uint64_t)conn->since_ms);
	wire_put_str(out, conn->end_reason);
}

static int
unpack(struct wire_in *in, struct conn_file *file)
{
	char boot_id[BOOT_ID_MAX], now[BOOT_ID_MAX];

	wire_get_str(in, boot_id, sizeof(boot_id));
	file->id = wire_get_u32(in);
	wire_get_str(in, file->user, sizeof(file->user));
	file->uid = wire_get_u32(in);
	file->m.pid = (pid_t)wire_get_u32(in);
	file->m.start = wire_get_u64(in);
	file->m.exe_dev = wire_get_u64(in);
	file->m.exe_ino = wire_get_u64(in);
	file->u.pid = (pid_t)wire_get_u32(in);
	file->u.start = wire_get_u64(in);
	wire_get_str(in, file->source, sizeof(file->source));
	wire_get_str(in, file->ssh_key, sizeof(file->ssh_key));
	wire_get_str(in, file->public_id, sizeof(file->public_id));
	file->since = (time_t)wire_get_u64(in);
	file->since_ms = (int64_t)wire_get_u64(in);
	wire_get_str(in, file->end_reason, sizeof(file->end_reason));
	boot_id_read(now);
	if (now[0] == '\0' || strcmp(now, boot_id) != 0)
		return -ESTALE;
	return file->uid == 0 ? -EPERM : wire_end(in);
}

int
conn_file_save(const struct conn *conn)
{
	char path[80], temp[80];
	uint8_t buf[FILE_MAX];
	struct wire_out out;
	int fd, err = 0;

	wire_out_init(&out, buf, sizeof(buf));
	pack(&out, conn);
	if (out.failed)
		return -EMSGSIZE;
	if (mkdir(FOLDER, 0700) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), FOLDER "/c%u", conn->id);
	snprintf(temp, sizeof(temp), FOLDER "/.c%u", conn->id);
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, buf, out.len) != (ssize_t)out.len || rename(temp, path) < 0)
		err = errno != 0 ? -errno : -EIO;
	close(fd);
	return err;
}

void
conn_file_remove(uint32_t id)
{
	char path[80];

	snprintf(path, sizeof(path), FOLDER "/c%u", id);
	if (unlink(path) < 0 && errno != ENOENT)
		log_error("%s: %s", path, strerror(errno));
}

static int
load(int folder, const char *name, struct conn_file *file)
{
	uint8_t buf[FILE_MAX];
	struct wire_in in;
	struct stat st;
	ssize_t n;
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0
		? read(fd, buf, sizeof(buf))
		: -1;
	close(fd);
	if (n <= 0)
		return -EBADMSG;
	wire_in_init(&in, buf, (size_t)n);
	return unpack(&in, file);
}

void
conn_file_load_all(void (*fn)(void *arg, const struct conn_file *file), void *arg)
{
	static struct conn_file file; /* too large for a stack frame */
	struct dirent *entry;
	DIR *dir = opendir(FOLDER);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		memset(&file, 0, sizeof(file));
		if (entry->d_name[0] == 'c' && load(dirfd(dir), entry->d_name, &file) == 0)
			fn(arg, &file);
		else
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}
