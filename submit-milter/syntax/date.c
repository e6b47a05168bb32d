/*
 * date.c - see date.h.
 */
#include "syntax/date.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/utc.h"
#include "syntax/lex.h"

#define YEAR_DIGITS_MAX 9

#define ZONE_MAX (99 * 60 + 59)

static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri",
	"Sat" };

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* obs-zone; military letters are told apart in code */
static const struct {
	const char *name;
	int hours;
} zones[] = {
	{ "UT", 0 }, { "GMT", 0 },
	{ "EST", -5 }, { "EDT", -4 },
	{ "CST", -6 }, { "CDT", -5 },
	{ "MST", -7 }, { "MDT", -6 },
	{ "PST", -8 }, { "PDT", -7 },
};

struct parts {
	int weekday;		/* 0 is Sunday; -1: not given */
	int year, month, day;	/* month from 1 */
	int hour, minute, second;
	int zone;
};

/* 0 is Sunday. */
static int
weekday_of(int64_t days)
{
	return (int)(((days + 4) % 7 + 7) % 7);
}

static char
peek(const struct lex *lex)
{
	if (lex->pos == lex->s.len)
		return '\0';
	return lex->s.ptr[lex->pos];
}

static bool
accept(struct lex *lex, char c)
{
	if (peek(lex) != c)
		return false;
	lex->pos++;
	return true;
}

/* What may stand between two parts of a date that is not obsolete. */
enum gap { GAP_NONE, GAP_MAYBE, GAP_FWS };

/*
 * Skips [CFWS]; what is more or less than GAP is obsolete. 0 or -1.
 * *has_fws_r: it ends with white space.
 */
static int
skip_gap(struct lex *lex, enum gap gap, bool *has_fws_r)
{
	size_t from = lex->pos;
	bool has_comment, has_fws;

	if (lex_skip(lex, &has_fws, &has_comment) != 0)
		return -1;
	if (has_comment || (gap == GAP_NONE && lex->pos != from) ||
	    (gap == GAP_FWS && !has_fws))
		lex->is_obsolete = true;
	if (has_fws_r != NULL)
		*has_fws_r = has_fws;
	return 0;
}

/* A run of digits, LEAST to MOST of them; how many, or -1. */
static int
read_digits(struct lex *lex, int least, int most, int *value_r)
{
	int n = 0, value = 0;

	while (ascii_is_digit((unsigned char)peek(lex))) {
		if (++n > most)
			return -1;
		value = value * 10 + (lex->s.ptr[lex->pos++] - '0');
	}
	if (n < least)
		return -1;
	*value_r = value;
	return n;
}

/* One of COUNT names of three letters; its index, or -1. */
static int
read_name(struct lex *lex, const char names[][4], int count)
{
	struct span rest = span_slice(lex->s, lex->pos, lex->s.len);

	for (int i = 0; i < count; i++)
		if (span_starts_nocase(rest, span_of(names[i]))) {
			lex->pos += 3;
			return i;
		}
	return -1;
}

/*
 * day-of-week     = ([FWS] day-name) / obs-day-of-week
 * obs-day-of-week = [CFWS] day-name [CFWS]
 */
static int
read_weekday(struct lex *lex, struct parts *parts)
{
	parts->weekday = -1;
	if (skip_gap(lex, GAP_MAYBE, NULL) != 0)
		return -1;
	if (!ascii_is_alpha((unsigned char)peek(lex)))
		return 0;
	parts->weekday = read_name(lex, day_names, 7);
	if (parts->weekday < 0 || skip_gap(lex, GAP_NONE, NULL) != 0 ||
	    !accept(lex, ','))
		return -1;
	return skip_gap(lex, GAP_MAYBE, NULL);
}

/* RFC 5322 section 4.3: years of two and of three digits */
static int
full_year(int year, int digits)
{
	if (digits == 2 && year < 50)
		return year + 2000;
	return digits < 4 ? year + 1900 : year;
}

/*
 * date     = day month year
 * day      = ([FWS] 1*2DIGIT FWS) / obs-day
 * obs-day  = [CFWS] 1*2DIGIT [CFWS]
 * year     = (FWS 4*DIGIT FWS) / obs-year
 * obs-year = [CFWS] 2*DIGIT [CFWS]
 *
 * The hour is read here too: without white space between, which obs-year
 * allows, the year ends where the two digits before the colon begin.
 */
static int
read_date_and_hour(struct lex *lex, struct parts *parts)
{
	int digits;

	if (read_digits(lex, 1, 2, &parts->day) < 0 ||
	    skip_gap(lex, GAP_FWS, NULL) != 0)
		return -1;
	parts->month = read_name(lex, month_names, 12) + 1;
	if (parts->month < 1 || skip_gap(lex, GAP_FWS, NULL) != 0)
		return -1;
	digits = read_digits(lex, 2, YEAR_DIGITS_MAX, &parts->year);
	if (digits < 0 || skip_gap(lex, GAP_FWS, NULL) != 0)
		return -1;
	if (peek(lex) == ':') {
		digits -= 2;
		parts->hour = parts->year % 100;
		parts->year /= 100;
		lex->is_obsolete = true;
	} else if (read_digits(lex, 2, 2, &parts->hour) < 0) {
		return -1;
	}
	if (digits < 2)
		return -1;
	if (digits < 4)
		lex->is_obsolete = true;
	parts->year = full_year(parts->year, digits);
	return 0;
}

