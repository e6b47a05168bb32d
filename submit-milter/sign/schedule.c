/*
 * schedule.c - see schedule.h.
 */
#include "sign/schedule.h"

#include <string.h>

#include "base/utc.h"

#define DAY 86400

int
schedule_parse_time(struct span text, bool is_end, int64_t *seconds_r)
{
	char exact[UTC_SIZE];
	int64_t us, seconds;

	if (utc_parse(text, &us) != 0)
		return -1;
	seconds = us / 1000000;
	utc_print(seconds, exact);
	if (text.len == strlen("2026-12-01"))
		seconds += is_end ? DAY - 1 : 0;
	else if (!span_eq(text, span_of(exact)))
		return -1;
	*seconds_r = seconds;
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
