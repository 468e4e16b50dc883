/* Owners and modes of all that is trusted, and of the folders above it. */
#include "cli/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF  SYSCONFDIR "/sallyport"
#define STATE "/var/lib/sallyport"
#define RUN   "/run/sallyport"
#define LOGS  "/var/log/sallyport"
#define WORDS (PATH_MAX + 3)

/* Who may do what with it, beyond root. */
enum trust {
	TRUST_PUBLIC,  /* all may read, root alone write */
	TRUST_SECRET,  /* nobody but root, and root's group, may read */
	TRUST_LOG,     /* group may read */
	TRUST_PRIVATE, /* nobody but its owner, who need not be root */
	TRUST_PROGRAM, /* as public; and no set-user-id */
	TRUST_SOCKET,  /* root alone */
};

static const struct place {
	const char *pattern; /* of glob(3) */
	enum trust trust;
	bool is_needed;
} places[] = {
    {CONF, TRUST_PUBLIC, true},
    {CONF "/sallyport.conf", TRUST_PUBLIC, true},
    {CONF "/vms.conf", TRUST_PUBLIC, true},
    {CONF "/vms.conf.d", TRUST_PUBLIC, false},
    {CONF "/vms.conf.d/*", TRUST_PUBLIC, false},
    {CONF "/vm_mappings", TRUST_PUBLIC, true},
    {CONF "/vm_mappings.d", TRUST_PUBLIC, false},
    {CONF "/vm_mappings.d/*", TRUST_PUBLIC, false},
    {CONF "/yubikey_mappings", TRUST_PUBLIC, false},
    {STATE, TRUST_PUBLIC, true},
    {STATE "/addresses", TRUST_PUBLIC, false},
    {STATE "/verify", TRUST_PRIVATE, true},
    {STATE "/verify/keys.db*", TRUST_PRIVATE, true},
    {LOGS, TRUST_LOG, true},
    {LOGS "/audit.jsonl*", TRUST_LOG, false},
    {RUN, TRUST_PUBLIC, false},
    {RUN "/pam.sock", TRUST_SOCKET, false},
    {RUN "/admin.sock", TRUST_SOCKET, false},
    {RUN "/vm", TRUST_PUBLIC, false},
    {RUN "/vm/*", TRUST_PUBLIC, false},
    {"/usr/sbin/sallyportd", TRUST_PROGRAM, true},
    {"/usr/sbin/sallyport", TRUST_PROGRAM, true},
    {"/usr/bin/sallyport-shell", TRUST_PROGRAM, true},
    {LIBEXECDIR, TRUST_PUBLIC, true},
    {LIBEXECDIR "/*", TRUST_PROGRAM, true},
    {PAMDIR "/pam_sallyport.so", TRUST_PROGRAM, false},
    {"/etc/pam.d", TRUST_PUBLIC, true},
    {"/etc/pam.d/*", TRUST_PUBLIC, true},
    {"/etc/ssh/sshd_config", TRUST_PUBLIC, true},
    {"/etc/ssh/sshd_config.d", TRUST_PUBLIC, false},
    {"/etc/ssh/sshd_config.d/*", TRUST_PUBLIC, false},
    {"/etc/ssh/ssh_host_*_key", TRUST_SECRET, false},
    {"/etc/passwd", TRUST_PUBLIC, true},
    {"/etc/group", TRUST_PUBLIC, true},
    {"/etc/nsswitch.conf", TRUST_PUBLIC, false},
    {"/etc/hosts", TRUST_PUBLIC, false},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/* Bits that must not be set. */
static mode_t
too_much(enum trust trust)
{
	switch (trust) {
	case TRUST_SECRET:
		return 037;
	case TRUST_LOG:
		return 027;
	case TRUST_PRIVATE:
	case TRUST_SOCKET:
		return 077;
	case TRUST_PROGRAM:
		return 022 | S_ISUID | S_ISGID;
	case TRUST_PUBLIC:
	default:
		return 022;
	}
}

typedef void
visit(struct doctor *doctor, const struct doctor_check *check, const char *path,
    enum trust trust);

static void
each_place(struct doctor *doctor, const struct doctor_check *check, visit *call)
{
	for (size_t i = 0; i < PLACES; i++) {
		glob_t found;
		if (glob(places[i].pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; j < found.gl_pathc; j++)
			call(doctor, check, found.gl_pathv[j], places[i].trust);
		globfree(&found);
	}
	if (doctor->settings != NULL)
		call(doctor, check, doctor->settings->store_key, TRUST_SECRET);
	for (size_t i = 0; doctor->settings != NULL && i < doctor->settings->sshd_count; i++)
		call(doctor, check, doctor->settings->sshd[i], TRUST_PROGRAM);
}

static void
check_missing(struct doctor *doctor, const struct doctor_check *check)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct finding *finding;
		glob_t found;
		if (!places[i].is_needed)
			continue;
		if (glob(places[i].pattern, 0, NULL, &found) == 0) {
			globfree(&found);
			continue;
		}
		finding = doctor_find(doctor, check, "%s is not there", places[i].pattern);
		finding_at(finding, places[i].pattern, 0);
		finding_mend(
		    finding, strncmp(places[i].pattern, STATE, strlen(STATE)) == 0
				 ? "start sallyportd: it makes what is missing; or put "
				   "the backup back"
				 : "write it, put it back, or install it again");
	}
}

