/*
 * utc.c - see utc.h.
 */
#include "base/utc.h"

#include <stdio.h>

#include "base/ascii.h"

#define DAY_SECONDS 86400
#define SECOND_US 1000000
#define DAYS_OF_400_YEARS 146097
#define DAYS_TO_1970 719162	/* from 0001-01-01 */


/* --- days ----------------------------------------------------------------- */

int
utc_days_of_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Days from 0001-01-01 to the first of YEAR, which is 1 or later. */
static int64_t
days_before_year(int64_t year)
{
	int64_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400;
}

int64_t
utc_days(int64_t year, int month, int day)
{
	int64_t days = days_before_year(year) - DAYS_TO_1970 + day - 1;

	for (int m = 1; m < month; m++)
		days += utc_days_of_month(year, m);
	return days;
}

struct utc
utc_split(int64_t seconds)
{
	int64_t since = (seconds < UTC_FIRST ? UTC_FIRST :
	    seconds > UTC_LAST ? UTC_LAST : seconds) - UTC_FIRST;
	int64_t days = since / DAY_SECONDS, rest = days % DAYS_OF_400_YEARS;
	int second = (int)(since % DAY_SECONDS);
	int64_t year = rest / 365 + 1;
	struct utc utc = { .month = 1, .hour = second / 3600,
		.minute = second / 60 % 60, .second = second % 60 };

	while (days_before_year(year) > rest)
		year--;
	utc.year = (int)(year + days / DAYS_OF_400_YEARS * 400);
	utc.day = (int)(rest - days_before_year(year)) + 1;
	while (utc.day > utc_days_of_month(year, utc.month))
		utc.day -= utc_days_of_month(year, utc.month++);
	return utc;
}

/* --- print ---------------------------------------------------------------- */

/* Two digits, four. The remainders tell the compiler what utc_split() does. */
static unsigned
two(int number)
{
	return (unsigned)number % 100;
}

static unsigned
four(int number)
{
	return (unsigned)number % 10000;
}

void
utc_print(int64_t seconds, char text_r[UTC_SIZE])
{
	struct utc t = utc_split(seconds);

	(void)snprintf(text_r, UTC_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    four(t.year), two(t.month), two(t.day), two(t.hour),
	    two(t.minute), two(t.second));
}

void
utc_print_us(int64_t us, char text_r[UTC_SIZE])
{
	int64_t part = us % SECOND_US + (us % SECOND_US < 0 ? SECOND_US : 0);
	struct utc t = utc_split((us - part) / SECOND_US);

	(void)snprintf(text_r, UTC_SIZE,
	    "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", four(t.year),
	    two(t.month), two(t.day), two(t.hour), two(t.minute),
	    two(t.second), (unsigned)part % SECOND_US);
}

/* --- parse ---------------------------------------------------------------- */

/* N digits at the front of *s, after the octet SEPARATOR unless that is 0. */
static int
take_number(struct span *s, char separator, size_t n, int *number_r)
{
	int number = 0;
	size_t skip = separator == '\0' ? 0 : 1;

	if (s->len < n + skip || (skip == 1 && s->ptr[0] != separator))
		return -1;
	for (size_t i = skip; i < n + skip; i++) {
		if (!ascii_is_digit((unsigned char)s->ptr[i]))
			return -1;
		number = number * 10 + (s->ptr[i] - '0');
	}
	*s = span_slice(*s, n + skip, s->len);
	*number_r = number;
	return 0;
}

/* Up to six digits of a fraction; further ones are passed over. */
static int
take_fraction(struct span *s, int *us_r)
{
	int us = 0, digits = 0;

	*s = span_slice(*s, 1, s->len);
	while (s->len > 0 && ascii_is_digit((unsigned char)s->ptr[0])) {
		if (digits++ < 6)
			us = us * 10 + (s->ptr[0] - '0');
		*s = span_slice(*s, 1, s->len);
	}
	if (digits == 0)
		return -1;
	for (; digits < 6; digits++)
		us *= 10;
	*us_r = us;
	return 0;
}

/* day [ "T" hour ":" minute [ ":" second [ "." 1*DIGIT ] ] ] */
static int
take_time(struct span *s, struct utc *utc, int *us)
{
	if (take_number(s, '\0', 4, &utc->year) != 0 ||
	    take_number(s, '-', 2, &utc->month) != 0 ||
	    take_number(s, '-', 2, &utc->day) != 0)
		return -1;
	if (s->len > 0 && (take_number(s, 'T', 2, &utc->hour) != 0 ||
	    take_number(s, ':', 2, &utc->minute) != 0))
		return -1;
	if (s->len == 0 || s->ptr[0] != ':')
		return 0;
	if (take_number(s, ':', 2, &utc->second) != 0)
		return -1;
	return s->len > 0 && s->ptr[0] == '.' ? take_fraction(s, us) : 0;
}

int
utc_parse(struct span text, int64_t *us_r)
{
	struct utc t = { 0 };
	int us = 0;

	if (take_time(&text, &t, &us) != 0)
		return -1;
	if (text.len > 0 && !span_eq(text, SPAN("Z")))
		return -1;
	if (t.year < 1970 || t.month < 1 || t.month > 12 || t.day < 1 ||
	    t.day > utc_days_of_month(t.year, t.month) || t.hour > 23 ||
	    t.minute > 59 || t.second > 60)
		return -1;
	*us_r = (utc_days(t.year, t.month, t.day) * DAY_SECONDS +
	    t.hour * 3600 + t.minute * 60 + t.second) * SECOND_US + us;
	return 0;
}
