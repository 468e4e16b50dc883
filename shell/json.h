/* Rows as JSON (RFC 8259), in ASCII, on one line. Its names and forms: sallyport-shell(1).
 * Pure. */
#ifndef SALLYPORT_SHELL_JSON_H
#define SALLYPORT_SHELL_JSON_H

#include "shell/told.h"
#include "shell/sheet.h"

void json_vms(struct sheet *sheet, const struct told *told);
void json_rights(struct sheet *sheet, const struct told *told);
void json_seats(struct sheet *sheet, const struct told *told);

#endif
