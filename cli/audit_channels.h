/* A record's channels, to read. */
#ifndef SALLYPORT_CLI_AUDIT_CHANNELS_H
#define SALLYPORT_CLI_AUDIT_CHANNELS_H

#include <stdbool.h>
#include <stdio.h>

/* Writes those of text (sallyport-audit(5): "main:0=UP/DOWN/MS display*3=…") as
 * " main:0 up 1.5 KiB down 3.0 KiB in 1.2 s, …" and true; nothing and false when text is
 * of no such form. */
bool audit_channels_put(FILE *out, const char *text);

#endif
