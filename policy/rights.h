/* The words of vm_mappings' third column as bits. */
#ifndef SALLYPORT_POLICY_RIGHTS_H
#define SALLYPORT_POLICY_RIGHTS_H

#include <stdint.h>

enum {
	RIGHT_SPICE = 1u << 0,
	RIGHT_SPICE_VIEW = 1u << 1,
	RIGHT_MIC = 1u << 2,
	RIGHT_USB = 1u << 3,
	RIGHT_SMARTCARD = 1u << 4,
	RIGHT_CLIPBOARD = 1u << 5,
	RIGHT_SHARE = 1u << 6,
	RIGHT_TAKEOVER = 1u << 7,
	RIGHT_SERIAL = 1u << 8,
	RIGHT_VNC = 1u << 9,
	RIGHT_VNC_VIEW = 1u << 10,
	RIGHT_SFTP = 1u << 11,
	RIGHT_SFTP_RO = 1u << 12,
	RIGHT_SHELL = 1u << 13,
	RIGHT_NAMED = 1u << 14, /* in questions: a service.NAME or run:NAME */
};

#define RIGHTS_SPICE_EXTRA (RIGHT_MIC | RIGHT_USB | RIGHT_SMARTCARD | RIGHT_CLIPBOARD | RIGHT_SHARE)
/* What stands only on a line with spice. */
#define RIGHTS_WITH_SPICE (RIGHTS_SPICE_EXTRA | RIGHT_TAKEOVER)
#define RIGHTS_HOST       RIGHT_SHELL

/* A bit of its own for each fixed word, to see which were there; 0 for others. */
uint32_t rights_word(const char *word);

/* What a question for word needs ("spice:full": all that it stands for); 0 when
 * it is none of the fixed words. */
uint32_t rights_needed(const char *word);

/* What a line with word gives: besides rights_needed, that which it includes
 * ("spice" gives "spice:view"). 0 as above. */
uint32_t rights_given(const char *word);

#endif
