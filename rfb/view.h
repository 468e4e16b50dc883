/* A client's messages when he may only view. */
#ifndef SALLYPORT_RFB_VIEW_H
#define SALLYPORT_RFB_VIEW_H

#include "rfb/rfb.h"

#define RFB_ENCODINGS_MAX 128 /* in one SetEncodings; viewers have about 30 */

/* Whether a viewer may say that he knows an encoding: no client's message may come
 * with it. */
bool rfb_view_encoding(int32_t encoding);

/* A judge's word on a message of which the type is held. */
enum sieve_verdict rfb_view_judge(struct rfb *rfb, struct sieve *sieve);

#endif
