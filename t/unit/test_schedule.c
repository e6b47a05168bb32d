/*
 * test_schedule - when a key may sign.
 * Proves: X12 (not-before, not-after).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utc.h"
#include "sign/schedule.h"

#define NONE INT64_MIN

static const struct time_case {
	const char *text;
	bool is_end;
	int64_t want;		/* NONE: it is no time */
} time_cases[] = {
	/* refusals */
	{ "", false, NONE },
	{ "2026", false, NONE },
	{ "2026-12", false, NONE },
	{ "2026-12-1", false, NONE },
	{ "2026-13-01", false, NONE },
	{ "2026-00-01", false, NONE },
	{ "2026-12-00", false, NONE },
	{ "2026-12-32", false, NONE },
	{ "2026-02-29", false, NONE },
	{ "2100-02-29", false, NONE },
	{ "1969-12-31", false, NONE },
	{ "2026/12/01", false, NONE },
	{ "-026-12-01", false, NONE },
	{ "2026-12-01T", false, NONE },
	{ "2026-12-01T00:00:00", false, NONE },
	{ "2026-12-01T24:00:00Z", false, NONE },
	{ "2026-12-01T00:60:00Z", false, NONE },
	{ "2026-12-01T00:00:60Z", false, NONE },
	{ "2026-12-01 00:00:00Z", false, NONE },
	{ "2026-12-01T00:00:00+01", false, NONE },
	/* times; what date -u +%s says of them */
	{ "1970-01-01", false, 0 },
	{ "1970-01-01", true, 86399 },
	{ "2000-02-29", false, 951782400 },
	{ "2024-03-01", false, 1709251200 },
	{ "2026-12-01", false, 1796083200 },
	{ "2026-12-01", true, 1796169599 },
	{ "2026-12-01T12:34:56Z", false, 1796128496 },
	{ "2026-12-01T12:34:56Z", true, 1796128496 },
	{ "9999-12-31T23:59:59Z", false, 253402300799 },
};

static void
test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(time_cases) / sizeof(time_cases[0]);
	    i++) {
		const struct time_case *c = &time_cases[i];
		int64_t got = NONE;
		char text[UTC_SIZE];

		if (schedule_parse_time(span_of(c->text), c->is_end, &got) !=
		    (c->want == NONE ? -1 : 1) || got != c->want)
			fail_msg("%s: got %lld, want %lld", c->text,
			    (long long)got, (long long)c->want);
		if (got == NONE || strlen(c->text) < 20)
			continue;
		utc_print(got, text);
		assert_string_equal(text, c->text);
	}
}

static const struct file_case {
	const char *text;
	const char *want;	/* part of the error, or NULL */
	struct schedule want_schedule;
} file_cases[] = {
	/* refusals */
	{ "not-before 2026-12-01\n", "wants lines", { 0, 0 } },
	{ "notbefore: 2026-12-01\n", "wants lines", { 0, 0 } },
	{ "not-before: soon\n", "has a time that is not", { 0, 0 } },
	{ "not-after: never\n", "has a time that is not", { 0, 0 } },
	{ "not-after: 2026-12-01\nnot-after: 2026-12-02\n",
	    "has a time twice", { 0, 0 } },
	{ "not-before:\n", "has a time that is not", { 0, 0 } },
	/* files */
	{ "", NULL, { INT64_MIN, INT64_MAX } },
	{ "# nothing\n\n", NULL, { INT64_MIN, INT64_MAX } },
	{ "not-before: never", NULL, { INT64_MAX, INT64_MAX } },
	{ "not-before: 1970-01-02\r\n# x\nnot-after: 1970-01-02", NULL,
	    { 86400, 172799 } },
	{ " not-after : 1970-01-01T00:00:01Z \n", NULL, { INT64_MIN, 1 } },
};

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]);
	    i++) {
		const struct file_case *c = &file_cases[i];
		struct schedule got = { 0, 0 };
		const char *error = NULL;

		if (schedule_parse(span_of(c->text), &got, &error) !=
		    (c->want == NULL ? 0 : -1))
			fail_msg("%s: got %s, want %s", c->text, error,
			    c->want);
		if (c->want != NULL && strstr(error, c->want) == NULL)
			fail_msg("%s: got %s, want %s", c->text, error,
			    c->want);
		assert_int_equal(got.not_before, c->want_schedule.not_before);
		assert_int_equal(got.not_after, c->want_schedule.not_after);
	}
}

static void
test_holds(void **state)
{
	static const struct {
		struct schedule schedule;
		int64_t now;
		bool want;
	} cases[] = {
		{ { 10, 20 }, 9, false },
		{ { 10, 20 }, 21, false },
		{ { SCHEDULE_NEVER, INT64_MAX }, INT64_MAX, false },
		{ { 10, 20 }, 10, true },
		{ { 10, 20 }, 20, true },
		{ { INT64_MIN, INT64_MAX }, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(schedule_holds(&cases[i].schedule,
		    cases[i].now), cases[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
