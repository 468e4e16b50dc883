/* What of the log is wanted, as it was typed. */
#ifndef SALLYPORT_CLI_LOG_WORDS_H
#define SALLYPORT_CLI_LOG_WORDS_H

/* NULL: all. */
struct log_words {
	const char *since, *until, *vm, *event, *verdict, *by;
};

#endif
