/* Two sequences each, and a file that outlives us. */
#include "daemon/accord.h"

#include "daemon/audit.h"
#include "lib/io.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMP     ACCORD_FILE ".new"
#define FILE_MAX 200

static const char cut[] = "log-is-cut\n", old[] = "store-is-old\n";

static bool
is_found(const struct accord *accord)
{
	return accord->log_is_cut || accord->store_is_old;
}

/* What can't be read counts as all that can be wrong. */
static void
remember(struct accord *accord)
{
	char *text = NULL;
	size_t len = 0;
	int err = 0, fd = io_open_trusted(ACCORD_FILE, IO_TRUST_SECRET, NULL);

	if (fd == -ENOENT)
		return;
	err = fd < 0 ? fd : io_read_all(fd, FILE_MAX, &text, &len);
	io_close(&fd);
	accord->log_is_cut = err < 0 || strstr(text, cut) != NULL;
	accord->store_is_old = err < 0 || strstr(text, old) != NULL;
	if (!is_found(accord))
		accord->log_is_cut = accord->store_is_old = true;
	free(text);
	log_error("%s is there: store and audit log disagreed before, and nobody has declared "
		  "it mended (sallyport key recover)",
	    ACCORD_FILE);
}

/* Not flushed, because this process never waits for a disk: what is lost in a power cut
 * at once is found again at the next start. */
static void
keep(const struct accord *accord)
{
	int fd = open(TEMP, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[64];
	int n = snprintf(text, sizeof(text), "%s%s", accord->log_is_cut ? cut : "",
	    accord->store_is_old ? old : "");
	int err = 0;

	if (fd < 0 || write(fd, text, (size_t)n) != n || rename(TEMP, ACCORD_FILE) < 0)
		err = -errno;
	io_close(&fd);
	if (err < 0)
		log_error("%s cannot be written: %s", ACCORD_FILE, strerror(-err));
}

struct accord *
accord_new(void)
{
	struct accord *accord = calloc(1, sizeof(*accord));

	if (accord != NULL)
		remember(accord);
	return accord;
}

void
accord_free(struct accord *accord)
{
	free(accord);
}

/* Once both have said where they are. The recorder's own first record of this run
 * must not hide that one is missing: so at first its word at its start counts. */
static void
compare(struct gateway *gw, bool found_before)
{
	struct accord *a = gw->accord;
	uint64_t log_seq = a->is_compared ? audit_seq(gw->audit) : a->log_seq;

	if (a->verify_told && a->recorder_told) {
		if (a->store_audit_seq > log_seq)
			a->log_is_cut = true;
		if (a->log_store_seq > a->store_seq)
			a->store_is_old = true;
		a->is_compared = true;
	}
	if (!found_before && is_found(a)) {
		keep(a);
		log_error("no OTP can be verified: %s", accord_words(a));
	}
}

void
accord_on_verify(struct gateway *gw, uint64_t store_seq, uint64_t audit_seq, bool is_whole)
{
	struct accord *a = gw->accord;
	bool found_before = is_found(a);

	a->verify_told = is_whole;
	a->store_audit_seq = audit_seq;
	if (store_seq < a->store_seq)
		a->store_is_old = true; /* under our eyes: it had more before */
	a->store_seq = store_seq;
	compare(gw, found_before);
}

void
accord_on_recorder(struct gateway *gw, uint64_t seq, uint64_t store_seq, bool is_whole)
{
	struct accord *a = gw->accord;
	bool found_before = is_found(a);

	a->recorder_told = is_whole;
	a->log_seq = seq;
	a->log_store_seq = store_seq;
	if (seq < audit_seq(gw->audit))
		a->log_is_cut = true; /* under our eyes: it had more before */
	audit_set_seq(gw->audit, seq);
	compare(gw, found_before);
}

void
accord_on_spent(struct gateway *gw, uint64_t store_seq)
{
	if (store_seq > gw->accord->store_seq)
		gw->accord->store_seq = store_seq;
}

const char *
accord_words(const struct accord *accord)
{
	if (!accord->verify_told || !accord->recorder_told)
		return "the key store or the recorder has not started yet";
	if (accord->store_is_old)
		return "the audit log knows of OTPs that the key store does not: was a backup "
		       "of the store put back? (sallyport key recover)";
	if (accord->log_is_cut)
		return "the key store knows of records that the audit log does not: was the "
		       "log cut or put back? (sallyport key recover)";
	return NULL;
}

void
accord_mended(struct gateway *gw, uint64_t store_seq, uint64_t audit_seq)
{
	struct accord *a = gw->accord;

	a->store_seq = a->log_store_seq = store_seq;
	a->store_audit_seq = audit_seq;
	a->log_is_cut = a->store_is_old = false;
	if (unlink(ACCORD_FILE) < 0 && errno != ENOENT)
		log_error("%s cannot be removed: %s", ACCORD_FILE, strerror(errno));
	log_info("store and audit log were declared to agree");
}
