/* Builds what a power cut could have left, from the log of cut_shim.c: of writes that
 * were not flushed a random choice of 512-byte sectors, of names that were not flushed
 * a random choice. cut_replay LOG BASE OUT CUT SEED ACKS [ignore]
 * BASE: a copy of the folder from before; BASE.inodes: its numbers. CUT: see below.
 * ignore: a disk that loses what was flushed, too (the control). */
#include "tests/support/cut_log.h"
#include "tests/support/require.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR  512
#define FILES   256
#define CHANGES 4096

struct image {
	char *bytes;
	size_t size, cap;
};

struct file {
	uint64_t ino;
	struct image safe, now; /* as flushed last; as written */
};

struct entry {
	char name[CUT_NAME];
	uint64_t ino;
};

/* The folder's names, as they are on disk, and what has been done to them since. */
static struct entry entries[FILES];
static size_t entry_count;
static struct cut_record changes[CHANGES];
static size_t change_count;
static struct file files[FILES];
static size_t file_count;
static uint64_t folder;
static bool ignores;

static void
resize(struct image *image, size_t size)
{
	if (size > image->cap) {
		image->cap = size * 2;
		image->bytes = realloc(image->bytes, image->cap);
		REQUIRE(image->bytes != NULL);
	}
	if (size > image->size)
		memset(image->bytes + image->size, 0, size - image->size);
	image->size = size;
}

static void
copy(struct image *to, const struct image *from)
{
	resize(to, from->size);
	if (from->size > 0)
		memcpy(to->bytes, from->bytes, from->size);
}

/* Made where it is not known; NULL for a number that is none. */
static struct file *
file_of(uint64_t ino)
{
	for (size_t i = 0; i < file_count; i++)
		if (files[i].ino == ino)
			return &files[i];
	REQUIRE(file_count < FILES);
	files[file_count].ino = ino;
	return &files[file_count++];
}

static struct entry *
entry_of(const char *name)
{
	for (size_t i = 0; i < entry_count; i++)
		if (strcmp(entries[i].name, name) == 0)
			return &entries[i];
	return NULL;
}

static void
set_entry(const char *name, uint64_t ino)
{
	struct entry *entry = entry_of(name);

	if (entry == NULL) {
		REQUIRE(entry_count < FILES);
		entry = &entries[entry_count++];
		snprintf(entry->name, sizeof(entry->name), "%s", name);
	}
	entry->ino = ino;
}

/* ino 0: there is no such name. */
static void
apply(const struct cut_record *change)
{
	struct entry *from = entry_of(change->from);

	switch (change->type) {
	case CUT_CREATE:
		set_entry(change->name, change->ino);
		break;
	case CUT_LINK:
		if (from != NULL && from->ino != 0)
			set_entry(change->name, from->ino);
		break;
	case CUT_RENAME:
		if (from != NULL && from->ino != 0) {
			uint64_t ino = from->ino;
			from->ino = 0;
			set_entry(change->name, ino);
		}
		break;
	default:
		set_entry(change->name, 0);
		break;
	}
}

/* --- the log --------------------------------------------------------------------- */

static void
sync_folder(void)
{
	for (size_t i = 0; i < change_count; i++)
		apply(&changes[i]);
	change_count = 0;
}

static void
take(const struct cut_record *r, FILE *acks)
{
	const char *data = (const char *)(r + 1);
	struct file *file = r->ino != 0 ? file_of(r->ino) : NULL;

	switch (r->type) {
	case CUT_WRITE:
		if (file->now.size < r->at + r->len)
			resize(&file->now, r->at + r->len);
		memcpy(file->now.bytes + r->at, data, r->len);
		break;
	case CUT_SIZE:
		resize(&file->now, r->at);
		break;
	case CUT_SYNC:
		if (!ignores)
			copy(&file->safe, &file->now);
		break;
	case CUT_DIRSYNC:
		if (r->dir == folder && !ignores)
			sync_folder();
		break;
	case CUT_ACK:
		fwrite(data, 1, r->len, acks);
		break;
	default:
		if (r->dir == folder) {
			REQUIRE(change_count < CHANGES);
			changes[change_count++] = *r;
		}
		break;
	}
}

