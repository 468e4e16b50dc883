/* Root's powers that the supervisor and its helpers need; the others are given up,
 * however the daemon was started. */
#ifndef SALLYPORT_DAEMON_CAPS_H
#define SALLYPORT_DAEMON_CAPS_H

/* Bounding, permitted, effective and inheritable sets. 0 or -errno. */
int caps_keep_needed(void);

#endif
