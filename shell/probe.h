/* What this kernel holds file transfers with: for sallyport status and doctor. */
#ifndef SALLYPORT_SHELL_PROBE_H
#define SALLYPORT_SHELL_PROBE_H

/* One line on standard output: the level (a word), Landlock's ABI, and, where the level is
 * "nothing", what failed. The exit status. Confines this process to an end. */
int probe_files(void);

#endif
