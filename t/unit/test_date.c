/*
 * test_date.c - the date-time of header fields: D8.2 (date).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/date.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define S_2026 1795251600	/* Sat, 21 Nov 2026 09:00:00 +0000 */

static const char *const refusals[] = {
	"",
	" ",
	"(comment)",
	"today",
	"2026-11-21T10:00:00Z",
	"21/11/2026 10:00:00 +0100",
	"Nov 21 2026 10:00:00 +0100",
	"Sat Nov 21 10:00:00 2026",
	"Sat, 21 Nov 2026",
	"Sat, 21 Nov 2026 10:00:00",
	"Sat, 21 Nov 2026 10:00",
	"Sat, 21 Nov 2026 +0100",
	"Sat, 21 Nov 10:00:00 +0100",
	"21 Nov 10:00:00 +0100",
	/* day of week */
	"Sat 21 Nov 2026 10:00:00 +0100",
	"Sa, 21 Nov 2026 10:00:00 +0100",
	"Saturday, 21 Nov 2026 10:00:00 +0100",
	"Sam, 21 Nov 2026 10:00:00 +0100",
	", 21 Nov 2026 10:00:00 +0100",
	"Sat,, 21 Nov 2026 10:00:00 +0100",
	"Sat; 21 Nov 2026 10:00:00 +0100",
	/* day, month, year */
	"Sat, 0 Nov 2026 10:00:00 +0100",
	"Sat, 00 Nov 2026 10:00:00 +0100",
	"31 Nov 2026 10:00:00 +0100",
	"32 Jan 2026 10:00:00 +0100",
	"29 Feb 2026 10:00:00 +0100",
	"29 Feb 2100 10:00:00 +0100",
	"29 Feb 1900 10:00:00 +0100",
	"30 Feb 2024 10:00:00 +0100",
	"31 Apr 2026 10:00:00 +0100",
	"021 Nov 2026 10:00:00 +0100",
	"-1 Nov 2026 10:00:00 +0100",
	"21. Nov 2026 10:00:00 +0100",
	"21-Nov-2026 10:00:00 +0100",
	"21 November 2026 10:00:00 +0100",
	"21 Nof 2026 10:00:00 +0100",
	"21 11 2026 10:00:00 +0100",
	"21 Nov 6 10:00:00 +0100",
	"21 Nov 1899 10:00:00 +0100",
	"21 Nov 0026 10:00:00 +0100",
	"21 Nov 1234567890 10:00:00 +0100",
	"21 Nov '26 10:00:00 +0100",
	/* time of day */
	"21 Nov 2026 24:00:00 +0100",
	"21 Nov 2026 25:00:00 +0100",
	"21 Nov 2026 10:60:00 +0100",
	"21 Nov 2026 10:00:61 +0100",
	"21 Nov 2026 10:00:60 +0100",
	"21 Nov 2026 23:58:60 +0000",
	"21 Nov 2026 1:00:00 +0100",
	"21 Nov 2026 10:0:00 +0100",
	"21 Nov 2026 10:00:0 +0100",
	"21 Nov 2026 010:00:00 +0100",
	"21 Nov 2026 10:000:00 +0100",
	"21 Nov 2026 10:00:00.5 +0100",
	"21 Nov 2026 10:00: +0100",
	"21 Nov 2026 10::00 +0100",
	"21 Nov 2026 10.00.00 +0100",
	"21 Nov 2026 10:00:00:00 +0100",
	"21 Nov 2026 10:00:00 AM +0100",
	"21 Nov 2026 1000 +0100",
	"21 Nov 2026 :00:00 +0100",
	"21 Nov 26:00 +0100",
	/* zone */
	"21 Nov 2026 10:00:00+0100",
	"21 Nov 2026 10:00:00 (c)+0100",
	"21 Nov 2026 10:00:00 0100",
	"21 Nov 2026 10:00:00 +01:00",
	"21 Nov 2026 10:00:00 +100",
	"21 Nov 2026 10:00:00 +01000",
	"21 Nov 2026 10:00:00 +0160",
	"21 Nov 2026 10:00:00 -0099",
	"21 Nov 2026 10:00:00 + 0100",
	"21 Nov 2026 10:00:00 +",
	"21 Nov 2026 10:00:00 +-0100",
	"21 Nov 2026 10:00:00 CET",
	"21 Nov 2026 10:00:00 UTC",
	"21 Nov 2026 10:00:00 J",
	"21 Nov 2026 10:00:00 j",
	"21 Nov 2026 10:00:00 GMT+1",
	"21 Nov 2026 10:00:00 GMTX",
	"21 Nov 2026 10:00:00 +0100 CET",
	"21 Nov 2026 10:00:00 +0100 GMT",
	"21 Nov 2026 10:00:00 +0100,",
	"21 Nov 2026 10:00:00 +0100x",
	/* comments, line ends, octets */
	"21 Nov 2026 10:00:00 +0100 (CET",
	"21 Nov 2026 10:00:00 +0100 CET)",
	"21 Nov 2026 10:00:00 +0100 (\xff)",
	"21 Nov 2026 10:00:00 +0100\r\n",
	"21 Nov\r\n2026 10:00:00 +0100",
	"21 Nov 2026\r 10:00:00 +0100",
	"21 Nov 2026 10:00:00 \xc2\xb1 0100",
	"21 Nov 2026 10\x01:00:00 +0100",
};

