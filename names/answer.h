/* One question of the supervisor to one answer. */
#ifndef SALLYPORT_NAMES_ANSWER_H
#define SALLYPORT_NAMES_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* Enough for any answer, in bytes. */
#define ANSWER_MAX 4096

/* Answers PROTO_NAMES_USER, _UID, _GROUP and _HOST into buf[ANSWER_MAX], the
 * length in *out_len. A question with broken fields is answered FAILED. 0;
 * -EBADMSG for a message that is no question. May block (lookup.h). */
int answer_message(const uint8_t *message, size_t len, uint8_t *buf, size_t *out_len);

#endif
