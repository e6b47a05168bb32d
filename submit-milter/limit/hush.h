/*
 * hush - what is told once in a while, and how often it was held back.
 *
 * A table of fixed size: it never grows, whoever comes. When two share a
 * place, the later one takes it over once the time of the other is up, and
 * until then is held back with it: a line can be held back too long, but
 * none goes uncounted. A lock of its own (a leaf); any thread.
 */
#ifndef SUBMIT_LIMIT_HUSH_H
#define SUBMIT_LIMIT_HUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct hush;

/* NULL when there is no memory. */
struct hush *hush_new(void);

/* Takes NULL; leaves NULL. */
void hush_free(struct hush **hush);

/*
 * May WHAT of WHO be told at NOW, SECONDS after it was told last? If so,
 * *held_r is how often it was held back since.
 */
bool hush_may_tell(struct hush *hush, struct span who, const char *what,
    int seconds, int64_t now, uint64_t *held_r);

/* All that were held back and not told of yet. */
uint64_t hush_held(struct hush *hush);

#endif
