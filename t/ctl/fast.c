/*
 * fast.c - time(2) in which a second is a minute, to be preloaded. For
 * test_store.py: what the daemon does after a minute of failures.
 */
#include <stddef.h>
#include <time.h>

time_t
time(time_t *seconds)
{
	static struct timespec begin;
	struct timespec now;
	time_t fast;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (begin.tv_sec == 0)
		begin = now;
	fast = begin.tv_sec + 60 * (now.tv_sec - begin.tv_sec);
	if (seconds != NULL)
		*seconds = fast;
	return fast;
}
