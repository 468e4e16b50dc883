/* A decision. Its zero denies, so that cleared memory, a forgotten branch and
 * an unknown value all deny. Never mixed with 0/-errno results of work. */
#ifndef SALLYPORT_LIB_VERDICT_H
#define SALLYPORT_LIB_VERDICT_H

enum verdict {
	VERDICT_DENY = 0,
	VERDICT_ALLOW = 1,
};

#endif
