/*
 * frequent - who submits most just now, in fixed memory.
 *
 * Counts by name over the minute under way and the one before, each with
 * so many places (the Space-Saving sketch): when all are taken, whoever is
 * new takes over the place with the least, and its count, which is then an
 * upper bound. Who comes often is never missed. Any thread; the lock is a
 * leaf and held for a microsecond.
 */
#ifndef SUBMIT_METRICS_FREQUENT_H
#define SUBMIT_METRICS_FREQUENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define FREQUENT_PLACES 128u
#define FREQUENT_NAME 128u

struct frequent;

struct frequent_one {
	uint64_t hash;
	char name[FREQUENT_NAME];	/* cut to that */
	uint64_t count;
	uint64_t turned_away;		/* of these */
};

/* NULL when there is no memory. */
struct frequent *frequent_new(void);

/* Takes NULL; leaves NULL. */
void frequent_free(struct frequent **frequent);

/* NAME has come, at NOW (seconds, of any clock that does not go back). */
void frequent_add(struct frequent *frequent, struct span name,
    bool is_turned_away, int64_t now);

/*
 * The first ROOM, most frequent first, to V. *seconds_r: the time that
 * counts cover. How many there are.
 */
size_t frequent_top(struct frequent *frequent, int64_t now,
    struct frequent_one *v, size_t room, int64_t *seconds_r);

#endif
