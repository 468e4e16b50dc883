/* Confines itself as sallyport-shell does and executes the program: for tests that want
 * no sshd, and other programs in the place of the real ones.
 *
 *   files_driver UID:GID PROGRAM FOLDER… -- WORD…
 *
 * PROGRAM: sftp-server, scp, rsync. FOLDER: NAME:PATH or NAME:PATH:ro. UID:GID is taken
 * on first. With the word "read-only" before PROGRAM, what is weak will do. The level
 * goes to standard error as "level N". Without WORDs that is all. */
#include "files/files.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum files_program
program_of(const char *name)
{
	return strcmp(name, "scp") == 0     ? FILES_SCP
	       : strcmp(name, "rsync") == 0 ? FILES_RSYNC
					    : FILES_SFTP_SERVER;
}

static void
become(const char *ids, struct files_place *place)
{
	char *colon;
	uid_t uid = (uid_t)strtoul(ids, &colon, 10);
	gid_t gid = (gid_t)strtoul(*colon == ':' ? colon + 1 : "", NULL, 10);

	if (uid == 0 || gid == 0)
		exit(2);
	place->uid = uid;
	place->gid = gid;
	if (getuid() == uid)
		return;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		exit(2);
}

static struct files_folder
folder_of(char *word)
{
	struct files_folder folder = {.name = word, .is_writable = true};
	char *colon = strchr(word, ':'), *end;

	if (colon == NULL)
		exit(2);
	*colon = '\0';
	folder.path = colon + 1;
	end = strchr(colon + 1, ':');
	if (end != NULL) {
		*end = '\0';
		folder.is_writable = false;
	}
	return folder;
}

int
main(int argc, char **argv)
{
	static struct files_folder folders[FILES_FOLDERS_MAX];
	struct files_place place = {.folders = folders, .user = "anne", .group = "people"};
	enum files_level level;
	const char *what;
	int at = 1, err;

	if (argc < 4)
		return 2;
	become(argv[at++], &place);
	if (strcmp(argv[at], "read-only") == 0) {
		place.may_only_read = true;
		at++;
	}
	place.program = program_of(argv[at++]);
	for (; at < argc && strcmp(argv[at], "--") != 0 && place.count < FILES_FOLDERS_MAX;
	     at++)
		folders[place.count++] = folder_of(argv[at]);
	err = files_confine(&place, &level, &what);
	if (err < 0) {
		fprintf(stderr, "not confined: %s: %s\n", what, strerror(-err));
		return 3;
	}
	fprintf(stderr, "level %d\n", (int)level);
	if (at + 1 >= argc)
		return 0;
	err = files_execute(&place, level, &argv[at + 1]);
	fprintf(stderr, "not executed: %s\n", strerror(-err));
	return 4;
}
