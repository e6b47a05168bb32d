/*
 * schedule.c - see schedule.h.
 */
#include "sign/schedule.h"

#include <stdio.h>
#include <time.h>

#include "base/ascii.h"

#define DAY 86400

/* The number that TEXT's octets FROM to TO are, or -1. */
static int
number(struct span text, size_t from, size_t to)
{
	int n = 0;

	for (size_t i = from; i < to; i++) {
		if (!ascii_is_digit((unsigned char)text.ptr[i]))
			return -1;
		n = n * 10 + (text.ptr[i] - '0');
	}
	return n;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
		30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Days since 1970 of a date whose parts are in range. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int before = year - 1;
	int64_t days = (int64_t)before * 365 + before / 4 - before / 100 +
	    before / 400 - 719162;

	for (int m = 1; m < month; m++)
		days += days_of_month(year, m);
	return days + day - 1;
}

/* "1970-01-01" to "9999-12-31" */
static int
parse_date(struct span text, int64_t *days_r)
{
	int year, month, day;

	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-')
		return -1;
	year = number(text, 0, 4);
	month = number(text, 5, 7);
	day = number(text, 8, 10);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_of_month(year, month))
		return -1;
	*days_r = days_since_1970(year, month, day);
	return 1;
}

/* "T23:59:59Z" */
static int
parse_clock(struct span text, int *seconds_r)
{
	int hour, minute, second;

	if (text.len != 10 || text.ptr[0] != 'T' || text.ptr[3] != ':' ||
	    text.ptr[6] != ':' || text.ptr[9] != 'Z')
		return -1;
	hour = number(text, 1, 3);
	minute = number(text, 4, 6);
	second = number(text, 7, 9);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 59)
		return -1;
	*seconds_r = (hour * 60 + minute) * 60 + second;
	return 1;
}

int
schedule_parse_time(struct span text, bool is_end, int64_t *seconds_r)
{
	int seconds = is_end ? DAY - 1 : 0;
	int64_t days;

	if (text.len < 10 ||
	    parse_date(span_slice(text, 0, 10), &days) != 1)
		return -1;
	if (text.len > 10 &&
	    parse_clock(span_slice(text, 10, text.len), &seconds) != 1)
		return -1;
	*seconds_r = days * DAY + seconds;
	return 1;
}

/* One line that says something. NULL, or what is wrong. */
static const char *
parse_line(struct span line, struct schedule *schedule)
{
	size_t colon = span_find(line, ':');
	struct span name = span_trim(span_slice(line, 0, colon)), value;
	bool is_end = span_eq(name, SPAN("not-after"));
	int64_t *place = is_end ? &schedule->not_after :
	    &schedule->not_before;

	if (colon == line.len || (!is_end &&
	    !span_eq(name, SPAN("not-before"))))
		return "wants lines \"not-before: TIME\" and "
		    "\"not-after: TIME\"";
	value = span_trim(span_slice(line, colon + 1, line.len));
	if (*place != (is_end ? INT64_MAX : INT64_MIN))
		return "has a time twice";
	if (!is_end && span_eq(value, SPAN("never")))
		*place = SCHEDULE_NEVER;
	else if (schedule_parse_time(value, is_end, place) != 1)
		return "has a time that is not like 2026-12-01 or "
		    "2026-12-01T00:00:00Z";
	return NULL;
}

int
schedule_parse(struct span text, struct schedule *schedule_r,
    const char **error_r)
{
	struct schedule schedule = SCHEDULE_ALWAYS;

	while (text.len > 0) {
		size_t end = span_find(text, '\n');
		struct span line = span_trim(span_slice(text, 0, end));
		const char *why = NULL;

		text = span_slice(text, end + (end < text.len ? 1 : 0),
		    text.len);
		if (line.len > 0 && line.ptr[0] != '#')
			why = parse_line(line, &schedule);
		if (why != NULL) {
			*error_r = why;
			return -1;
		}
	}
	*schedule_r = schedule;
	return 0;
}

bool
schedule_holds(const struct schedule *schedule, int64_t now)
{
	return schedule->not_before != SCHEDULE_NEVER &&
	    schedule->not_before <= now && now <= schedule->not_after;
}

void
schedule_print_time(int64_t seconds, char text_r[SCHEDULE_TIME_SIZE])
{
	time_t at = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(text_r, SCHEDULE_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ",
	    &tm) == 0)
		(void)snprintf(text_r, SCHEDULE_TIME_SIZE, "?");
}