/* CUT: "r40", before the log's 40th record; "a40", after the 40th answer; "w4", after
 * the 4th rotation's first answers from the new file, whose name is not flushed. */
static bool
is_counted(const struct cut_record *r, char what)
{
	bool is_window = r->type == CUT_ACK && r->len == 7;

	return what == 'w' ? is_window : what == 'a' ? r->type == CUT_ACK : true;
}

static void
read_log(const char *path, const char *cut_at, const char *ack_path)
{
	const char what = cut_at[0];
	unsigned long left = strtoul(cut_at + 1, NULL, 10);
	int fd = open(path, O_RDONLY);
	FILE *acks = fopen(ack_path, "w");
	const struct cut_log *cut = mmap(NULL, CUT_LOG_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t used, at = 0;

	REQUIRE(fd >= 0 && acks != NULL && cut != MAP_FAILED);
	used = cut->used;
	REQUIRE(used > 0);
	while (at < used && left > 0) {
		const struct cut_record *r = (const void *)(cut->bytes + at);
		take(r, acks);
		at += sizeof(*r) + (r->len + UINT64_C(7)) / 8 * 8;
		left -= is_counted(r, what);
	}
	fclose(acks);
	close(fd);
}

/* --- before and after --------------------------------------------------------------- */

static void
load(const char *base, const char *name, uint64_t ino)
{
	struct file *file = file_of(ino);
	char path[4096];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	fd = open(path, O_RDONLY);
	REQUIRE(fd >= 0 && fstat(fd, &st) == 0);
	resize(&file->safe, (size_t)st.st_size);
	REQUIRE(read(fd, file->safe.bytes, (size_t)st.st_size) == st.st_size);
	copy(&file->now, &file->safe);
	close(fd);
	set_entry(name, ino);
}

/* BASE/inodes: "INO NAME" a line, of the live folder before the session; the first
 * is the folder's own, with the name ".". */
static void
load_base(const char *base)
{
	char path[4096], line[256];
	FILE *list;

	snprintf(path, sizeof(path), "%s.inodes", base);
	list = fopen(path, "r");
	REQUIRE(list != NULL);
	while (fgets(line, sizeof(line), list) != NULL) {
		char *name = line, *number = strsep(&name, " ");
		uint64_t ino = strtoull(number, NULL, 10);
		REQUIRE(name != NULL);
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, ".") == 0)
			folder = ino;
		else
			load(base, name, ino);
	}
	fclose(list);
	REQUIRE(folder != 0);
}

/* Each sector, and the size, old or new. */
static void
mix(const struct file *file, struct image *left)
{
	size_t size = random() % 2 ? file->now.size : file->safe.size;

	resize(left, size);
	for (size_t at = 0; at < size; at += SECTOR) {
		size_t len = size - at < SECTOR ? size - at : SECTOR;
		const struct image *from = random() % 2 ? &file->now : &file->safe;
		if (at >= from->size)
			memset(left->bytes + at, 0, len);
		else
			memcpy(left->bytes + at, from->bytes + at,
			    from->size - at < len ? from->size - at : len);
	}
}

static void
store(const char *out, const struct entry *entry)
{
	struct image left = {0};
	char path[4096], first[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", out, entry->name);
	/* Two names of one file stay that. */
	for (const struct entry *e = entries; e < entry; e++)
		if (e->ino == entry->ino) {
			snprintf(first, sizeof(first), "%s/%s", out, e->name);
			REQUIRE(link(first, path) == 0);
			return;
		}
	mix(file_of(entry->ino), &left);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640);
	REQUIRE(fd >= 0);
	REQUIRE(left.size == 0 || write(fd, left.bytes, left.size) == (ssize_t)left.size);
	close(fd);
	free(left.bytes);
}

int
main(int argc, char **argv)
{
	if (argc < 7)
		return 64;
	ignores = argc > 7 && strcmp(argv[7], "ignore") == 0;
	srandom((unsigned int)strtoul(argv[5], NULL, 10));
	load_base(argv[2]);
	read_log(argv[1], argv[4], argv[6]);
	for (size_t i = 0; i < change_count; i++)
		if (random() % 2)
			apply(&changes[i]);
	for (size_t i = 0; i < entry_count; i++)
		if (entries[i].ino != 0)
			store(argv[3], &entries[i]);
	return 0;
}
