/* The machine below: unit, disk, journal, clock. */
#include "cli/doctor.h"

#include "cli/walls.h"
#include "policy/policy.h"
#include "policy/vm.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define UNIT "sallyportd.service"
/* Free space: the recorder refuses access below what it keeps for itself. */
#define FREE_LOW  (256ull << 20)
#define FREE_NONE (32ull << 20)

static bool
is_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static void
check_enabled(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;
	glob_t found;

	if (!is_systemd())
		return;
	if (glob("/etc/systemd/system/*.wants/" UNIT, 0, NULL, &found) == 0) {
		globfree(&found);
		return;
	}
	finding = doctor_find(doctor, check, UNIT " is not enabled");
	finding_at(finding, "/etc/systemd/system", 0);
	finding_command(finding, "systemctl enable sallyportd");
}

static void
check_override(struct doctor *doctor, const struct doctor_check *check)
{
	static const char *const patterns[] = {"/etc/systemd/system/" UNIT,
	    "/run/systemd/system/" UNIT, "/etc/systemd/system/" UNIT ".d/*.conf",
	    "/run/systemd/system/" UNIT ".d/*.conf",
	    "/etc/systemd/system.control/" UNIT ".d/*.conf"};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		glob_t found;
		if (glob(patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++) {
			struct finding *finding = doctor_find(
			    doctor, check, "%s changes the unit", found.gl_pathv[j]);
			finding_at(finding, found.gl_pathv[j], 0);
			finding_mend(finding,
			    "see that it takes no protection away: systemctl cat sallyportd");
		}
		globfree(&found);
	}
}

/* Calls for the file systems of the log and the store. */
static void
check_space(
    struct doctor *doctor, const struct doctor_check *check, uint64_t above, uint64_t below)
{
	static const char *const folders[] = {"/var/log/sallyport", "/var/lib/sallyport"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		struct finding *finding;
		struct statvfs fs;
		uint64_t space;
		if (statvfs(folders[i], &fs) < 0)
			continue;
		space = (uint64_t)fs.f_bavail * fs.f_frsize;
		if (space < above || space >= below)
			continue;
		finding = doctor_find(doctor, check, "%s: %llu MiB free", folders[i],
		    (unsigned long long)(space >> 20));
		finding_at(finding, folders[i], 0);
		finding_mend(finding, "make room there; old audit files can be moved away");
	}
}

static void
check_low(struct doctor *doctor, const struct doctor_check *check)
{
	check_space(doctor, check, FREE_NONE, FREE_LOW);
}

static void
check_full(struct doctor *doctor, const struct doctor_check *check)
{
	check_space(doctor, check, 0, FREE_NONE);
}

static void
check_journal(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;

	if (!is_systemd() || access("/var/log/journal", F_OK) == 0)
		return;
	finding = doctor_find(doctor, check, "the journal is not kept over a reboot");
	finding_at(finding, "/var/log/journal", 0);
	finding_command(finding, "mkdir -p /var/log/journal && "
				 "systemd-tmpfiles --create --prefix /var/log/journal && "
				 "systemctl restart systemd-journald");
}

/* A clock before the program was built, or before the last record, has not been set. */
static void
check_clock(struct doctor *doctor, const struct doctor_check *check)
{
	static const char *const files[] = {
	    "/usr/sbin/sallyport", "/var/log/sallyport/audit.jsonl"};
	time_t now = time(NULL);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct finding *finding;
		struct stat st;
		if (stat(files[i], &st) < 0 || st.st_mtime <= now + 60)
			continue;
		finding = doctor_find(doctor, check, "the clock stands before %s", files[i]);
		finding_at(finding, files[i], 0);
		finding_mend(
		    finding, "set the clock, and have it kept (systemd-timesyncd, chrony)");
	}
}

static void
check_sync(struct doctor *doctor, const struct doctor_check *check)
{
	struct timex state = {.modes = 0};

	if (adjtimex(&state) < 0 || (state.status & STA_UNSYNC) == 0)
		return;
	finding_mend(doctor_find(doctor, check, "the clock is not kept by a time service"),
	    "apt-get install systemd-timesyncd, or chrony");
}

static void
check_zone(struct doctor *doctor, const struct doctor_check *check)
{
	struct finding *finding;
	struct stat st;

	if (lstat("/etc/localtime", &st) < 0 || stat("/etc/localtime", &st) == 0)
		return;
	finding = doctor_find(doctor, check, "/etc/localtime leads nowhere: the zone is UTC");
	finding_at(finding, "/etc/localtime", 0);
	finding_mend(finding, "timedatectl set-timezone ZONE, then restart sallyportd");
}

static bool
has_folders(const struct policy *policy)
{
	for (size_t i = 0; policy != NULL && i < policy_vm_count(policy); i++)
		if (policy_vm(policy, i)->folder != NULL)
			return true;
	return false;
}

/* Only where there is anything to transfer. */
static void
check_files(struct doctor *doctor, const struct doctor_check *check, enum walls walls)
{
	char text[WALLS_TEXT_MAX];
	enum walls found;

	if (!has_folders(doctor->policy))
		return;
	found = walls_try(text);
	if (found == walls || (found == WALLS_NOTHING && walls == WALLS_WEAK))
		finding_mend(doctor_find(doctor, check, "file transfers are held %s", text),
		    "let users have namespaces (kernel.unprivileged_userns_clone, "
		    "user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)");
	else if (found == WALLS_UNKNOWN && walls == WALLS_WEAK)
		doctor_blind(doctor, "what holds file transfers: %s", text);
}

static void
check_files_held(struct doctor *doctor, const struct doctor_check *check)
{
	check_files(doctor, check, WALLS_WEAK);
}

static void
check_files_landlock(struct doctor *doctor, const struct doctor_check *check)
{
	check_files(doctor, check, WALLS_LANDLOCK);
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("unit-disabled", FINDING_LOCKOUT, check_enabled,
	"After the next boot no gated user can log in."),
    DOCTOR_CHECK("unit-override", FINDING_WARNING, check_override,
	"The daemon may run with more rights, or fewer, than it was made for."),
    DOCTOR_CHECK("disk-low", FINDING_WARNING, check_low,
	"When no record can be written, nobody passes the gate."),
    DOCTOR_CHECK("disk-full", FINDING_LOCKOUT, check_full,
	"No record can be written, and so nobody passes the gate."),
    DOCTOR_CHECK("journal", FINDING_WARNING, check_journal,
	"The audit log's second trace, by which a cut or rewritten log shows, is lost."),
    DOCTOR_CHECK(
	"clock", FINDING_WARNING, check_clock, "Time windows are judged by a wrong clock."),
    DOCTOR_CHECK(
	"clock-sync", FINDING_NOTE, check_sync, "Time windows are judged by this clock."),
    DOCTOR_CHECK("clock-zone", FINDING_WARNING, check_zone,
	"Time windows are judged by the wall clock of another zone."),
    DOCTOR_CHECK("files-refused", FINDING_WARNING, check_files_held,
	"sftp, scp and rsync are refused, or (files_fallback) for reading only."),
    DOCTOR_CHECK("files-landlock", FINDING_NOTE, check_files_landlock,
	"Who transfers files can tell what exists outside his folders, though not read it."),
    DOCTOR_CHECKS_END};

const struct doctor_group doctor_host = {.name = "host", .checks = checks};
