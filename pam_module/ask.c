/* Packs the questions, unpacks the answers. */
#include "pam_module/ask.h"

#include "lib/client.h"
#include "lib/io.h"
#include "lib/secret.h"

#include <errno.h>
#include <string.h>

#define AUTH_INFO_ROOM (PROTO_KEY_MAX + 4096)
#define ANSWER_ROOM    (PROTO_TEXT_MAX + 64 + PROTO_KEYS_MAX * (PROTO_PUBLIC_ID_MAX + 2))

/* One line of SSH_AUTH_INFO_0: the method, then, behind a blank, its data. */
static void
put_auth_line(struct wire_out *out, const char *line, size_t len)
{
	const char *blank = memchr(line, ' ', len);
	size_t method_len = blank != NULL ? (size_t)(blank - line) : len;
	size_t data_len = blank != NULL ? len - method_len - 1 : 0;

	if (data_len > PROTO_KEY_MAX)
		data_len = 0;
	wire_put_bytes(out, line, method_len);
	wire_put_bytes(out, blank != NULL ? blank + 1 : "", data_len);
}

static void
put_auth_info(struct wire_out *out, const char *info)
{
	size_t count_at = out->len;
	uint8_t n = 0;

	wire_put_u8(out, 0);
	while (info != NULL && *info != '\0' && n < PROTO_AUTH_LINES) {
		size_t len = strcspn(info, "\n");
		if (len > 0) {
			put_auth_line(out, info, len);
			n++;
		}
		info += len + (info[len] == '\n');
	}
	if (!out->failed)
		out->buf[count_at] = n;
}

static const char no_answer[] = "Sallyport does not answer on this gateway: no access now. "
				"Please tell its administrators.";
static const char too_late[] = "This prompt is no longer open: no access. Please log in again.";

static void
unavailable(struct ask_answer *answer, int error, const char *words)
{
	*answer = (struct ask_answer){
	    .type = PROTO_PAM_REFUSED, .refusal = PROTO_REFUSED_UNAVAILABLE, .error = error};
	memcpy(answer->text, words, strlen(words) + 1);
}

static void
get_ids(struct wire_in *in, struct split_ids *ids)
{
	uint16_t n = wire_get_u16(in);

	if (n > PROTO_KEYS_MAX) {
		in->failed = true;
		return;
	}
	for (uint16_t i = 0; i < n; i++)
		wire_get_str(in, ids->id[i], sizeof(ids->id[i]));
	ids->count = n;
}

static int
unpack(const void *buf, size_t len, struct ask_answer *answer)
{
	struct proto_header header;
	struct wire_in in;
	int err;

	wire_in_init(&in, buf, len);
	err = proto_get_header(&in, &header);
	if (err < 0)
		return err;
	*answer = (struct ask_answer){.type = header.type};
	if (header.type == PROTO_PAM_REFUSED)
		answer->refusal = wire_get_u8(&in);
	if (header.type == PROTO_PAM_REFUSED || header.type == PROTO_PAM_PROMPT)
		wire_get_str(&in, answer->text, sizeof(answer->text));
	else if (header.type != PROTO_PAM_GRANTED && header.type != PROTO_PAM_UNCONCERNED)
		return -EBADMSG;
	if (header.type == PROTO_PAM_PROMPT)
		get_ids(&in, &answer->ids);
	return wire_end(&in);
}

static int
exchange(int fd, const struct wire_out *out, int64_t deadline_ms, struct ask_answer *answer)
{
	unsigned char buf[ANSWER_ROOM];
	ssize_t n;
	int err =
	    out->failed ? -EMSGSIZE : client_send(fd, out->buf, out->len, -1, deadline_ms);

	if (err == 0) {
		n = client_receive(fd, buf, sizeof(buf), deadline_ms);
		err = n < 0 ? (int)n : unpack(buf, (size_t)n, answer);
	}
	return err;
}

void
ask_with_login(int *fd, const char *socket, uint8_t type, const struct ask_login *login,
    int timeout_ms, struct ask_answer *answer)
{
	int64_t deadline_ms = io_now_ms() + timeout_ms;
	unsigned char buf[AUTH_INFO_ROOM];
	struct wire_out out;
	int err;

	*fd = client_connect(socket, deadline_ms);
	if (*fd < 0) {
		unavailable(answer, *fd, no_answer);
		*fd = -1;
		return;
	}
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, type, 1);
	if (type == PROTO_PAM_BEGIN_GATED)
		wire_put_str(&out, login->group);
	wire_put_str(&out, login->service);
	wire_put_str(&out, login->user);
	wire_put_str(&out, login->rhost);
	wire_put_str(&out, login->tty);
	wire_put_str(&out, login->ruser);
	put_auth_info(&out, login->auth_info);
	err = exchange(*fd, &out, deadline_ms, answer);
	if (err < 0)
		unavailable(answer, err, no_answer);
}

void
ask_otp(int fd, const char *otp, size_t len, int timeout_ms, struct ask_answer *answer)
{
	unsigned char buf[PROTO_OTP_MAX + 16];
	struct wire_out out;
	int err;

	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out, PROTO_PAM_OTP, 2);
	wire_put_bytes(&out, otp, len);
	err = exchange(fd, &out, io_now_ms() + timeout_ms, answer);
	/* The daemon closes prompts that stood open for too long. */
	if (err == -EPIPE || err == -ECONNRESET)
		unavailable(answer, err, too_late);
	else if (err < 0)
		unavailable(answer, err, no_answer);
	secret_wipe(buf, sizeof(buf));
}
