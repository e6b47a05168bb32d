/*
 * test_octets.c - line discipline of a body: D6.3 (message-syntax: NUL,
 * bare CR, bare LF).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/octets.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum fault {
	NUL = 1 << 0,
	BARE_CR = 1 << 1,
	BARE_LF = 1 << 2,
	HIGH = 1 << 3,
	LINE_START = 1 << 4,	/* the stream ends at the start of a line */
};

static const struct {
	struct span in;
	unsigned want;
	size_t want_longest;
} rows[] = {
	{ { "", 0 }, LINE_START, 0 },
	{ { "\r", 1 }, BARE_CR, 1 },
	{ { "\n", 1 }, BARE_LF, 1 },
	{ { "\n\r", 2 }, BARE_LF | BARE_CR, 2 },
	{ { "\r\r\n", 3 }, BARE_CR | LINE_START, 1 },
	{ { "\r\n\n", 3 }, BARE_LF, 1 },
	{ { "a\r", 2 }, BARE_CR, 2 },
	{ { "a\rb", 3 }, BARE_CR, 3 },
	{ { "a\nb", 3 }, BARE_LF, 3 },
	{ { "a\r\0\n", 4 }, BARE_CR | BARE_LF | NUL, 4 },
	{ { "\0", 1 }, NUL, 1 },
	{ { "a\0b\r\n", 5 }, NUL | LINE_START, 3 },
	{ { "\x80\r\n", 3 }, HIGH | LINE_START, 1 },
	{ { "abc\xff", 4 }, HIGH, 4 },
	{ { "\r\n.\r\n", 5 }, LINE_START, 1 },
	{ { "\r\n", 2 }, LINE_START, 0 },
	{ { "a", 1 }, 0, 1 },
	{ { "a\r\n", 3 }, LINE_START, 1 },
	{ { "a\r\nbcd\r\nef", 10 }, 0, 3 },
	{ { "abc\r\n\r\n", 7 }, LINE_START, 3 },
	{ { "\x7f\t\x01", 3 }, 0, 3 },
};

static unsigned
faults_of(const struct octets *octets)
{
	return (octets->has_nul ? NUL : 0u) |
	    (octets->has_bare_cr ? BARE_CR : 0u) |
	    (octets->has_bare_lf ? BARE_LF : 0u) |
	    (octets->has_8bit ? HIGH : 0u) |
	    (octets->is_at_line_start ? LINE_START : 0u);
}

static void
test_rows(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct octets got;

		octets_init(&got);
		octets_feed(&got, rows[i].in);
		octets_end(&got);
		if (faults_of(&got) == rows[i].want &&
		    got.longest_line == rows[i].want_longest &&
		    got.size == rows[i].in.len)
			continue;
		print_error("row %zu: got faults %u longest %zu, want %u %zu\n",
		    i, faults_of(&got), got.longest_line, rows[i].want,
		    rows[i].want_longest);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* What the whole stream says by definition, octet by octet. */
static unsigned
faults_by_definition(struct span s, size_t *longest_r)
{
	unsigned faults = s.len == 0 ? LINE_START : 0;
	size_t line = 0;

	*longest_r = 0;
	for (size_t i = 0; i < s.len; i++) {
		bool is_end = s.ptr[i] == '\n' && i > 0 &&
		    s.ptr[i - 1] == '\r';
		bool is_begin_of_end = s.ptr[i] == '\r' && i + 1 < s.len &&
		    s.ptr[i + 1] == '\n';

		if (s.ptr[i] == '\0')
			faults |= NUL;
		if ((unsigned char)s.ptr[i] > 0x7f)
			faults |= HIGH;
		if (s.ptr[i] == '\r' && !is_begin_of_end)
			faults |= BARE_CR;
		if (s.ptr[i] == '\n' && !is_end)
			faults |= BARE_LF;
		if (is_end)
			line = 0;
		else if (!is_begin_of_end && ++line > *longest_r)
			*longest_r = line;
		if (is_end && i + 1 == s.len)
			faults |= LINE_START;
	}
	return faults;
}

static void
try_cuts(struct span s, void *context)
{
	size_t longest;
	unsigned want = faults_by_definition(s, &longest);

	(void)context;
	for (size_t piece = 1; piece <= s.len + 1; piece++) {
		struct octets got;

		octets_init(&got);
		for (size_t i = 0; i < s.len; i += piece)
			octets_feed(&got, span_slice(s, i,
			    s.len - i < piece ? s.len : i + piece));
		octets_feed(&got, (struct span){ NULL, 0 });
		octets_end(&got);
		assert_int_equal(faults_of(&got), want);
		assert_int_equal(got.longest_line, longest);
		assert_int_equal(got.size, s.len);
	}
}

static void
test_any_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		mutate_all(rows[i].in, try_cuts, NULL);
	mutate_all(SPAN("abc\r\n\r\n\r\r\n\n\r\0x\x80yz\r\nlonger line\r\n"),
	    try_cuts, NULL);
}

/* 998 octets is the most that RFC 5322 allows; the count goes beyond. */
static void
test_long_lines(void **state)
{
	static char text[3000];
	struct octets octets;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + 998, "\r\n", 2);
	memcpy(text + 2500, "\r\n", 2);
	octets_init(&octets);
	octets_feed(&octets, (struct span){ text, 1000 });
	assert_int_equal(octets.longest_line, 998);
	assert_int_equal(octets.line, 0);
	octets_feed(&octets, (struct span){ text + 1000, 1000 });
	assert_int_equal(octets.longest_line, 1000);
	octets_feed(&octets, (struct span){ text + 2000, 1000 });
	assert_int_equal(octets.longest_line, 1500);
	assert_int_equal(octets.line, 498);
	assert_int_equal(octets.size, 3000);
	assert_false(octets.has_bare_cr);
	assert_false(octets.has_bare_lf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_any_cut),
		cmocka_unit_test(test_long_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
