/*
 * test_span.c - runs of octets and ASCII classes: the ground of D5.1 and
 * D5.1b (no locale, NUL is an octet, exact UTF-8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/span.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	struct span in;
	bool want;
} utf8[] = {
	{ { "\x80", 1 }, false },
	{ { "\xbf", 1 }, false },
	{ { "\xc0\xaf", 2 }, false },
	{ { "\xc1\xbf", 2 }, false },
	{ { "\xc2", 1 }, false },
	{ { "\xc2 ", 2 }, false },
	{ { "\xc2\xc2", 2 }, false },
	{ { "\xe0\x9f\xbf", 3 }, false },
	{ { "\xe0\xa0", 2 }, false },
	{ { "\xe1\x80 ", 3 }, false },
	{ { "\xed\xa0\x80", 3 }, false },
	{ { "\xed\xbf\xbf", 3 }, false },
	{ { "\xf0\x8f\xbf\xbf", 4 }, false },
	{ { "\xf0\x90\x80", 3 }, false },
	{ { "\xf0\x90\x80\x7f", 4 }, false },
	{ { "\xf4\x90\x80\x80", 4 }, false },
	{ { "\xf5\x80\x80\x80", 4 }, false },
	{ { "\xff", 1 }, false },
	{ { "a\xfe", 2 }, false },
	{ { "", 0 }, true },
	{ { NULL, 0 }, true },
	{ { "a\0b\x7f", 4 }, true },
	{ { "\xc2\x80", 2 }, true },
	{ { "\xdf\xbf", 2 }, true },
	{ { "\xe0\xa0\x80", 3 }, true },
	{ { "\xed\x9f\xbf", 3 }, true },
	{ { "\xee\x80\x80", 3 }, true },
	{ { "\xef\xbf\xbf", 3 }, true },
	{ { "\xf0\x90\x80\x80", 4 }, true },
	{ { "\xf4\x8f\xbf\xbf", 4 }, true },
	{ { "a\xc3\xa9z\xe6\x97\xa5\xf0\x9f\x98\x80", 11 }, true },
};

static void
test_utf8(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(utf8); i++) {
		/* its own block, so that a sanitizer sees a read beyond */
		char *copy = malloc(utf8[i].in.len + 1);
		bool got;

		assert_non_null(copy);
		if (utf8[i].in.len > 0)
			memcpy(copy + 1, utf8[i].in.ptr, utf8[i].in.len);
		got = span_is_utf8((struct span){ copy + 1, utf8[i].in.len });
		free(copy);
		if (got == utf8[i].want)
			continue;
		print_error("row %zu: got %d, want %d\n", i, got,
		    utf8[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_equal(void **state)
{
	(void)state;
	assert_false(span_eq(SPAN("a"), SPAN("A")));
	assert_false(span_eq(SPAN("a"), SPAN("ab")));
	assert_false(span_eq((struct span){ "a\0b", 3 },
	    (struct span){ "a\0c", 3 }));
	assert_true(span_eq(SPAN(""), (struct span){ NULL, 0 }));
	assert_true(span_eq(SPAN("abc"), SPAN("abc")));
	assert_false(span_eq_nocase(SPAN("a"), SPAN("ab")));
	assert_false(span_eq_nocase(SPAN("ab"), SPAN("a")));
	assert_false(span_eq_nocase(SPAN("["), SPAN("{")));
	assert_false(span_eq_nocase(SPAN("@"), SPAN("`")));
	assert_false(span_eq_nocase(SPAN("\xc3\xa9"), SPAN("\xc3\x89")));
	assert_true(span_eq_nocase(SPAN("aZ0-"), SPAN("Az0-")));
	assert_false(span_starts_nocase(SPAN("ab"), SPAN("abc")));
	assert_false(span_starts_nocase(SPAN("xbc"), SPAN("ab")));
	assert_true(span_starts_nocase(SPAN("ABc"), SPAN("aB")));
	assert_true(span_starts_nocase(SPAN("a"), SPAN("")));
}

static const struct {
	const char *in, *want;
} trims[] = {
	{ "", "" },
	{ " \t\r\n", "" },
	{ "a", "a" },
	{ " a b\t", "a b" },
	{ "\r\n a\r\n", "a" },
	{ "\x0b" "a\x0c", "\x0b" "a\x0c" },
};

static void
test_trim(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(trims); i++) {
		struct span got = span_trim(span_of(trims[i].in));

		if (span_eq(got, span_of(trims[i].want)))
			continue;
		print_error("\"%s\": got \"%.*s\", want \"%s\"\n",
		    trims[i].in, SPAN_ARG(got), trims[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(span_trim((struct span){ NULL, 0 }).len, 0);
	assert_int_equal(span_trim((struct span){ "\0 ", 2 }).len, 1);
}

static void
test_find(void **state)
{
	(void)state;
	assert_int_equal(span_find(SPAN("abc"), 'x'), 3);
	assert_int_equal(span_find((struct span){ NULL, 0 }, 'x'), 0);
	assert_int_equal(span_find(SPAN("axbx"), 'x'), 1);
	assert_int_equal(span_find((struct span){ "a\0b", 3 }, 'b'), 2);
	assert_int_equal(span_find((struct span){ "a\0b", 3 }, '\0'), 1);
	assert_int_equal(span_find(SPAN("a"), '\0'), 1);
	assert_int_equal(span_find_last(SPAN("abc"), 'x'), 3);
	assert_int_equal(span_find_last((struct span){ NULL, 0 }, 'x'), 0);
	assert_int_equal(span_find_last(SPAN("axbx"), 'x'), 3);
	assert_int_equal(span_find_last(SPAN("xabc"), 'x'), 0);
}

static void
test_small_ones(void **state)
{
	struct span s = SPAN("abcd");

	(void)state;
	assert_int_equal(span_of(NULL).len, 0);
	assert_int_equal(span_of("ab").len, 2);
	assert_true(span_eq(span_slice(s, 1, 3), SPAN("bc")));
	assert_true(span_is_empty(span_slice(s, 4, 4)));
	assert_false(span_is_empty(s));
	assert_false(span_has_8bit(SPAN("a\x7f")));
	assert_false(span_has_8bit((struct span){ NULL, 0 }));
	assert_true(span_has_8bit(SPAN("a\x80")));
}

/* The classes, octet by octet, against their definition as a list. */
static void
test_classes(void **state)
{
	static const char atext[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		unsigned char o = (unsigned char)c;
		const char *at = c == 0 ? NULL : strchr(atext, (int)c);
		size_t place = at == NULL ? 99 : (size_t)(at - atext);

		assert_int_equal(ascii_is_atext(o), c < 128 && place < 99);
		assert_int_equal(ascii_is_alpha(o), place < 52);
		assert_int_equal(ascii_is_digit(o),
		    place >= 52 && place < 62);
		assert_int_equal(ascii_is_alnum(o), place < 62);
		assert_int_equal(ascii_is_xdigit(o), place < 6 ||
		    (place >= 26 && place < 32) ||
		    (place >= 52 && place < 62));
		assert_int_equal(ascii_is_wsp(o), c == 9 || c == 32);
		assert_int_equal(ascii_is_vchar(o), c >= 33 && c <= 126);
		assert_int_equal(ascii_is_cntrl(o), c <= 31 || c == 127);
		assert_int_equal(ascii_lower(o), place < 26 ? c + 32 : c);
	}
}

static void
test_number(void **state)
{
	static const struct {
		struct span in;
		int64_t want;
	} numbers[] = {
		{ { NULL, 0 }, -1 },
		{ SPAN(""), -1 },
		{ SPAN("-1"), -1 },
		{ SPAN("+1"), -1 },
		{ SPAN(" 1"), -1 },
		{ SPAN("1 "), -1 },
		{ SPAN("0x1"), -1 },
		{ SPAN("1\0"), -1 },
		{ SPAN("65536"), -1 },
		{ SPAN("99999999999999999999999999"), -1 },
		{ SPAN("0"), 0 },
		{ SPAN("65535"), 65535 },
		{ SPAN("00000000000000000000000001"), 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		int64_t got = span_number(numbers[i].in, 65535);

		if (got != numbers[i].want)
			fail_msg("%.*s: got %lld, want %lld",
			    SPAN_ARG(numbers[i].in), (long long)got,
			    (long long)numbers[i].want);
	}
}

static void
test_take_word(void **state)
{
	struct span rest = SPAN(" \tone  two\tthree \n");

	(void)state;
	assert_true(span_eq(span_take_word(&rest), SPAN("one")));
	assert_true(span_eq(rest, SPAN("two\tthree")));
	assert_true(span_eq(span_take_word(&rest), SPAN("two")));
	assert_true(span_eq(span_take_word(&rest), SPAN("three")));
	assert_int_equal(rest.len, 0);
	assert_int_equal(span_take_word(&rest).len, 0);
	rest = (struct span){ NULL, 0 };
	assert_int_equal(span_take_word(&rest).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_small_ones),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_take_word),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
