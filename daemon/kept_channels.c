/* The file: a header, which begins with the last number, then a cell for each channel.
 * Written by pwrite() at once and never flushed: it need not outlive the kernel. */
#include "daemon/kept_channels.h"

#include "daemon/channel_record.h"
#include "lib/io.h"
#include "lib/log.h"
#include "lib/proto.h"
#include "lib/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT      1
#define HEADER_SIZE 128
#define CELL_SIZE   1024
#define CELLS_FIRST 64
#define CELLS_MAX   65536
#define AT_ONCE     32 /* ends on their way to the recorder */

enum cell_state { CELL_FREE = 0, CELL_OURS, CELL_LEAVING, CELL_OLD, CELL_TOLD };

struct cell {
	uint32_t id;
	enum cell_state state;
};

struct kept_channels {
	int fd; /* -1: there is no file */
	uint32_t last;
	struct cell *cells;
	size_t count, used; /* cells; of them not free */
	size_t leaving, told;
};

struct ticket {
	struct kept_channels *kept;
	struct audit *audit;
	size_t at;
};

static off_t
place_of(size_t at)
{
	return HEADER_SIZE + (off_t)at * CELL_SIZE;
}

/* What cannot be written any more is not kept: nothing else depends on it. */
static void
put(struct kept_channels *kept, const void *bytes, size_t len, off_t place)
{
	if (kept->fd < 0 || pwrite(kept->fd, bytes, len, place) == (ssize_t)len)
		return;
	log_error(KEPT_CHANNELS_PATH ": cannot be written: %s", strerror(errno));
	io_close(&kept->fd);
}

static void
put_header(struct kept_channels *kept, const char *boot)
{
	uint8_t buf[HEADER_SIZE] = {0};
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u32(&out, kept->last);
	wire_put_u8(&out, FORMAT);
	wire_put_str(&out, boot);
	put(kept, buf, sizeof(buf), 0);
}

/* Is it of this boot, and what we would have written? */
static bool
read_header(struct kept_channels *kept, const char *boot)
{
	uint8_t buf[HEADER_SIZE];
	char of[HEADER_SIZE];
	struct wire_in in;
	uint32_t last;

	if (pread(kept->fd, buf, sizeof(buf), 0) != (ssize_t)sizeof(buf))
		return false;
	wire_in_init(&in, buf, sizeof(buf));
	last = wire_get_u32(&in);
	if (wire_get_u8(&in) != FORMAT)
		return false;
	wire_get_str(&in, of, sizeof(of));
	if (in.failed || boot[0] == '\0' || strcmp(of, boot) != 0)
		return false;
	kept->last = last;
	return true;
}

static bool
is_in_use(const struct kept_channels *kept, size_t at)
{
	uint8_t used = 0;

	return pread(kept->fd, &used, 1, place_of(at)) == 1 && used == 1;
}

/* False without memory, or when there would be too many. */
static bool
grow(struct kept_channels *kept, size_t n)
{
	struct cell *more;

	if (n > CELLS_MAX || (more = realloc(kept->cells, n * sizeof(*more))) == NULL)
		return false;
	memset(more + kept->count, 0, (n - kept->count) * sizeof(*more));
	kept->cells = more;
	kept->count = n;
	return true;
}

/* A free one. */
static bool
find_room(struct kept_channels *kept, size_t *at)
{
	for (*at = 0; *at < kept->count; ++*at)
		if (kept->cells[*at].state == CELL_FREE)
			return true;
	return grow(kept, kept->count == 0 ? CELLS_FIRST : 2 * kept->count);
}

static void
take(struct kept_channels *kept, size_t at, uint32_t id, enum cell_state state)
{
	kept->cells[at] = (struct cell){.id = id, .state = state};
	kept->used++;
}

static void
read_cells(struct kept_channels *kept)
{
	struct stat st;
	size_t n;

	if (fstat(kept->fd, &st) < 0 || st.st_size <= HEADER_SIZE)
		return;
	n = (size_t)(st.st_size - HEADER_SIZE + CELL_SIZE - 1) / CELL_SIZE;
	if (!grow(kept, n < CELLS_MAX ? n : CELLS_MAX))
		return;
	for (size_t i = 0; i < kept->count; i++)
		if (is_in_use(kept, i))
			take(kept, i, 0, CELL_OLD);
}

