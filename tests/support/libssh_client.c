/* A client made of libssh: key, then every question answered with the given OTP, then
 * one command, whose streams and exit status become its own.
 *
 *   libssh_client PORT USER KEYFILE OTP COMMAND
 *
 * Says on descriptor 3 how often it was asked. Exit status 255: it did not get in. */
#include "lib/num.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FAILED 255

static int
fail(ssh_session session, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, ssh_get_error(session));
	return FAILED;
}

static bool
has_key(ssh_session session, const char *file)
{
	ssh_key key = NULL;
	int answer;

	if (ssh_pki_import_privkey_file(file, NULL, NULL, NULL, &key) != SSH_OK)
		return false;
	answer = ssh_userauth_publickey(session, NULL, key);
	ssh_key_free(key);
	return answer == SSH_AUTH_PARTIAL;
}

/* The questions so far are added to *asked. */
static bool
has_otp(ssh_session session, const char *otp, int *asked)
{
	int answer;

	while ((answer = ssh_userauth_kbdint(session, NULL, NULL)) == SSH_AUTH_INFO) {
		int n = ssh_userauth_kbdint_getnprompts(session);

		for (int i = 0; i < n; i++)
			ssh_userauth_kbdint_setanswer(session, (unsigned int)i, otp);
		*asked += n > 0 ? n : 0;
	}
	return answer == SSH_AUTH_SUCCESS;
}

static bool
put(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
drain(ssh_channel channel, bool is_stderr)
{
	char buf[16384];
	int n;

	while ((n = ssh_channel_read_nonblocking(channel, buf, sizeof(buf), is_stderr)) > 0)
		if (!put(is_stderr ? STDERR_FILENO : STDOUT_FILENO, buf, (size_t)n))
			return false;
	return n == 0 || n == SSH_EOF;
}

/* Input first, a piece at a time, so that neither side waits for the other. */
static int
carry(ssh_channel channel)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0) {
		if (ssh_channel_write(channel, buf, (uint32_t)n) != n)
			return FAILED;
		if (!drain(channel, false) || !drain(channel, true))
			return FAILED;
	}
	if (ssh_channel_send_eof(channel) != SSH_OK)
		return FAILED;
	while (!ssh_channel_is_eof(channel)) {
		if (ssh_channel_poll_timeout(channel, 20, 0) == SSH_ERROR ||
		    !drain(channel, false) || !drain(channel, true))
			return FAILED;
	}
	(void)drain(channel, false);
	(void)drain(channel, true);
	return ssh_channel_get_exit_status(channel);
}

static int
run(ssh_session session, const char *command)
{
	ssh_channel channel = ssh_channel_new(session);
	int status = FAILED;

	if (channel != NULL && ssh_channel_open_session(channel) == SSH_OK &&
	    ssh_channel_request_exec(channel, command) == SSH_OK)
		status = carry(channel);
	ssh_channel_free(channel);
	return status;
}

int
main(int argc, char **argv)
{
	ssh_session session = ssh_new();
	bool no = false;
	int status, asked = 0;
	uint64_t number = 0;
	unsigned int port;
	const long patience_s = 60;

	if (session == NULL || argc != 6 || num_parse(argv[1], 1, 65535, &number) < 0)
		return FAILED;
	port = (unsigned int)number;
	ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(session, SSH_OPTIONS_HOST, "127.0.0.1");
	ssh_options_set(session, SSH_OPTIONS_PORT, &port);
	ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &patience_s);
	ssh_options_set(session, SSH_OPTIONS_USER, argv[2]);
	if (ssh_connect(session) != SSH_OK)
		status = fail(session, "connect");
	else if (!has_key(session, argv[3]))
		status = fail(session, "key");
	else if (!has_otp(session, argv[4], &asked))
		status = fail(session, "OTP");
	else
		status = run(session, argv[5]);
	dprintf(3, "%d\n", asked);
	ssh_disconnect(session);
	ssh_free(session);
	return status;
}