/*
 * time-of-day = hour ":" minute [ ":" second ]
 * obs-minute  = [CFWS] 2DIGIT [CFWS]	; likewise hour and second
 *
 * From the first colon on. *has_fws_r: white space follows, as a numeric
 * zone needs.
 */
static int
read_minute_and_second(struct lex *lex, struct parts *parts, bool *has_fws_r)
{
	size_t end;

	if (skip_gap(lex, GAP_NONE, NULL) != 0 || !accept(lex, ':') ||
	    skip_gap(lex, GAP_NONE, NULL) != 0 ||
	    read_digits(lex, 2, 2, &parts->minute) < 0)
		return -1;
	end = lex->pos;
	if (skip_gap(lex, GAP_MAYBE, has_fws_r) != 0)
		return -1;
	if (peek(lex) != ':')
		return 0;
	if (lex->pos != end)
		lex->is_obsolete = true;
	lex->pos++;
	if (skip_gap(lex, GAP_NONE, NULL) != 0 ||
	    read_digits(lex, 2, 2, &parts->second) < 0)
		return -1;
	return skip_gap(lex, GAP_MAYBE, has_fws_r);
}

/*
 * obs-zone = "UT" / "GMT" / "EST" / "EDT" / "CST" / "CDT" / "MST" / "MDT" /
 *            "PST" / "PDT" / %d65-73 / %d75-90 / %d97-105 / %d107-122
 *
 * The single letters were used both ways round, so they say nothing.
 */
static int
read_zone_name(struct lex *lex, int *zone_r)
{
	size_t begin = lex->pos;
	struct span name;

	while (ascii_is_alpha((unsigned char)peek(lex)))
		lex->pos++;
	name = span_slice(lex->s, begin, lex->pos);
	lex->is_obsolete = true;
	if (name.len == 1 && ascii_lower((unsigned char)name.ptr[0]) != 'j') {
		*zone_r = 0;
		return 0;
	}
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (span_eq_nocase(name, span_of(zones[i].name))) {
			*zone_r = zones[i].hours * 60;
			return 0;
		}
	return -1;
}

/* zone = (FWS ( "+" / "-" ) 4DIGIT) / obs-zone */
static int
read_zone(struct lex *lex, bool has_fws, int *zone_r)
{
	bool is_west = peek(lex) == '-';
	int value;

	if (!accept(lex, '+') && !accept(lex, '-'))
		return read_zone_name(lex, zone_r);
	if (!has_fws || read_digits(lex, 4, 4, &value) < 0 ||
	    value % 100 > 59)
		return -1;
	value = value / 100 * 60 + value % 100;
	*zone_r = is_west ? -value : value;
	return 0;
}

/*
 * A leap second ends a day of UTC; the grammar's own bound, 23:59:60 of
 * whatever zone, is right as well.
 */
static bool
is_leap_second(const struct parts *parts)
{
	int minute = parts->hour * 60 + parts->minute;
	int utc = (minute - parts->zone) % (24 * 60);

	if (utc < 0)
		utc += 24 * 60;
	return minute == 24 * 60 - 1 || utc == 24 * 60 - 1;
}

static bool
is_in_range(const struct parts *parts)
{
	return parts->year >= 1900 && parts->day >= 1 &&
	    parts->day <= utc_days_of_month(parts->year, parts->month) &&
	    parts->hour <= 23 && parts->minute <= 59 &&
	    (parts->second <= 59 ||
	    (parts->second == 60 && is_leap_second(parts)));
}

/* date-time = [ day-of-week "," ] date time [CFWS] */
int
date_parse(struct span value, struct date *date_r)
{
	struct parts parts = { 0 };
	struct lex lex;
	bool has_fws;
	int64_t days;

	if (lex_init(&lex, value) != 0 || read_weekday(&lex, &parts) != 0 ||
	    read_date_and_hour(&lex, &parts) != 0 ||
	    read_minute_and_second(&lex, &parts, &has_fws) != 0 ||
	    read_zone(&lex, has_fws, &parts.zone) != 0 ||
	    lex_skip(&lex, NULL, NULL) != 0 || lex.pos != value.len ||
	    !is_in_range(&parts))
		return -1;
	days = utc_days(parts.year, parts.month, parts.day);
	*date_r = (struct date){
		.seconds = days * 86400 + (int64_t)parts.hour * 3600 +
		    ((int64_t)parts.minute - parts.zone) * 60 + parts.second,
		.zone = parts.zone,
		.has_weekday = parts.weekday >= 0,
		.is_weekday_right = parts.weekday == weekday_of(days),
		.is_obsolete = lex.is_obsolete,
	};
	return 1;
}

static int64_t
clamp(int64_t value, int64_t least, int64_t most)
{
	if (value < least)
		return least;
	return value > most ? most : value;
}

void
date_print(int64_t seconds, int zone, char text_r[DATE_SIZE])
{
	int64_t offset = clamp(zone, -ZONE_MAX, ZONE_MAX);
	struct utc t = utc_split(clamp(seconds, UTC_FIRST, UTC_LAST) +
	    offset * 60);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset);

	(void)snprintf(text_r, DATE_SIZE,
	    "%s, %u %s %04u %02u:%02u:%02u %c%02u%02u",
	    day_names[weekday_of(utc_days(t.year, t.month, t.day))],
	    (unsigned)t.day % 100, month_names[t.month - 1],
	    (unsigned)t.year % 10000, (unsigned)t.hour % 100,
	    (unsigned)t.minute % 100, (unsigned)t.second % 100,
	    offset < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}