enum weekday { NO_DAY, RIGHT_DAY, WRONG_DAY };

static const struct {
	const char *in;
	int64_t want;
	int want_zone;
	enum weekday want_day;
	bool want_obsolete;
} acceptances[] = {
	{ "Sat, 21 Nov 2026 10:00:00 +0100", S_2026, 60, RIGHT_DAY, false },
	{ " Sat, 21 Nov 2026 10:00:00 +0100", S_2026, 60, RIGHT_DAY, false },
	{ "21 Nov 2026 10:00:00 +0100", S_2026, 60, NO_DAY, false },
	{ "Sat,21 Nov 2026 10:00:00 +0100", S_2026, 60, RIGHT_DAY, false },
	{ "Sat, 21 Nov 2026 10:00 +0100", S_2026, 60, RIGHT_DAY, false },
	{ "Fri, 21 Nov 2026 10:00:00 +0100", S_2026, 60, WRONG_DAY, false },
	{ "sAT, 21 nOV 2026 10:00:00 +0100", S_2026, 60, RIGHT_DAY, false },
	{ "Sat, 21 Nov 2026 10:00:00 +0100 (CET)", S_2026, 60, RIGHT_DAY,
	    false },
	{ "Sat, 21 Nov 2026 10:00:00 +0100 (\xc3\xa9 (x) \\))", S_2026, 60,
	    RIGHT_DAY, false },
	{ "Sat,\r\n 21 Nov 2026\n\t10:00:00 +0100 ", S_2026, 60, RIGHT_DAY,
	    false },
	{ "Sat,  21  Nov\t2026   10:00:00\t+0100", S_2026, 60, RIGHT_DAY,
	    false },
	{ "Sat, 21 Nov 2026 09:00:00 +0000", S_2026, 0, RIGHT_DAY, false },
	{ "Sat, 21 Nov 2026 09:00:00 -0000", S_2026, 0, RIGHT_DAY, false },
	{ "Sat, 21 Nov 2026 05:30:00 -0330", S_2026, -210, RIGHT_DAY,
	    false },
	{ "Sat, 21 Nov 2026 14:45:00 +0545", S_2026, 345, RIGHT_DAY, false },
	{ "Wed, 25 Nov 2026 12:59:00 +9959", S_2026, 5999, RIGHT_DAY,
	    false },
	{ "Tue, 17 Nov 2026 05:01:00 -9959", S_2026, -5999, RIGHT_DAY,
	    false },
	{ "Thu, 1 Jan 1970 00:00:00 +0000", 0, 0, RIGHT_DAY, false },
	{ "Thu, 01 Jan 1970 00:00:00 +0000", 0, 0, RIGHT_DAY, false },
	{ "Wed, 31 Dec 1969 23:59:59 +0000", -1, 0, RIGHT_DAY, false },
	{ "Mon, 1 Jan 1900 00:00:00 +0000", -2208988800, 0, RIGHT_DAY,
	    false },
	{ "Thu, 29 Feb 2024 00:00:00 +0000", 1709164800, 0, RIGHT_DAY,
	    false },
	{ "Tue, 29 Feb 2000 00:00:00 +0000", 951782400, 0, RIGHT_DAY,
	    false },
	{ "Fri, 31 Dec 9999 23:59:59 +0000", 253402300799, 0, RIGHT_DAY,
	    false },
	{ "Sat, 1 Jan 10000 00:00:00 +0000", 253402300800, 0, RIGHT_DAY,
	    false },
	/* leap seconds */
	{ "Sat, 31 Dec 2016 23:59:60 +0000", 1483228800, 0, RIGHT_DAY,
	    false },
	{ "Sun, 1 Jan 2017 00:59:60 +0100", 1483228800, 60, RIGHT_DAY,
	    false },
	{ "Sat, 31 Dec 2016 18:59:60 -0500", 1483228800, -300, RIGHT_DAY,
	    false },
	{ "Sun, 1 Jan 2017 05:44:60 +0545", 1483228800, 345, RIGHT_DAY,
	    false },
	{ "Sat, 31 Dec 2016 23:59:60 -0500", 1483246800, -300, RIGHT_DAY,
	    false },
	{ "Thu, 5 Jan 2017 03:58:60 +9959", 1483228800, 5999, RIGHT_DAY,
	    false },
	{ "Tue, 27 Dec 2016 20:00:60 -9959", 1483228800, -5999, RIGHT_DAY,
	    false },
	/* obsolete years */
	{ "Sat, 21 Nov 26 10:00:00 +0100", S_2026, 60, RIGHT_DAY, true },
	{ "Sat, 21 Nov 126 10:00:00 +0100", S_2026, 60, RIGHT_DAY, true },
	{ "Fri, 31 Dec 49 23:59:59 +0000", 2524607999, 0, RIGHT_DAY, true },
	{ "Sun, 1 Jan 50 00:00:00 +0000", -631152000, 0, RIGHT_DAY, true },
	{ "Fri, 31 Dec 99 23:59:59 +0000", 946684799, 0, RIGHT_DAY, true },
	{ "Sat, 1 Jan 00 00:00:00 +0000", 946684800, 0, RIGHT_DAY, true },
	{ "Mon, 1 Jan 000 00:00:00 +0000", -2208988800, 0, RIGHT_DAY, true },
	/* obsolete zones */
	{ "Sat, 21 Nov 2026 09:00:00 UT", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 GMT", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 gmt", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 04:00:00 EST", S_2026, -300, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 05:00:00 EDT", S_2026, -240, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 03:00:00 CST", S_2026, -360, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 04:00:00 CDT", S_2026, -300, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 02:00:00 MST", S_2026, -420, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 03:00:00 MDT", S_2026, -360, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 01:00:00 PST", S_2026, -480, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 02:00:00 PDT", S_2026, -420, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 Z", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 A", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 i", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00 k", S_2026, 0, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 09:00:00GMT", S_2026, 0, RIGHT_DAY, true },
	/* obsolete white space and comments */
	{ "Sat , 21 Nov 2026 10:00:00 +0100", S_2026, 60, RIGHT_DAY, true },
	{ "(c)Sat(c),(c)21(c)Nov(c)2026(c)10(c):(c)00(c):(c)00 +0100(c)",
	    S_2026, 60, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 10 : 00 : 00 +0100", S_2026, 60, RIGHT_DAY,
	    true },
	{ "Sat, 21 Nov 2026 10:00 :00 +0100", S_2026, 60, RIGHT_DAY, true },
	{ "Sat, 21 Nov 2026 10:00:00 (c) +0100", S_2026, 60, RIGHT_DAY,
	    true },
	{ "21Nov2026 10:00 +0100", S_2026, 60, NO_DAY, true },
	{ "21Nov202610:00 +0100", S_2026, 60, NO_DAY, true },
	{ "21 Nov 2026 10(c):00 +0100", S_2026, 60, NO_DAY, true },
	{ "21 Nov 202610:00 +0100", S_2026, 60, NO_DAY, true },
	{ "21Nov2610(c):00 +0100", S_2026, 60, NO_DAY, true },
	{ "Sat, 21 Nov 2026\n \n 10:00 +0100", S_2026, 60, RIGHT_DAY, true },
};

static void
test_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct date date = { .seconds = 99 };
		int got = date_parse(span_of(refusals[i]), &date);

		if (got == -1 && date.seconds == 99)
			continue;
		print_error("%s: got %d, want -1 and no result\n",
		    refusals[i], got);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_accepted(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		struct date date = { .seconds = 99 };
		int got = date_parse(span_of(acceptances[i].in), &date);
		enum weekday day = NO_DAY;

		if (date.has_weekday)
			day = date.is_weekday_right ? RIGHT_DAY : WRONG_DAY;
		if (got == 1 && date.seconds == acceptances[i].want &&
		    date.zone == acceptances[i].want_zone &&
		    day == acceptances[i].want_day &&
		    date.is_obsolete == acceptances[i].want_obsolete)
			continue;
		print_error("%s: got %d %lld zone %d day %d obsolete %d, want "
		    "1 %lld zone %d day %d obsolete %d\n", acceptances[i].in,
		    got, (long long)date.seconds, date.zone, (int)day,
		    date.is_obsolete, (long long)acceptances[i].want,
		    acceptances[i].want_zone, (int)acceptances[i].want_day,
		    acceptances[i].want_obsolete);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_nul(void **state)
{
	static const char text[] = "21 Nov 2026 10:00:00 +0100 (\0)";
	struct date date;

	(void)state;
	assert_int_equal(date_parse((struct span){ text, sizeof(text) - 1 },
	    &date), -1);
	assert_int_equal(date_parse((struct span){ text, 27 }, &date), 1);
}

static const struct {
	int64_t seconds;
	int zone;
	const char *want;
} printed[] = {
	{ S_2026, 60, "Sat, 21 Nov 2026 10:00:00 +0100" },
	{ S_2026, 0, "Sat, 21 Nov 2026 09:00:00 +0000" },
	{ S_2026, -210, "Sat, 21 Nov 2026 05:30:00 -0330" },
	{ S_2026, 20 * 60, "Sun, 22 Nov 2026 05:00:00 +2000" },
	{ 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ 0, -1, "Wed, 31 Dec 1969 23:59:00 -0001" },
	{ -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000" },
	{ 951782399, 0, "Mon, 28 Feb 2000 23:59:59 +0000" },
	{ 951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
	{ 951868800, 0, "Wed, 1 Mar 2000 00:00:00 +0000" },
	{ 978307199, 0, "Sun, 31 Dec 2000 23:59:59 +0000" },
	{ 4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
	{ -62135596800, 0, "Mon, 1 Jan 0001 00:00:00 +0000" },
	{ 253402300799, 0, "Fri, 31 Dec 9999 23:59:59 +0000" },
	{ INT64_MAX, 0, "Fri, 31 Dec 9999 23:59:59 +0000" },
	{ INT64_MIN, 0, "Mon, 1 Jan 0001 00:00:00 +0000" },
	{ INT64_MAX, 60, "Fri, 31 Dec 9999 23:59:59 +0100" },
	{ S_2026, 1000000, "Wed, 25 Nov 2026 12:59:00 +9959" },
	{ S_2026, INT32_MIN, "Tue, 17 Nov 2026 05:01:00 -9959" },
};

static void
test_printed(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(printed); i++) {
		char got[DATE_SIZE];

		date_print(printed[i].seconds, printed[i].zone, got);
		if (strcmp(got, printed[i].want) == 0)
			continue;
		print_error("%lld %d: got %s, want %s\n",
		    (long long)printed[i].seconds, printed[i].zone, got,
		    printed[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static bool
is_back(int64_t seconds, int zone, const char *text)
{
	struct date date;

	return date_parse(span_of(text), &date) == 1 &&
	    date.seconds == seconds && date.zone == zone &&
	    date.has_weekday && date.is_weekday_right && !date.is_obsolete;
}

/* Every day of six centuries, read back, and as the C library has it. */
static void
test_printed_is_read_back(void **state)
{
	int zone = -5999;

	(void)state;
	for (int64_t s = -2208902400; s < 16725225600; s += 86399) {
		char got[DATE_SIZE], want[DATE_SIZE];
		time_t t = (time_t)s;
		struct tm tm;

		date_print(s, 0, got);
		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof(want),
		    "%a, %-d %b %Y %H:%M:%S +0000", &tm) > 0);
		if (strcmp(got, want) != 0 || !is_back(s, 0, got))
			fail_msg("%lld: got %s, want %s", (long long)s, got,
			    want);
		if (s < 0)
			continue;
		date_print(s, zone, got);
		if (!is_back(s, zone, got))
			fail_msg("%lld zone %d: got %s", (long long)s, zone,
			    got);
		zone = zone == 5999 ? -5999 : zone + 1;
	}
}

static void
try_date(struct span s, void *context)
{
	struct date date;
	char text[DATE_SIZE];

	(void)context;
	if (date_parse(s, &date) != 1)
		return;
	assert_in_range(date.zone + 5999, 0, 2 * 5999);
	assert_true(date.seconds >= -2208988800 - 5999 * 60);
	assert_true(date.has_weekday || !date.is_weekday_right);
	date_print(date.seconds, date.zone, text);
	if (date.seconds < 253402300799 - 5999 * 60)
		assert_true(is_back(date.seconds, date.zone, text));
}

static void
test_near_misses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		mutate_all(span_of(refusals[i]), try_date, NULL);
	for (size_t i = 0; i < COUNT(acceptances); i++)
		mutate_all(span_of(acceptances[i].in), try_date, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_printed_is_read_back),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
