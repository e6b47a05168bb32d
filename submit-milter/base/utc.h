/*
 * utc - days, and times as text, in UTC.
 *
 * The calendar is Gregorian, also before it was invented; leap seconds are
 * not counted. Text is that of RFC 3339. Pure: the clock is a parameter, and
 * neither locale nor time zone matters; any thread.
 */
#ifndef SUBMIT_BASE_UTC_H
#define SUBMIT_BASE_UTC_H

#include <stdint.h>

#include "base/span.h"

/* A second, taken apart; months and days count from 1. */
struct utc {
	int year, month, day;
	int hour, minute, second;
};

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970. */
#define UTC_FIRST INT64_C(-62135596800)
#define UTC_LAST INT64_C(253402300799)

/* Room for what is printed here, the NUL included. */
#define UTC_SIZE 28

int utc_days_of_month(int64_t year, int month);

/* Days since 1970-01-01 of a day of the years from 1 on. */
int64_t utc_days(int64_t year, int month, int day);

/*
 * SECONDS are since 1970. What lies before UTC_FIRST or after UTC_LAST is
 * taken for these, here and below.
 */
struct utc utc_split(int64_t seconds);

/* "2026-11-21T10:00:00Z" */
void utc_print(int64_t seconds, char text_r[UTC_SIZE]);

/* "2026-11-21T10:00:00.000001Z" for microseconds since 1970. */
void utc_print_us(int64_t us, char text_r[UTC_SIZE]);

/*
 * Microseconds since 1970 of what utc_print_us() writes, or of the beginning
 * of it: a day, minutes, seconds, a fraction of any length; with or without
 * "Z". Years are from 1970 on; a second may be 60. 0 or -1.
 */
int utc_parse(struct span text, int64_t *us_r)
    __attribute__((warn_unused_result));

#endif
