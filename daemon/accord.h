/* Store and audit log remember each other's last entries. When one has less than the
 * other knows of, a backup was put back or the log cut: then every OTP is refused,
 * also after a restart, until the admin declares it mended (sallyport key recover). */
#ifndef SALLYPORT_DAEMON_ACCORD_H
#define SALLYPORT_DAEMON_ACCORD_H

#include "daemon/gateway.h"
#include "lib/wire.h"

#define ACCORD_FILE "/var/lib/sallyport/disorder" /* is there while they disagree */

struct accord {
	bool verify_told, recorder_told, is_compared;
	bool log_is_cut, store_is_old; /* each, once set, until accord_mended */
	uint64_t store_seq;	  /* verify's last */
	uint64_t log_seq;	  /* the recorder's last at its start */
	uint64_t store_audit_seq; /* the highest record that verify had been told of at its start */
	uint64_t log_store_seq;	  /* the highest store_seq on record at the recorder's start */
};

/* Knows what an earlier daemon found. NULL without memory. */
struct accord *accord_new(void);
void accord_free(struct accord *accord);

/* READY of verify, of the recorder (log_seq, log_store_seq). */
void accord_on_verify(struct gateway *gw, uint64_t store_seq, uint64_t audit_seq, bool is_whole);
void accord_on_recorder(struct gateway *gw, uint64_t seq, uint64_t store_seq, bool is_whole);
/* verify spent an OTP. */
void accord_on_spent(struct gateway *gw, uint64_t store_seq);
/* NULL when they agree, else the words for the admin. */
const char *accord_words(const struct accord *accord);
/* verify now has store_seq, and was told of all records up to audit_seq. */
void accord_mended(struct gateway *gw, uint64_t store_seq, uint64_t audit_seq);

#endif
