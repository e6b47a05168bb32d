/*
 * test_glob - patterns with "*" and "?".
 * Proves: X5 D6.3p (which fields and files a pattern is for).
 *
 * All patterns and strings of a few octets are compared with a matcher that
 * is slow and plain.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glob.h"

static const struct {
	const char *pattern, *s;
	bool want;
} cases[] = {
	{ "", "a", false },
	{ "?", "", false },
	{ "a", "ab", false },
	{ "ab", "a", false },
	{ "*a", "ab", false },
	{ "a?c", "ac", false },
	{ "x-*-y", "x-y", false },
	{ "", "", true },
	{ "*", "", true },
	{ "***", "", true },
	{ "X-Mailer", "x-mAILER", true },
	{ "x-*", "X-", true },
	{ "*.exe", "a.exe.exe", true },
	{ "*a*b*c", "xaxbxcabc", true },
	{ "a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	{ "\xc3\xa4?", "\xc3\xa4x", true },
	{ "[", "[", true },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (glob_matches(span_of(cases[i].pattern),
		    span_of(cases[i].s)) != cases[i].want)
			fail_msg("%s and %s: want %d", cases[i].pattern,
			    cases[i].s, cases[i].want);
}

static bool
plain_matches(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*')
		return plain_matches(p + 1, s) ||
		    (*s != '\0' && plain_matches(p, s + 1));
	return *s != '\0' && (*p == '?' || (*p | 32) == (*s | 32)) &&
	    plain_matches(p + 1, s + 1);
}

/* The string of that number, of octets of ALPHABET; false: too long. */
static bool
nth(size_t n, const char *alphabet, char out[8])
{
	size_t base = strlen(alphabet), len = 0;

	for (; n > 0 && len < 6; n = (n - 1) / base)
		out[len++] = alphabet[(n - 1) % base];
	out[len] = '\0';
	return n == 0;
}

static void
test_all_short_ones(void **state)
{
	char pattern[8], s[8];

	(void)state;
	for (size_t i = 0; i < 1365 && nth(i, "aB*?", pattern); i++)
		for (size_t k = 0; k < 127 && nth(k, "Ab", s); k++)
			if (glob_matches(span_of(pattern), span_of(s)) !=
			    plain_matches(pattern, s))
				fail_msg("%s and %s", pattern, s);
}

/* NUL is an octet like any other. */
static void
test_nul(void **state)
{
	struct span with_nul = { "a\0b", 3 };

	(void)state;
	assert_true(glob_matches(SPAN("a?b"), with_nul));
	assert_true(glob_matches(with_nul, with_nul));
	assert_false(glob_matches(SPAN("a"), with_nul));
}

static void
test_first(void **state)
{
	const char *const patterns[] = { "x-*", "X-Mailer", "*" };

	(void)state;
	assert_ptr_equal(glob_first(patterns, 3, SPAN("X-Mailer")),
	    patterns[0]);
	assert_ptr_equal(glob_first(patterns, 3, SPAN("From")), patterns[2]);
	assert_null(glob_first(patterns, 2, SPAN("From")));
	assert_null(glob_first(patterns, 0, SPAN("From")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_all_short_ones),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
