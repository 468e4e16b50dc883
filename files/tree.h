/* A root of one's own, in a mount namespace of one's own: empty, but for what is shown in it.
 * Every path is absolute and means the same inside, but for folders. */
#ifndef SALLYPORT_FILES_TREE_H
#define SALLYPORT_FILES_TREE_H

#include <stdbool.h>

/* The room in which folders lie; nobody gets there by its path. */
#define TREE_PLACE "/closed/place"

/* All: 0 or a descriptor; -errno. */

/* -EPERM, -EACCES: mounting is not allowed here, and nothing has changed. */
int tree_begin(void);
/* A file, or a folder with all below it, to be read; a symbolic link as it is. What is not
 * there is left out. The descriptor of what is shown (O_PATH, close-on-exec), or
 * -ENOENT. */
int tree_show(const char *path);
/* folder (O_PATH) under name, or, with NULL, as the place itself: nothing in it is
 * executed, no device opened; to be read alone unless is_writable, with all below it.
 * The descriptor of what is shown. */
int tree_show_folder(int folder, const char *name, bool is_writable);
/* Makes it the root, takes the old one away, and closes the place: its descriptor. */
int tree_enter(void);

#endif
