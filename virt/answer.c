/* Packs and sends. */
#include "virt/answer.h"

#include "lib/helper.h"

#define SEND_MS 5000

int
answer_opened(uint32_t id, enum proto_virt status, int fd)
{
	uint8_t buf[16];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_VIRT_OPENED, id);
	wire_put_u8(&out, (uint8_t)status);
	return helper_send_fd(buf, out.len, fd, SEND_MS);
}

int
answer_changed(const char *name, enum proto_vm_state state)
{
	uint8_t buf[PROTO_NAME_MAX + 32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_VIRT_CHANGED, 0);
	wire_put_str(&out, name);
	wire_put_u8(&out, (uint8_t)state);
	return helper_send(buf, out.len, SEND_MS);
}

int
answer_dial(const char *path)
{
	uint8_t buf[PROTO_NAME_MAX + 32];
	struct wire_out out;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_VIRT_DIAL, 0);
	wire_put_str(&out, path);
	return helper_send(buf, out.len, SEND_MS);
}
