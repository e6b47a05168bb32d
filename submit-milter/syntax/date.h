/*
 * date - the date-time of RFC 5322.
 *
 * RFC 5322 section 3.3 and 4.3 (obsolete forms: comments, two-digit years,
 * zone names). Pure: the clock is a parameter; any thread.
 */
#ifndef SUBMIT_SYNTAX_DATE_H
#define SUBMIT_SYNTAX_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct date {
	int64_t seconds;	/* since 1970-01-01T00:00:00Z */
	int zone;		/* minutes east of UTC */
	bool has_weekday;
	bool is_weekday_right;
	bool is_obsolete;
};

/* Room for what date_print() writes, the NUL included. */
#define DATE_SIZE 40

/*
 * Parses the value of a Date field. 1 when it is a date-time whose parts
 * are in range (a day that its month has; second 60 only as a leap second),
 * else -1.
 */
int date_parse(struct span value, struct date *date_r)
    __attribute__((warn_unused_result));

/*
 * Writes "Sat, 21 Nov 2026 10:00:00 +0100" for SECONDS since 1970 UTC as
 * seen ZONE minutes east of UTC. What lies outside the years 1 to 9999, or
 * outside the zones -9959 to +9959, is taken for the nearest within.
 */
void date_print(int64_t seconds, int zone, char text_r[DATE_SIZE]);

#endif
