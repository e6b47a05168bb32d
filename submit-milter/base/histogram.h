/*
 * histogram - how long something took, sorted into fixed classes.
 *
 * Adding is two relaxed atomic additions: any thread, no lock. Reading is
 * not one moment for all classes, which does not matter for what is only
 * ever looked at from outside.
 */
#ifndef SUBMIT_BASE_HISTOGRAM_H
#define SUBMIT_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#define HISTOGRAM_BOUNDS 17

/* The greatest of each class, in microseconds; what is more comes after. */
extern const int64_t histogram_bounds[HISTOGRAM_BOUNDS];

struct histogram {
	atomic_uint_least64_t counts[HISTOGRAM_BOUNDS + 1];
	atomic_uint_least64_t sum;	/* microseconds */
};

/* The same at rest. */
struct histogram_view {
	uint64_t counts[HISTOGRAM_BOUNDS + 1];
	uint64_t sum;
};

void histogram_add(struct histogram *histogram, int64_t microseconds);
void histogram_read(const struct histogram *histogram,
    struct histogram_view *view_r);

/* Microseconds of the monotonic clock. */
static inline int64_t
histogram_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
