/* Packs questions. */
#include "shell/talk.h"

#include "lib/client.h"
#include "lib/secret.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_PATH "/run/sallyport/shell.sock"

int
talk_open(struct talk *talk)
{
	talk->passed = -1;
	talk->fd = client_connect(SOCKET_PATH, io_now_ms() + TALK_MS);
	return talk->fd < 0 ? talk->fd : 0;
}

void
talk_close(struct talk *talk)
{
	io_close(&talk->fd);
	io_close(&talk->passed);
}

static int
send_out(struct talk *talk, struct wire_out *out)
{
	int err = client_send(talk->fd, out->buf, out->len, -1, io_now_ms() + TALK_MS);

	secret_wipe(out->buf, out->len);
	return err;
}

static uint8_t
flags(const struct asked *asked)
{
	return (uint8_t)((isatty(STDIN_FILENO) ? PROTO_SHELL_STDIN_TTY : 0) |
			 (isatty(STDOUT_FILENO) ? PROTO_SHELL_STDOUT_TTY : 0) |
			 (asked->form == ASKED_JSON ? PROTO_SHELL_DETAIL : 0));
}

int
talk_begin(struct talk *talk, const struct asked *asked)
{
	const char *command = asked->command != NULL ? asked->command : "";
	size_t len = strlen(command);
	struct wire_out out;

	wire_out_init(&out, talk->buf, sizeof(talk->buf));
	proto_put_header(&out, PROTO_SHELL_BEGIN, 1);
	wire_put_u8(&out, (uint8_t)asked->ask);
	wire_put_u8(&out, flags(asked));
	wire_put_str(&out, asked->vm);
	wire_put_str(&out, asked->right);
	wire_put_u32(&out, (uint32_t)len);
	wire_put_bytes(&out, command, len < PROTO_TEXT_MAX ? len : PROTO_TEXT_MAX);
	return send_out(talk, &out);
}

int
talk_otp(struct talk *talk, const char *otp)
{
	struct wire_out out;

	wire_out_init(&out, talk->buf, sizeof(talk->buf));
	proto_put_header(&out, PROTO_SHELL_OTP, 2);
	wire_put_str(&out, otp);
	return send_out(talk, &out);
}

/* As client_receive, but from root a descriptor may come. */
static ssize_t
receive(struct talk *talk, int64_t deadline_ms)
{
	int fds[IO_FDS_MAX], err;
	ssize_t n;

	io_close(&talk->passed);
	while ((n = io_receive(talk->fd, talk->buf, sizeof(talk->buf), fds)) == -EAGAIN)
		if ((err = io_wait(talk->fd, POLLIN, deadline_ms)) < 0)
			return err;
	talk->passed = fds[0];
	io_close(&fds[1]);
	return n == 0 ? -ECONNRESET : n;
}

int
talk_receive(struct talk *talk)
{
	ssize_t n = receive(talk, io_now_ms() + TALK_MS);

	if (n < 0)
		return (int)n;
	wire_in_init(&talk->in, talk->buf, (size_t)n);
	return proto_get_header(&talk->in, &talk->header);
}
