/*
 * test_utc.c - times as text: those of records, of keys, of what is asked
 * (A6, A8, X12).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/utc.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const refusals[] = {
	"", "2026", "2026-11", "2026-11-2", "2026/11/21", "1969-12-31",
	"2026-00-01", "2026-13-01", "2026-11-00", "2026-11-31", "2026-02-29",
	"2100-02-29", "2026-11-21Z", "2026-11-21T", "2026-11-21T10",
	"2026-11-21 10:00:00",
	"2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z",
	"2026-11-21T10:00:61Z", "2026-11-21T10:00:", "2026-11-21T10:00:00.",
	"2026-11-21T10:00.5", "2026-11-21T10:00:00+01:00",
	"2026-11-21T10:00:00ZZ", "2026-11-21T10:00:00.5x", "+026-11-21",
};

/* What date -u +%s says of them. */
static const struct {
	const char *text;
	int64_t want;
} acceptances[] = {
	{ "1970-01-01", 0 },
	{ "2000-02-29", 951782400000000 },
	{ "2024-03-01T00:00", 1709251200000000 },
	{ "2026-12-01T12:34:56Z", 1796128496000000 },
	{ "2026-12-01T12:34:56", 1796128496000000 },
	{ "2026-12-01T12:34:56.5Z", 1796128496500000 },
	{ "2026-12-01T12:34:56.0000019", 1796128496000001 },
	{ "2016-12-31T23:59:60Z", 1483228800000000 },
	{ "9999-12-31T23:59:59.999999Z", 253402300799999999 },
};

static void
test_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		int64_t got = -7;

		if (utc_parse(span_of(refusals[i]), &got) != -1 || got != -7)
			fail_msg("%s: got %lld, want none", refusals[i],
			    (long long)got);
	}
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		int64_t got = -7;

		if (utc_parse(span_of(acceptances[i].text), &got) != 0 ||
		    got != acceptances[i].want)
			fail_msg("%s: got %lld, want %lld",
			    acceptances[i].text, (long long)got,
			    (long long)acceptances[i].want);
	}
}

static const struct {
	int64_t us;
	const char *want;
} prints[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ 1796128496000001, "2026-12-01T12:34:56.000001Z" },
	{ 253402300799999999, "9999-12-31T23:59:59.999999Z" },
};

static void
test_printed(void **state)
{
	char got[UTC_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(prints); i++) {
		utc_print_us(prints[i].us, got);
		assert_string_equal(got, prints[i].want);
	}
	utc_print(INT64_MIN, got);
	assert_string_equal(got, "0001-01-01T00:00:00Z");
	utc_print(INT64_MAX, got);
	assert_string_equal(got, "9999-12-31T23:59:59Z");
}

/* Days of two millennia, as the C library has them, and read back. */
static void
test_days(void **state)
{
	(void)state;
	for (int64_t s = -30610224000; s < 32503680000; s += 86399) {
		char got[UTC_SIZE], want[UTC_SIZE];
		time_t t = (time_t)s;
		int64_t back;
		struct tm tm;

		utc_print(s, got);
		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof(want),
		    "%Y-%m-%dT%H:%M:%SZ", &tm) > 0);
		assert_string_equal(got, want);
		if (s < 0)
			continue;
		assert_int_equal(utc_parse(span_of(got), &back), 0);
		assert_true(back == s * 1000000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsed),
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
