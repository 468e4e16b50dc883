/* Plays the supervisor for the names helper: names_driver NAMES. Each line of the
 * standard input, "user NAME [GROUP...]", "uid NUMBER [GROUP...]" or "group NAME",
 * is a question; its answer is a line: "found UID GID one|many [yes|no...]" (for a
 * uid, then "NAME HOME SHELL"), "found GID", "absent", "failed". */
#include "tests/support/helper_talk.h"

#include <signal.h>
#include <stdlib.h>

static struct helper helper;

static const char *
name_of(uint8_t status)
{
	return status == PROTO_NAME_FOUND    ? "found"
	       : status == PROTO_NAME_ABSENT ? "absent"
					     : "failed";
}

static void
print_user(struct wire_in *in, bool is_by_uid)
{
	char name[PROTO_NAME_MAX + 1], home[PROTO_PATH_MAX + 1], shell[PROTO_PATH_MAX + 1];
	uint8_t status = wire_get_u8(in);
	uint32_t uid = wire_get_u32(in), gid = wire_get_u32(in);
	uint8_t one = wire_get_u8(in);
	uint16_t n = wire_get_u16(in);

	printf("%s", name_of(status));
	if (status == PROTO_NAME_FOUND)
		printf(" %u %u %s", uid, gid, one ? "one" : "many");
	else
		REQUIRE(uid == 0 && gid == 0 && one == 0 && n == 0);
	for (uint16_t i = 0; i < n; i++)
		printf(" %s", wire_get_u8(in) ? "yes" : "no");
	wire_get_str(in, name, sizeof(name));
	wire_get_str(in, home, sizeof(home));
	wire_get_str(in, shell, sizeof(shell));
	if (status == PROTO_NAME_FOUND && is_by_uid)
		printf(" %s %s %s", name, home, shell);
	else if (status != PROTO_NAME_FOUND)
		REQUIRE(name[0] == '\0' && home[0] == '\0' && shell[0] == '\0');
}

static void
print_group(struct wire_in *in)
{
	uint8_t status = wire_get_u8(in);
	uint32_t gid = wire_get_u32(in);

	printf("%s", name_of(status));
	if (status == PROTO_NAME_FOUND)
		printf(" %u", gid);
}

static void
ask(char *line)
{
	static uint8_t buf[IO_MESSAGE_MAX];
	char *words[600], *rest = line;
	struct wire_out out;
	struct wire_in in;
	size_t n = 0;
	bool user, uid;

	while (n < 600 && (words[n] = strsep(&rest, " ")) != NULL)
		n++;
	REQUIRE(n >= 2);
	uid = strcmp(words[0], "uid") == 0;
	user = uid || strcmp(words[0], "user") == 0;
	wire_out_init(&out, buf, sizeof(buf));
	proto_put_header(&out,
	    uid    ? PROTO_NAMES_UID
	    : user ? PROTO_NAMES_USER
		   : PROTO_NAMES_GROUP,
	    77);
	if (uid)
		wire_put_u32(&out, (uint32_t)strtoul(words[1], NULL, 10));
	else
		wire_put_str(&out, words[1]);
	if (user)
		wire_put_u16(&out, (uint16_t)(n - 2));
	for (size_t i = 2; i < n; i++)
		wire_put_str(&out, words[i]);
	helper_put(&helper, &out);
	REQUIRE(helper_get(&helper, user ? PROTO_NAMED_USER : PROTO_NAMED_GROUP, &in).id == 77);
	if (user)
		print_user(&in, uid);
	else
		print_group(&in);
	printf("\n");
	REQUIRE(wire_end(&in) == 0);
}

int
main(int argc, char **argv)
{
	static char line[65536];
	struct wire_in in;

	if (argc != 2)
		return 64;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	helper = helper_start((const char *const[]){argv[1], NULL});
	helper_get(&helper, PROTO_READY, &in);
	REQUIRE(wire_end(&in) == 0);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		ask(line);
	}
	REQUIRE(helper_end(&helper, 0) == 0);
	return 0;
}
