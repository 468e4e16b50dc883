/* One datagram a record: lines of FIELD=value. */
#include "recorder/journal.h"

#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define QUIET_MS 60000

void
journal_open(struct journal *journal)
{
	const struct sockaddr_un sun = {
	    .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

	*journal = (struct journal){0};
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal->fd >= 0 &&
	    connect(journal->fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return;
	log_warn("no journal: %s; hashes are in the audit file alone", strerror(errno));
	io_close(&journal->fd);
}

/* A burst that it could not follow shall not become a burst of complaints. */
static void
say_missed(struct journal *journal)
{
	int64_t now_ms = io_now_ms();

	if (journal->missed == 0 || now_ms < journal->quiet_ms)
		return;
	log_warn("the journal was not told of %" PRIu64 " records", journal->missed);
	journal->missed = 0;
	journal->quiet_ms = now_ms + QUIET_MS;
}

void
journal_tell(struct journal *journal, uint64_t seq, const char *hash, const char *event,
    const char *user)
{
	char text[2048];
	int len = snprintf(text, sizeof(text),
	    "MESSAGE=audit %" PRIu64 " %s %s\nPRIORITY=6\nSYSLOG_IDENTIFIER=sallyport\n"
	    "SALLYPORT_SEQ=%" PRIu64
	    "\nSALLYPORT_HASH=%s\nSALLYPORT_EVENT=%s\nSALLYPORT_USER=%s\n",
	    seq, event, user, seq, hash, event, user);

	if (len > 0 && (size_t)len < sizeof(text) && journal->fd >= 0 &&
	    send(journal->fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) == len) {
		say_missed(journal);
		return;
	}
	journal->missed++;
}
