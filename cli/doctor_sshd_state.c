/* The sshd that runs, against the files as they are now. */
#include "cli/doctor_sshd.h"

#include "lib/io.h"
#include "lib/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID_FILE "/run/sshd.pid"

void
doctor_sshd_parse(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_sshd *own = doctor->group;
	struct finding *finding;

	if (own->samples.error == NULL)
		return;
	finding = doctor_find(doctor, check, "sshd -T fails: %s", own->samples.error);
	finding_at(finding, SSHD_CONFIG, 0);
	finding_mend(finding, "correct what it names, then: %s", doctor_reload_sshd());
}

/* Reads a small file into text[cap]; its length, or less than 0. */
static ssize_t
read_small(const char *path, char *text, size_t cap, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -EIO;

	*st = (struct stat){0};
	if (fd >= 0 && fstat(fd, st) == 0)
		n = read(fd, text, cap - 1);
	text[n > 0 ? n : 0] = '\0';
	io_close(&fd);
	return n;
}

/* Which PidFile sshd writes: anew at its start and whenever it loads its files. */
static const char *
pid_file(const struct doctor_sshd *own)
{
	const char *path = own->samples.count > 0
			       ? sshd_effective_get(&own->samples.list[0].effective, "pidfile")
			       : NULL;

	return path != NULL && *path == '/' ? path : PID_FILE;
}

/* The listener's pid, 0 when none is known; *loaded_ns: when it read its files. */
static uint64_t
listener(const struct doctor_sshd *own, long long *loaded_ns)
{
	char text[32], path[64];
	struct stat st;
	uint64_t pid;

	if (read_small(pid_file(own), text, sizeof(text), &st) <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	if (num_parse(text, 1, INT32_MAX, &pid) < 0)
		return 0;
	*loaded_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	snprintf(path, sizeof(path), "/proc/%llu", (unsigned long long)pid);
	return access(path, F_OK) == 0 ? pid : 0;
}

void
doctor_sshd_loaded(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_sshd *own = doctor->group;
	long long loaded_ns;

	if (listener(own, &loaded_ns) == 0)
		return; /* each connection has an sshd of its own, or none runs */
	for (size_t i = 0; i < own->files.file_count; i++) {
		const struct sshd_file *file = &own->files.files[i];
		struct finding *finding;
		if (file->mtime_ns <= loaded_ns)
			continue;
		finding =
		    doctor_find(doctor, check, "%s was changed after sshd read it", file->path);
		finding_at(finding, file->path, 0);
		finding_command(finding, "%s", doctor_reload_sshd());
	}
}

/* "sshd: /usr/sbin/sshd -D -o X=y [listener] …": -o and -f are not in the files. */
void
doctor_sshd_arguments(struct doctor *doctor, const struct doctor_check *check)
{
	const struct doctor_sshd *own = doctor->group;
	long long loaded_ns;
	uint64_t pid = listener(own, &loaded_ns);
	char path[64], text[4096];
	struct finding *finding;
	struct stat st;
	ssize_t n;

	if (pid == 0)
		return;
	snprintf(path, sizeof(path), "/proc/%llu/cmdline", (unsigned long long)pid);
	n = read_small(path, text, sizeof(text), &st);
	for (ssize_t i = 0; i + 1 < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n <= 0 || (strstr(text, " -o") == NULL && strstr(text, " -f") == NULL))
		return;
	finding = doctor_find(doctor, check, "sshd runs as: %s", text);
	finding_at(finding, pid_file(own), 0);
	finding_mend(finding, "move -o and -f of its start (/etc/default/ssh, the unit) "
			      "into " SSHD_CONFIG);
}
