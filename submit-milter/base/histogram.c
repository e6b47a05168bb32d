/*
 * histogram.c - see histogram.h.
 */
#include "base/histogram.h"

const int64_t histogram_bounds[HISTOGRAM_BOUNDS] = {
	50, 100, 250, 500,
	1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,
	1000000, 2500000, 5000000, 10000000,
};

void
histogram_add(struct histogram *histogram, int64_t microseconds)
{
	int i = 0;

	if (microseconds < 0)
		microseconds = 0;
	while (i < HISTOGRAM_BOUNDS && microseconds > histogram_bounds[i])
		i++;
	(void)atomic_fetch_add_explicit(&histogram->counts[i], 1,
	    memory_order_relaxed);
	(void)atomic_fetch_add_explicit(&histogram->sum,
	    (uint64_t)microseconds, memory_order_relaxed);
}

void
histogram_read(const struct histogram *histogram,
    struct histogram_view *view_r)
{
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		view_r->counts[i] = atomic_load_explicit(
		    &histogram->counts[i], memory_order_relaxed);
	view_r->sum = atomic_load_explicit(&histogram->sum,
	    memory_order_relaxed);
}
