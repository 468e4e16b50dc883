/* The words behind pam_sallyport.so in a PAM file. */
#ifndef SALLYPORT_PAM_OPTIONS_H
#define SALLYPORT_PAM_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *socket; /* socket=PATH, default /run/sallyport/pam.sock */
	const char *group;  /* group=NAME; NULL when missing: then all but root are gated */
	bool gate_root;     /* gate_root: uid 0 is gated like its group says */
	bool otp_in_password; /* otp_in_password: one line holds the password, then the OTP */
	const char *unknown; /* the first word that is none of these, else NULL */
};

/* The strings stay libpam's. */
void options_parse(struct options *options, int argc, const char **argv);

#endif