struct kept_channels *
kept_channels_new(const char *path, const char *boot)
{
	struct kept_channels *kept = calloc(1, sizeof(*kept));
	struct stat st;

	if (kept == NULL)
		return NULL;
	kept->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (kept->fd >= 0 &&
	    (fstat(kept->fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()))
		io_close(&kept->fd);
	if (kept->fd < 0) {
		log_error("%s: cannot be used", path);
		return kept;
	}
	if (read_header(kept, boot)) {
		read_cells(kept);
	} else if (ftruncate(kept->fd, 0) == 0) {
		put_header(kept, boot);
	}
	return kept;
}

void
kept_channels_free(struct kept_channels *kept)
{
	if (kept == NULL)
		return;
	io_close(&kept->fd);
	free(kept->cells);
	free(kept);
}

uint32_t
kept_channels_number(struct kept_channels *kept)
{
	uint8_t buf[sizeof(uint32_t)];
	struct wire_out out;

	if (++kept->last == 0)
		kept->last = 1;
	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u32(&out, kept->last);
	put(kept, buf, sizeof(buf), 0);
	return kept->last;
}

void
kept_channels_add(struct kept_channels *kept, const struct kept_channel *channel)
{
	uint8_t buf[CELL_SIZE];
	struct wire_out out;
	size_t at;

	wire_out_init(&out, buf, sizeof(buf));
	wire_put_u8(&out, 1);
	wire_put_u32(&out, channel->id);
	wire_put_u32(&out, channel->conn_id);
	wire_put_u32(&out, channel->uid);
	wire_put_str(&out, channel->user);
	wire_put_str(&out, channel->vm);
	wire_put_str(&out, channel->right);
	if (out.failed || kept->fd < 0 || !find_room(kept, &at))
		return;
	take(kept, at, channel->id, CELL_OURS);
	put(kept, buf, out.len, place_of(at));
}

/* An empty file takes no memory. */
static void
give_up(struct kept_channels *kept, size_t at)
{
	static const uint8_t unused;

	kept->cells[at].state = CELL_FREE;
	kept->used--;
	if (kept->used > 0 || kept->fd < 0 || ftruncate(kept->fd, HEADER_SIZE) < 0)
		put(kept, &unused, 1, place_of(at));
}

static bool
find(const struct kept_channels *kept, uint32_t id, size_t *at)
{
	for (*at = 0; *at < kept->count; ++*at)
		if (kept->cells[*at].state == CELL_OURS && kept->cells[*at].id == id)
			return true;
	return false;
}

void
kept_channels_drop(struct kept_channels *kept, uint32_t id)
{
	size_t at;

	if (find(kept, id, &at))
		give_up(kept, at);
}

void
kept_channels_leave(struct kept_channels *kept, uint32_t id)
{
	size_t at;

	if (!find(kept, id, &at))
		return;
	kept->cells[at].state = CELL_LEAVING;
	kept->leaving++;
}

void
kept_channels_settle(struct kept_channels *kept)
{
	for (size_t i = 0; kept != NULL && kept->leaving > 0 && i < kept->count; i++) {
		if (kept->cells[i].state != CELL_LEAVING)
			continue;
		kept->leaving--;
		give_up(kept, i);
	}
}

/* 0, and on_told is called later; -EBADMSG: nothing can be said of it; -errno. */
static int
tell(struct ticket *ticket, audit_done_fn *fn)
{
	struct kept_channel channel;
	char user[PROTO_NAME_MAX + 1], vm[PROTO_NAME_MAX + 1], right[PROTO_NAME_MAX + 1];
	uint8_t buf[CELL_SIZE] = {0};
	struct wire_in in;

	if (pread(ticket->kept->fd, buf, sizeof(buf), place_of(ticket->at)) <= 0)
		return -EBADMSG;
	wire_in_init(&in, buf, sizeof(buf));
	(void)wire_get_u8(&in);
	channel.id = wire_get_u32(&in);
	channel.conn_id = wire_get_u32(&in);
	channel.uid = wire_get_u32(&in);
	wire_get_str(&in, user, sizeof(user));
	wire_get_str(&in, vm, sizeof(vm));
	wire_get_str(&in, right, sizeof(right));
	if (in.failed)
		return -EBADMSG;
	channel.user = user;
	channel.vm = vm;
	channel.right = right;
	return channel_record_lost(ticket->audit, &channel, fn, ticket);
}

/* What could not be written waits for the next recorder. */
static void
on_told(void *arg, int error)
{
	struct ticket ticket = *(struct ticket *)arg;

	free(arg);
	ticket.kept->told--;
	if (error < 0) {
		ticket.kept->cells[ticket.at].state = CELL_OLD;
		return;
	}
	give_up(ticket.kept, ticket.at);
	kept_channels_close_old(ticket.kept, ticket.audit);
}

void
kept_channels_close_old(struct kept_channels *kept, struct audit *audit)
{
	for (size_t i = 0; i < kept->count && kept->told < AT_ONCE; i++) {
		struct ticket *ticket;
		int err;

		if (kept->cells[i].state != CELL_OLD)
			continue;
		ticket = malloc(sizeof(*ticket));
		if (ticket == NULL)
			return;
		*ticket = (struct ticket){.kept = kept, .audit = audit, .at = i};
		kept->cells[i].state = CELL_TOLD;
		kept->told++;
		err = tell(ticket, on_told);
		if (err == 0)
			continue;
		free(ticket);
		kept->told--;
		kept->cells[i].state = CELL_OLD;
		if (err != -EBADMSG)
			return;
		give_up(kept, i);
	}
}

size_t
kept_channels_old(const struct kept_channels *kept)
{
	size_t n = 0;

	for (size_t i = 0; i < kept->count; i++)
		n += kept->cells[i].state == CELL_OLD || kept->cells[i].state == CELL_TOLD;
	return n;
}
