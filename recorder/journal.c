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
/* Of all our records; sallyport-audit(5) names it. */
#define MESSAGE_ID "3f7f1a2c6a5d4d0f9b0e7c5d21c9e8a4"

void
journal_open(struct journal *journal)
{
	*journal = (struct journal){0};
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal->fd < 0)
		log_warn("no socket for the journal: %s", strerror(errno));
}

static void
miss(struct journal *journal)
{
	journal->missed++;
	journal->unsaid++;
}

/* A burst that it could not follow shall not become a burst of complaints. */
static void
say_missed(struct journal *journal)
{
	int64_t now_ms = io_now_ms();

	if (journal->unsaid == 0 || now_ms < journal->quiet_ms)
		return;
	log_warn("the journal was not told of %" PRIu64 " records", journal->unsaid);
	journal->unsaid = 0;
	journal->quiet_ms = now_ms + QUIET_MS;
}

/* Adds FIELD=value and a newline, nothing for an empty value. By hand, because it is on the
 * way of each access. */
static void
put(char *text, size_t *len, const char *name, const char *value)
{
	size_t n = strlen(name), m = strlen(value);
	char *at = text + *len;

	/* The fields' sizes leave room for all of them. */
	if (m == 0 || n + m + 2 > JOURNAL_TEXT_MAX - *len)
		return;
	memcpy(at, name, n);
	at[n] = '=';
	memcpy(at + n + 1, value, m);
	at[n + 1 + m] = '\n';
	*len += n + m + 2;
}

static size_t
format(char text[JOURNAL_TEXT_MAX], const struct journal_record *r)
{
	char message[700], seq[24];
	size_t len = 0;

	snprintf(seq, sizeof(seq), "%" PRIu64, r->seq);
	snprintf(message, sizeof(message), "audit %s %s %s", seq, r->event, r->user);
	put(text, &len, "MESSAGE", message);
	put(text, &len, "MESSAGE_ID", MESSAGE_ID);
	put(text, &len, "PRIORITY", "6");
	put(text, &len, "SYSLOG_FACILITY", "10"); /* authpriv */
	put(text, &len, "SYSLOG_IDENTIFIER", "sallyport");
	put(text, &len, "SALLYPORT_SEQ", seq);
	put(text, &len, "SALLYPORT_HASH", r->hash);
	put(text, &len, "SALLYPORT_EVENT", r->event);
	put(text, &len, "SALLYPORT_USER", r->user);
	put(text, &len, "SALLYPORT_SOURCE", r->source);
	put(text, &len, "SALLYPORT_VM", r->vm);
	put(text, &len, "SALLYPORT_VERDICT", r->verdict);
	return len;
}

static void
drop_first(struct journal *journal)
{
	journal->first = (journal->first + 1) % JOURNAL_WAITING;
	journal->n--;
}

void
journal_add(struct journal *journal, const struct journal_record *record)
{
	size_t at;

	if (journal->fd < 0) {
		miss(journal);
		return;
	}
	/* The newest tell most: its hash stands for all before it. */
	if (journal->n == JOURNAL_WAITING) {
		drop_first(journal);
		miss(journal);
	}
	at = (journal->first + journal->n++) % JOURNAL_WAITING;
	journal->waiting[at].len = format(journal->waiting[at].text, record);
}

/* Full is not absent. Told once, not at each try. */
static void
note_trouble(struct journal *journal, int error)
{
	bool is_absent = error != EAGAIN && error != ENOBUFS;

	if (is_absent && !journal->is_absent)
		log_warn(
		    "no journal (%s): hashes are in the audit file alone", strerror(error));
	journal->is_absent = is_absent;
}

void
journal_send(struct journal *journal)
{
	/* By its address each time: it may come and go while we live. */
	static const struct sockaddr_un sun = {
	    .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

	while (journal->n > 0) {
		size_t at = journal->first, len = journal->waiting[at].len;
		ssize_t n = sendto(journal->fd, journal->waiting[at].text, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&sun, sizeof(sun));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			note_trouble(journal, errno);
			break;
		}
		journal->is_absent = false;
		drop_first(journal);
	}
	if (journal->n == 0)
		say_missed(journal);
}
