/* For tests: the recorder's supervisor, with the real folder operations. */
#ifndef SALLYPORT_TESTS_SUPPORT_LOG_PLAY_H
#define SALLYPORT_TESTS_SUPPORT_LOG_PLAY_H

#include "daemon/logfolder.h"
#include "lib/audit_field.h"
#include "tests/support/helper_talk.h"

#include <fcntl.h>

struct play {
	struct helper helper;
	int folder;
	uint64_t seq, store_seq; /* as READY gave them */
	bool is_next;
};

static uint8_t play_buf[4096];
static struct wire_out play_out;

static inline void
play_start(struct play *p, const char *program, const char *folder, const char *log)
{
	const char *const argv[] = {program, "--log", log, "--host", "gw1", NULL};
	struct wire_in in;

	p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	REQUIRE(p->folder >= 0);
	p->helper = helper_start(argv);
	helper_get(&p->helper, PROTO_READY, &in);
	p->seq = wire_get_u64(&in);
	p->store_seq = wire_get_u64(&in);
	p->is_next = wire_get_u8(&in);
	REQUIRE(wire_end(&in) == 0);
}

/* A message without fields, or the beginning of one. */
static inline void
play_begin(uint8_t type, uint32_t id)
{
	wire_out_init(&play_out, play_buf, sizeof(play_buf));
	proto_put_header(&play_out, type, id);
}

/* To be ended by a number of fields that was given. */
static inline void
play_number(uint8_t field, uint64_t value)
{
	wire_put_u8(&play_out, field);
	wire_put_u8(&play_out, 0);
	wire_put_u64(&play_out, value);
}

#endif
