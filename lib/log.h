/* What an admin reads in the journal: one line a call, to standard error, with
 * the level in front as systemd takes it. The audit record is something else
 * (recorder/). Foreign bytes must have passed escape.h; secrets have a type of
 * their own (secret.h), which no format here takes.
 * Not for libraries and not for the PAM module: those don't print. */
#ifndef SALLYPORT_LIB_LOG_H
#define SALLYPORT_LIB_LOG_H

#include <stdbool.h>

/* name: static; stands before each line. */
void log_open(const char *name, bool debug);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
