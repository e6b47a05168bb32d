/*
 * test_partheader - headers of parts, written anew.
 * Proves: D8.4 (labels corrected, other fields to the octet), X6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer.h"
#include "mutate.h"
#include "edit/partheader.h"

#define AE "\xc3\xa4"

static const struct {
	const char *value;
	enum part_encoding want;
} encodings[] = {
	{ "", PART_7BIT },
	{ " ", PART_7BIT },
	{ " 7bit", PART_7BIT },
	{ " 8BIT", PART_8BIT },
	{ "\n\tbinary ", PART_8BIT },
	{ " (a (b)) Quoted-Printable (c)", PART_QP },
	{ "base64;", PART_BASE64 },
	{ " base64(x)", PART_BASE64 },
	{ " base 64", PART_UNKNOWN },
	{ " uuencode", PART_UNKNOWN },
	{ " (base64", PART_UNKNOWN },
	{ " \"base64\"", PART_UNKNOWN },
};

static void
test_encodings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (part_encoding_parse(span_of(encodings[i].value)) !=
		    encodings[i].want)
			fail_msg("%s", encodings[i].value);
}

static const struct part_rules rules = { true, true, "x-unknown", 40 };
static const struct part_rules strict = { true, false, "x-unknown", 40 };

#define CTE "Content-Transfer-Encoding"

static const struct {
	const char *header;
	struct part_change change;
	const struct part_rules *rules;
	const char *want;	/* NULL: cannot be mended */
} cases[] = {
	{ "X: a\rb\r\n\r\n", { .is_mended = true }, &rules, NULL },
	{ "X: " AE "\r\n\r\n", { .is_mended = true }, &strict, NULL },
	{ "Cc: " AE "@b\r\n\r\n", { .is_mended = true }, &rules, NULL },
	{ AE "\r\n\r\n", { .is_mended = true }, &rules, NULL },
	{ "X: 0123456789012345678901234567890123456789\r\n\r\n",
	    { .is_mended = true }, &rules, NULL },
	{ "X :  a \r\n\tb\r\ny:\r\n\r\n", { NULL }, &rules,
	    "X :  a \r\n\tb\r\ny:\r\n\r\n" },
	{ "X: " AE "\n\r\n", { NULL }, &rules, "X: " AE "\n\r\n" },
	{ "", { .encoding = "base64" }, &rules, CTE ": base64\r\n" },
	{ "\r\n", { .encoding = "base64" }, &rules, CTE ": base64\r\n\r\n" },
	{ "A: b\r\n" CTE ":\r\n 8bit\r\nC: d\r\n\r\n",
	    { .encoding = "base64" }, &rules,
	    "A: b\r\n" CTE ": base64\r\nC: d\r\n\r\n" },
	{ "content-transfer-encoding: 8bit\r\n" CTE ": 8bit\r\n\r\n",
	    { .encoding = "base64" }, &rules, CTE ": base64\r\n\r\n" },
	{ "content-TYPE: text\r\nA: b\r\n\r\n", { .charset = "utf-8" },
	    &rules, "A: b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "\r\n" },
	{ "A: b\r\n\r\n", { .add_version = true }, &rules,
	    "A: b\r\nMIME-Version: 1.0\r\n\r\n" },
	{ "A: b", { .add_version = true }, &rules,
	    "A: b\r\nMIME-Version: 1.0\r\n" },
	{ "A: b\n c\n\n", { .is_mended = true }, &rules,
	    "A: b\r\n c\r\n\r\n" },
	{ "X: " AE "\r\n\r\n", { .is_mended = true }, &rules,
	    "X: =?utf-8?Q?=C3=A4?=\r\n\r\n" },
	{ "X: 01234567890123456789 01234567890123456789\r\n\r\n",
	    { .is_mended = true }, &rules,
	    "X: 01234567890123456789\r\n 01234567890123456789\r\n\r\n" },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(1 << 20, NULL);
		struct span got = { NULL, 0 };
		int rc = partheader_write(span_of(cases[i].header),
		    &cases[i].change, cases[i].rules, arena, &got);

		answer_check(cases[i].header, rc, got, cases[i].want);
		arena_free(&arena);
	}
}

static void
test_join(void **state)
{
	struct part_change one = { .encoding = "base64", .add_version = true };
	const struct part_change none = { NULL }, other = {
		.charset = "utf-8", .is_mended = true };

	(void)state;
	assert_false(partheader_is_changed(&none));
	partheader_join(&one, &none);
	assert_string_equal(one.encoding, "base64");
	assert_false(one.is_mended);
	partheader_join(&one, &other);
	assert_true(one.add_version && one.is_mended);
	assert_string_equal(one.charset, "utf-8");
	assert_true(partheader_is_changed(&other));
}

/* What was mended is fit for the way and needs nothing more. */
static void
check(struct span header, void *context)
{
	const struct part_change mend = { .is_mended = true };
	struct arena *arena = context;
	struct span got, again;
	size_t column = 0;

	arena_reset(arena);
	if (partheader_can_mend(header, &rules, arena) != 1)
		return;
	assert_int_equal(partheader_write(header, &mend, &rules, arena,
	    &got), 1);
	assert_false(span_has_8bit(got));
	for (size_t i = 0; i < got.len; i++) {
		column = got.ptr[i] == '\n' ? 0 : column + 1;
		/* The CR of the line end counts here. */
		assert_true(column <= 41);
	}
	assert_int_equal(partheader_write(got, &mend, &rules, arena,
	    &again), 1);
	assert_true(span_eq(got, again));
}

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	mutate_all(SPAN("X: " AE " b\r\n c\r\nContent-Type: text/plain;\r\n"
	    "\tname=\"" AE "\"\r\nY: 0123456789 0123456789 0123456789 012\r\n"
	    "\r\n"), check, arena);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
