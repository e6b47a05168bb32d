/*
 * test_sbuf.c - text put together under a ceiling: what does not fit fails
 * as a whole and is never cut (D6.3, limits).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/sbuf.h"

static void
test_ceiling(void **state)
{
	struct span text = SPAN("untouched");
	struct sbuf sbuf;

	(void)state;
	sbuf_init(&sbuf, NULL, 5);
	sbuf_adds(&sbuf, "abc");
	sbuf_adds(&sbuf, "def");
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	assert_true(span_eq(text, SPAN("untouched")));
	/* once failed, failed it stays, even for what would fit */
	sbuf_addc(&sbuf, 'x');
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	assert_int_equal(sbuf.len, 3);
	sbuf_clear(&sbuf);
	sbuf_adds(&sbuf, "abcde");
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	assert_true(span_eq(text, SPAN("abcde")));
	sbuf_addf(&sbuf, "%d", 1);
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	sbuf_free(&sbuf);

	sbuf_init(&sbuf, NULL, 0);
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	assert_int_equal(text.len, 0);
	assert_string_equal(text.ptr, "");
	sbuf_addc(&sbuf, 'x');
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	sbuf_free(&sbuf);
}

static void
test_huge_piece(void **state)
{
	struct span text;
	struct sbuf sbuf;

	(void)state;
	sbuf_init(&sbuf, NULL, 100);
	sbuf_addc(&sbuf, 'a');
	sbuf_add(&sbuf, (struct span){ "x", SIZE_MAX });
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	sbuf_clear(&sbuf);
	sbuf_addf(&sbuf, "%1000d", 1);
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	sbuf_free(&sbuf);
}

static void
test_pieces(void **state)
{
	struct span text;
	struct sbuf sbuf;

	(void)state;
	sbuf_init(&sbuf, NULL, 1000);
	sbuf_adds(&sbuf, "a");
	sbuf_addc(&sbuf, '\0');
	sbuf_add(&sbuf, (struct span){ NULL, 0 });
	sbuf_addf(&sbuf, "%s=%u", "b", 7u);
	sbuf_add(&sbuf, SPAN("c"));
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	assert_true(span_eq(text, (struct span){ "a\0b=7c", 6 }));
	assert_int_equal(text.ptr[text.len], '\0');
	sbuf_clear(&sbuf);
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	assert_int_equal(text.len, 0);
	assert_string_equal(text.ptr, "");
	sbuf_free(&sbuf);
	assert_null(sbuf.ptr);
	sbuf_addc(&sbuf, 'z');
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	assert_true(span_eq(text, SPAN("z")));
	sbuf_free(&sbuf);
}

static void
grow_to(struct sbuf *sbuf, size_t len)
{
	struct span text;

	for (size_t i = 0; i < len; i++)
		sbuf_addc(sbuf, (char)('a' + i % 26));
	assert_int_equal(sbuf_done(sbuf, &text), 0);
	assert_int_equal(text.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(text.ptr[i], 'a' + i % 26);
	assert_int_equal(text.ptr[len], '\0');
}

static void
test_growth(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct sbuf sbuf;

	(void)state;
	assert_non_null(arena);
	for (size_t len = 0; len < 1100; len++) {
		sbuf_init(&sbuf, NULL, len);
		grow_to(&sbuf, len);
		sbuf_free(&sbuf);
	}
	sbuf_init(&sbuf, arena, 100000);
	grow_to(&sbuf, 100000);
	sbuf_free(&sbuf);
	arena_free(&arena);
}

static void
test_arena_without_memory(void **state)
{
	struct arena *arena = arena_new(1 << 15, NULL);
	struct span text;
	struct sbuf sbuf;

	(void)state;
	assert_non_null(arena);
	sbuf_init(&sbuf, arena, 1 << 20);
	for (int i = 0; i < 1 << 16; i++)
		sbuf_addc(&sbuf, 'x');
	assert_int_equal(sbuf_done(&sbuf, &text), -1);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_huge_piece),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_arena_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
