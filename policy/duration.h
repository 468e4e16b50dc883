/* Times as one writes them: digits and a unit, "3000ms" "5s" "10m" "2h" "7d". */
#ifndef SALLYPORT_POLICY_DURATION_H
#define SALLYPORT_POLICY_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* 0 and *ms; -EINVAL when text is not of that form, -ERANGE outside min..max ms. */
int duration_parse(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms);
/* In seconds when they are whole, else in milliseconds. Returns text. */
char *duration_format(uint64_t ms, char *text, size_t cap);

#endif
