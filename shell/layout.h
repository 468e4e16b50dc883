/* Rows as a text for people, 80 columns wide where the names allow it. Pure. */
#ifndef SALLYPORT_SHELL_LAYOUT_H
#define SALLYPORT_SHELL_LAYOUT_H

#include "shell/told.h"
#include "shell/sheet.h"

/* Who he is, and where. */
void layout_header(struct sheet *sheet, const struct told *told);
/* A line for each VM. */
void layout_table(struct sheet *sheet, const struct told *told);
/* Each VM with what to type for it. */
void layout_blocks(struct sheet *sheet, const struct told *told);
/* The page: header, and blocks where they are few, else the table. */
void layout_page(struct sheet *sheet, const struct told *told);
/* `why` and `seat`. */
void layout_rights(struct sheet *sheet, const struct told *told);
void layout_seats(struct sheet *sheet, const struct told *told);

#endif