/* Links of root's are followed: what they lead to counts, and so does where they lie. */
static void
visit_owner(
    struct doctor *doctor, const struct doctor_check *check, const char *path, enum trust trust)
{
	struct finding *finding;
	char word[WORDS];
	struct stat st;

	if (trust == TRUST_PRIVATE || stat(path, &st) < 0 || st.st_uid == 0)
		return;
	finding = doctor_find(doctor, check, "%s belongs to uid %u", path, st.st_uid);
	finding_at(finding, path, 0);
	finding_command(finding, "chown root %s", finding_quote(word, sizeof(word), path));
}

static void
check_owner(struct doctor *doctor, const struct doctor_check *check)
{
	each_place(doctor, check, visit_owner);
}

static void
find_mode(struct doctor *doctor, const struct doctor_check *check, const char *path,
    const struct stat *st, mode_t bits)
{
	struct finding *finding = doctor_find(
	    doctor, check, "%s has mode %04o", path, (unsigned int)(st->st_mode & 07777));
	char word[WORDS];

	finding_at(finding, path, 0);
	finding_command(finding, "chmod %04o %s",
	    (unsigned int)(st->st_mode & 07777 & ~(unsigned int)bits),
	    finding_quote(word, sizeof(word), path));
}

/* Writable by more than it should be. */
static void
visit_mode(
    struct doctor *doctor, const struct doctor_check *check, const char *path, enum trust trust)
{
	mode_t bits = too_much(trust) & (022 | S_ISUID | S_ISGID);
	struct stat st;

	/* What matters of a socket is who may connect: writing. */
	if (stat(path, &st) == 0 && (st.st_mode & bits) != 0 &&
	    !(S_ISDIR(st.st_mode) && (st.st_mode & bits) == S_ISGID))
		find_mode(doctor, check, path, &st, bits);
}

static void
check_mode(struct doctor *doctor, const struct doctor_check *check)
{
	each_place(doctor, check, visit_mode);
}

/* Readable by more than it should be. */
static void
visit_secret(
    struct doctor *doctor, const struct doctor_check *check, const char *path, enum trust trust)
{
	mode_t bits = too_much(trust) & (mode_t) ~(022 | S_ISUID | S_ISGID);
	struct stat st;

	if (bits != 0 && stat(path, &st) == 0 && (st.st_mode & bits) != 0)
		find_mode(doctor, check, path, &st, bits);
}

static void
check_secret(struct doctor *doctor, const struct doctor_check *check)
{
	each_place(doctor, check, visit_secret);
}

/* The folders above: who may rename in one of them decides what the path means. */
static void
visit_folders(
    struct doctor *doctor, const struct doctor_check *check, const char *path, enum trust trust)
{
	char folder[PATH_MAX], word[WORDS];
	struct stat st;
	char *slash;

	(void)trust;
	if (realpath(path, folder) == NULL)
		return;
	while ((slash = strrchr(folder, '/')) != NULL && slash != folder) {
		struct finding *finding;
		*slash = '\0';
		if (strcmp(folder, STATE "/verify") == 0 || stat(folder, &st) < 0)
			continue; /* verify's own, below root's */
		if (st.st_uid != 0) {
			finding = doctor_find(
			    doctor, check, "%s belongs to uid %u", folder, st.st_uid);
			finding_at(finding, folder, 0);
			finding_command(finding, "chown root %s",
			    finding_quote(word, sizeof(word), folder));
		}
		if ((st.st_mode & 022) != 0 && (st.st_mode & S_ISVTX) == 0)
			find_mode(doctor, check, folder, &st, 022);
	}
}

static void
check_folders(struct doctor *doctor, const struct doctor_check *check)
{
	each_place(doctor, check, visit_folders);
}

/* verify's folder is its own account's, or it cannot count. */
static void
check_store(struct doctor *doctor, const struct doctor_check *check)
{
	static const char path[] = STATE "/verify/keys.db";
	struct finding *finding;
	struct stat folder, file;

	if (stat(STATE "/verify", &folder) < 0 || stat(path, &file) < 0 ||
	    (folder.st_uid != 0 && folder.st_uid == file.st_uid))
		return;
	finding = doctor_find(doctor, check, "%s belongs to uid %u, its folder to uid %u", path,
	    file.st_uid, folder.st_uid);
	finding_at(finding, path, 0);
	finding_command(finding, "chown -R _sallyport-verify: " STATE "/verify");
}

static const struct doctor_check checks[] = {
    DOCTOR_CHECK("file-missing", FINDING_LOCKOUT, check_missing,
	"Without it the daemon, or a login, fails."),
    DOCTOR_CHECK("file-owner", FINDING_HOLE, check_owner,
	"Its owner can change who may pass, or what runs as root."),
    DOCTOR_CHECK("file-mode", FINDING_HOLE, check_mode,
	"Others than root can change it, or it gives its caller another's rights."),
    DOCTOR_CHECK("file-secret", FINDING_HOLE, check_secret,
	"Others can read what is secret, or meant for few."),
    DOCTOR_CHECK("file-folder", FINDING_HOLE, check_folders,
	"Who can rename in that folder can put another file in the place of this one."),
    DOCTOR_CHECK("store-owner", FINDING_LOCKOUT, check_store,
	"verify cannot write its counters: no OTP is accepted."),
    DOCTOR_CHECKS_END};

const struct doctor_group doctor_files = {.name = "files", .checks = checks};
