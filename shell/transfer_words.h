/* What a file transfer's command may say: which program, and which of its options. No
 * shell reads it, and what is not in the lists is refused. Pure. */
#ifndef SALLYPORT_SHELL_TRANSFER_WORDS_H
#define SALLYPORT_SHELL_TRANSFER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define TRANSFER_WORDS_MAX 512
#define TRANSFER_TEXT_MAX  131072 /* no command is longer (execve) */

enum transfer_program {
	TRANSFER_NONE = 0,
	TRANSFER_SFTP,
	TRANSFER_SCP,
	TRANSFER_RSYNC,
};

struct transfer_words {
	enum transfer_program program; /* TRANSFER_NONE: error says why */
	bool is_source;                /* it only reads here: scp -f, rsync --sender */
	bool has_pattern;              /* a shell would have expanded one of its paths */
	size_t count, paths;           /* words, and of these the first path */
	char *list[TRANSFER_WORDS_MAX + 1]; /* of the program, its name first; NULL at the end */
	const char *error;                  /* static; for the user */
	char text[TRANSFER_TEXT_MAX];       /* of the words */
};

/* False: refused. */
bool transfer_words_read(struct transfer_words *words, const char *command);

#endif
