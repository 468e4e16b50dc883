/* Connect, send, collect. */
#include "cli/ask.h"

#include "lib/client.h"
#include "lib/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 3000
#define ANSWER_MS  20000
#define WORD_MS    2000 /* silence after which a terminal is told that we wait */

void
ask_begin(struct ask *ask, enum proto_type type)
{
	*ask = (struct ask){.fd_to_pass = -1, .timeout_ms = ANSWER_MS};
	wire_out_init(&ask->out, ask->buf, sizeof(ask->buf));
	proto_put_header(&ask->out, (uint8_t)type, 1);
}

void
ask_free(struct ask *ask)
{
	rows_free(&ask->rows);
}

static int
unreachable(const struct cli *cli, int err)
{
	const char *path = cli->socket_path;

	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return cli_fail(CLI_UNAVAILABLE, "%s: sallyportd is not running", path);
	case -ETIMEDOUT:
		return cli_fail(CLI_UNAVAILABLE, "%s: sallyportd does not answer", path);
	case -ECONNRESET:
	case -EPIPE:
		return cli_fail(CLI_UNAVAILABLE, "%s: sallyportd closed the connection", path);
	case -EACCES:
		return cli_fail(CLI_NOPERM, "%s: only root may ask the daemon", path);
	case -EPERM:
		return cli_fail(CLI_UNAVAILABLE, "%s: who listens there is not root", path);
	case -EBADMSG:
	case -EPROTONOSUPPORT:
		return cli_fail(CLI_UNAVAILABLE,
		    "%s: the daemon's answer cannot be read: are both of one version?", path);
	default:
		return cli_fail(CLI_UNAVAILABLE, "%s: %s", path, strerror(-err));
	}
}

/* A message of the answer: 1 when it was the last, 0, -errno. */
static int
take_message(struct ask *ask, const uint8_t *buf, size_t len)
{
	struct proto_header header;
	struct wire_in in;
	int err;

	wire_in_init(&in, buf, len);
	err = proto_get_header(&in, &header);
	if (err < 0)
		return err;
	if (header.id != 1)
		return -EBADMSG;
	if (header.type == PROTO_ADMIN_ROW)
		return rows_unpack(&ask->rows, &in);
	if (header.type != PROTO_ADMIN_END)
		return -EBADMSG;
	ask->status = wire_get_u8(&in);
	wire_get_str(&in, ask->text, sizeof(ask->text));
	err = wire_end(&in);
	return err < 0 ? err : 1;
}

/* Waits for a message in slices, so that a person sees that something goes on. */
static ssize_t
receive(int fd, uint8_t *buf, const struct ask *ask, int64_t started_ms)
{
	int64_t deadline_ms = started_ms + ask->timeout_ms;

	for (;;) {
		int64_t now_ms = io_now_ms(), until_ms = now_ms + WORD_MS;
		ssize_t n = client_receive(
		    fd, buf, IO_MESSAGE_MAX, until_ms < deadline_ms ? until_ms : deadline_ms);
		if (n != -ETIMEDOUT || io_now_ms() >= deadline_ms)
			return n;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "sallyport: working (%d s) …\n",
			    (int)((io_now_ms() - started_ms) / 1000));
	}
}

static int
collect(int fd, struct ask *ask)
{
	uint8_t *buf = malloc(IO_MESSAGE_MAX);
	int64_t started_ms = io_now_ms();
	int err = buf == NULL ? -ENOMEM : 0;

	while (err == 0) {
		ssize_t n = receive(fd, buf, ask, started_ms);
		err = n < 0 ? (int)n : take_message(ask, buf, (size_t)n);
	}
	free(buf);
	return err < 0 ? err : 0;
}

int
ask_daemon(const struct cli *cli, struct ask *ask)
{
	int64_t deadline_ms = io_now_ms() + CONNECT_MS;
	int fd, err;

	if (ask->out.failed)
		return cli_fail(CLI_USAGE, "a word is too long for any name");
	fd = client_connect(cli->socket_path, deadline_ms);
	err =
	    fd < 0 ? fd : client_send(fd, ask->buf, ask->out.len, ask->fd_to_pass, deadline_ms);
	if (err == 0)
		err = collect(fd, ask);
	io_close(&fd);
	if (err < 0 && ask->is_quiet)
		return CLI_UNAVAILABLE;
	return err < 0 ? unreachable(cli, err) : 0;
}
