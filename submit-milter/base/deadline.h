/*
 * deadline - a point of time by which something must have happened.
 *
 * Milliseconds of the monotonic clock. Any thread.
 */
#ifndef SUBMIT_BASE_DEADLINE_H
#define SUBMIT_BASE_DEADLINE_H

#include <stdint.h>
#include <time.h>

#define DEADLINE_NEVER INT64_MAX

static inline int64_t
deadline_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The point MS milliseconds from now. */
static inline int64_t
deadline_in(int ms)
{
	return deadline_now() + ms;
}

/* Milliseconds left, 0 when it has passed; what poll(2) may be given. */
static inline int
deadline_left(int64_t deadline)
{
	int64_t left;

	if (deadline == DEADLINE_NEVER)
		return 1 << 30;
	left = deadline - deadline_now();
	if (left <= 0)
		return 0;
	return left < 1 << 30 ? (int)left : 1 << 30;
}

/* The earlier of two. */
static inline int64_t
deadline_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

#endif
