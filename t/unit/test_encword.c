/*
 * test_encword - octets above 127 in header fields.
 * Proves: D8.4 D6.3 (8-bit header by RFC 2047), X6.
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
#include "pick.h"
#include "base/arena.h"
#include "syntax/encword.h"

#define AE "\xc3\xa4"

static const struct encword_style style = { "x-unknown", "\n" };

/* As a value stands behind the colon; want NULL: it cannot be encoded. */
static const struct {
	const char *name, *value, *want;
} cases[] = {
	{ "Cc", " " AE "@example.org", NULL },
	{ "Cc", " a <" AE "@example.org>", NULL },
	{ "Cc", " " AE " (x) <a@example.org>", NULL },
	{ "Cc", " a@example.org (\\" AE ")", NULL },
	{ "Cc", " a@example.org (" AE, NULL },
	{ "Message-ID", " <" AE "@example.org>", NULL },
	{ "Subject", " =?utf-8?q?a?=" AE, NULL },
	{ "Content-Disposition", " " AE "; filename=x", NULL },
	{ "Content-Disposition", " x; " AE "=x", NULL },
	{ "Content-Disposition", " x; filename*=" AE, NULL },
	{ "Subject", " plain  text ", " plain  text " },
	{ "Subject", "", "" },
	{ "Subject", " a " AE " b", " a =?utf-8?Q?=C3=A4?= b" },
	{ "Subject", " " AE "  " AE " b", " =?utf-8?Q?=C3=A4__=C3=A4?= b" },
	{ "Subject", " " AE "\n\t" AE, " =?utf-8?Q?=C3=A4_=C3=A4?=" },
	{ "Subject", " \xe4", " =?x-unknown?Q?=E4?=" },
	{ "Cc", " " AE "; <a@example.org>", NULL },
	{ "Cc", " " AE " B <a@example.org>",
	    " =?utf-8?Q?=C3=A4_B?= <a@example.org>" },
	{ "Cc", " \"" AE ", B\" <a@example.org>, b@example.org",
	    " =?utf-8?Q?=C3=A4=2C_B?= <a@example.org>, b@example.org" },
	{ "Cc", " a@example.org (" AE ")",
	    " a@example.org (=?utf-8?Q?=C3=A4?=)" },
	{ "Content-Disposition", " attachment; filename=\"" AE " b.txt\"",
	    " attachment;\n filename*=utf-8''%C3%A4%20b.txt" },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(1 << 20, NULL);
		struct span got = { NULL, 0 };
		int rc = encword_encode(span_of(cases[i].name),
		    span_of(cases[i].value), &style, arena, &got);

		answer_check(cases[i].value, rc, got, cases[i].want);
		arena_free(&arena);
	}
}

static const struct {
	const char *text, *want;
} words[] = {
	{ "=?utf-8?Q?=C3=A4?=", AE },
	{ "=?utf-8?b?w6Q=?=", AE },
	{ "=?UTF-8?Q?a_b?=  =?utf-8?q?c?=", "a bc" },
	{ "a =?utf-8?q?b?= c", "a b c" },
	{ "=?utf-8?q?b", "=?utf-8?q?b" },
	{ "=?utf-8?x?b?=", "=?utf-8?x?b?=" },
	{ "=? = ?=", "=? = ?=" },
	{ "", "" },
};

static void
test_decode(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span got = encword_decode(span_of(words[i].text),
		    arena);

		if (!span_eq(got, span_of(words[i].want)))
			fail_msg("%s: got %.*s", words[i].text,
			    SPAN_ARG(got));
	}
	arena_free(&arena);
}

/* Any text comes back, and its lines are short. */
static void
test_round(void **state)
{
	static const char *const pieces[] = { AE, "\xe2\x98\x83", "\xf0\x9f"
	    "\x98\x80", "a", "word", " ", "  ", "=", "?", "_", ".", "\"" };

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct arena *arena = arena_new(1 << 20, NULL);
		char text[2000] = AE;
		struct span value, got, again;
		size_t column = sizeof("Subject:");

		for (size_t n = pick(150); n > 0; n--) {
			const char *piece = pieces[PICK(pieces)];

			memcpy(text + strlen(text), piece, strlen(piece) + 1);
		}
		memcpy(text + strlen(text), AE, sizeof(AE));
		value = span_of(text);
		if (encword_encode(SPAN("Subject"), value, &style, arena,
		    &got) != 1) {
			assert_non_null(strstr(text, "=?"));
			arena_free(&arena);
			continue;
		}
		assert_false(span_has_8bit(got));
		for (size_t k = 0; k < got.len; k++) {
			column = got.ptr[k] == '\n' ? 0 : column + 1;
			if (strchr(text, ' ') == NULL)
				assert_true(column <= 78 + 8);
		}
		again = encword_decode(got, arena);
		if (!span_eq(again, value))
			fail_msg("%s\nbecame\n%.*s\nand\n%.*s", text,
			    SPAN_ARG(got), SPAN_ARG(again));
		arena_free(&arena);
	}
}

/* Whatever it is, nothing above 127 is left, and a second pass has no work. */
static void
check(struct span value, void *context)
{
	static const char *const names[] = { "Subject", "Cc", "Message-ID",
		"Content-Type" };
	struct arena *arena = context;

	for (size_t i = 0; i < 4; i++) {
		struct span got, again;

		arena_reset(arena);
		if (encword_encode(span_of(names[i]), value, &style, arena,
		    &got) != 1)
			continue;
		assert_false(span_has_8bit(got));
		assert_int_equal(encword_encode(span_of(names[i]), got,
		    &style, arena, &again), 1);
		assert_true(span_eq(got, again));
	}
	assert_non_null(encword_decode(value, arena).ptr);
}

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	mutate_all(SPAN(" \"" AE ", B\" <a@b> (" AE " c), x: " AE " y;"),
	    check, arena);
	mutate_all(SPAN(" text/plain; name=\"" AE "\"; x=\\" AE), check,
	    arena);
	mutate_all(SPAN("=?utf-8?q?=C3?= =?utf-8?b?w6Q=?= " AE), check,
	    arena);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
