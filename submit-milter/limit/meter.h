/*
 * meter - how often somebody came within the hour.
 *
 * A table of fixed size: it never grows, however many come. Some hundreds
 * in an hour are counted each alone; when there are more, the limit can come
 * too early, never too late. A lock of its own (a leaf); any thread.
 */
#ifndef SUBMIT_LIMIT_METER_H
#define SUBMIT_LIMIT_METER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/span.h"

struct meter;

/* NULL when there is no memory. */
struct meter *meter_new(void);

/* Takes NULL; leaves NULL. */
void meter_free(struct meter **meter);

/*
 * Counts WHO once at NOW. False when WHO has come MOST times already in the
 * hour that began with the first.
 */
bool meter_take(struct meter *meter, struct span who, int most, time_t now);

/* How often that was true so far, and false. */
void meter_usage(struct meter *meter, uint64_t *taken_r,
    uint64_t *refused_r);

#endif
