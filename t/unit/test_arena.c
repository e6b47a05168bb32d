/*
 * test_arena.c - the memory of one message and the ceiling of all: a full
 * arena is a temporary failure and nothing else (D6.3, limits).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_no_room_for_an_arena(void **state)
{
	struct arena_budget budget = { .ceiling = 100 };

	(void)state;
	assert_null(arena_new(0, NULL));
	assert_null(arena_new(1000, NULL));
	assert_null(arena_new(1 << 20, &budget));
	assert_int_equal(atomic_load(&budget.used), 0);
}

static void
test_ceiling(void **state)
{
	struct arena *arena = arena_new(100000, NULL);

	(void)state;
	assert_non_null(arena);
	assert_null(arena_alloc(arena, 100000));
	assert_true(arena_is_exhausted(arena));
	arena_reset(arena);
	assert_false(arena_is_exhausted(arena));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_true(arena_is_exhausted(arena));
	arena_reset(arena);
	assert_null(arena_calloc(arena, SIZE_MAX / 2, 3));
	assert_true(arena_is_exhausted(arena));
	arena_reset(arena);
	assert_non_null(arena_alloc(arena, 60000));
	assert_null(arena_alloc(arena, 60000));
	assert_true(arena_is_exhausted(arena));
	/* what is small still fits */
	assert_non_null(arena_alloc(arena, 100));
	assert_true(arena_used(arena) <= 100000);
	arena_free(&arena);
}

static void
test_budget_is_shared_and_given_back(void **state)
{
	struct arena_budget budget = { .ceiling = 100000 };
	struct arena *one = arena_new(1 << 20, &budget);
	struct arena *two = arena_new(1 << 20, &budget);
	size_t empty;

	(void)state;
	assert_non_null(one);
	assert_non_null(two);
	empty = atomic_load(&budget.used);
	assert_int_equal(empty, arena_used(one) + arena_used(two));
	assert_non_null(arena_alloc(one, 50000));
	assert_null(arena_alloc(two, 50000));
	assert_true(arena_is_exhausted(two));
	assert_false(arena_is_exhausted(one));
	assert_int_equal(atomic_load(&budget.used),
	    arena_used(one) + arena_used(two));
	arena_reset(one);
	assert_int_equal(atomic_load(&budget.used), empty);
	assert_non_null(arena_alloc(two, 50000));
	arena_free(&one);
	arena_free(&two);
	assert_int_equal(atomic_load(&budget.used), 0);
	assert_null(one);
	arena_free(&one);
}

static void
test_budget_without_ceiling(void **state)
{
	struct arena_budget budget = { .ceiling = 0 };
	struct arena *arena = arena_new(1 << 20, &budget);

	(void)state;
	assert_non_null(arena);
	assert_non_null(arena_alloc(arena, 500000));
	assert_int_equal(atomic_load(&budget.used), 0);
	arena_free(&arena);
}

/* Aligned, zeroed, and none overlaps another, also after a reset. */
static void
test_blocks(void **state)
{
	static unsigned char *blocks[500];
	struct arena *arena = arena_new(1 << 24, NULL);

	(void)state;
	assert_non_null(arena);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 500; i++) {
			size_t size = i * i % 20000;

			blocks[i] = arena_alloc(arena, size);
			assert_non_null(blocks[i]);
			assert_int_equal((uintptr_t)blocks[i] %
			    _Alignof(max_align_t), 0);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(blocks[i][k], 0);
			memset(blocks[i], (int)(i % 255 + 1), size);
		}
		for (size_t i = 0; i < 500; i++)
			for (size_t k = 0; k < i * i % 20000; k++)
				assert_int_equal(blocks[i][k], i % 255 + 1);
		arena_reset(arena);
	}
	arena_free(&arena);
}

static void
test_reset_keeps_one_block(void **state)
{
	struct arena *arena = arena_new(1 << 24, NULL);
	size_t empty;

	(void)state;
	assert_non_null(arena);
	empty = arena_used(arena);
	assert_non_null(arena_alloc(arena, 1000000));
	assert_true(arena_used(arena) > 1000000);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), empty);
	for (int i = 0; i < 500; i++) {
		assert_non_null(arena_alloc(arena, 8));
		assert_int_equal(arena_used(arena), empty);
	}
	arena_free(&arena);
}

static void
test_copies(void **state)
{
	struct arena *arena = arena_new(1 << 16, NULL);
	struct span nul = { "a\0b", 3 }, got;
	char *text;

	(void)state;
	assert_non_null(arena);
	text = arena_strdup(arena, nul);
	assert_memory_equal(text, "a\0b\0", 4);
	assert_string_equal(arena_strdup(arena, (struct span){ NULL, 0 }), "");
	assert_null(arena_strdup(arena, (struct span){ "x", SIZE_MAX }));
	got = arena_span(arena, nul);
	assert_true(span_eq(got, nul));
	assert_ptr_not_equal(got.ptr, nul.ptr);
	got = arena_span(arena, SPAN(""));
	assert_non_null(got.ptr);
	assert_int_equal(got.len, 0);
	got = arena_printf(arena, "%s-%d", "x", 42);
	assert_true(span_eq(got, SPAN("x-42")));
	assert_string_equal(got.ptr, "x-42");
	got = arena_printf(arena, "%100000d", 1);
	assert_null(got.ptr);
	assert_int_equal(got.len, 0);
	while (arena_alloc(arena, 16) != NULL)
		;
	assert_null(arena_strdup(arena, nul));
	assert_null(arena_span(arena, nul).ptr);
	arena_free(&arena);
}

struct pet {
	int *deaths, died;
};

static void
bury(void *object)
{
	struct pet *pet = object;

	pet->died = ++*pet->deaths;
}

/* What it adopted goes with it, newest first, and only once. */
static void
test_adopted(void **state)
{
	struct arena *arena = arena_new(1 << 16, NULL);
	int deaths = 0;
	struct pet pets[3] = { { &deaths, 0 }, { &deaths, 0 }, { &deaths, 0 } };

	(void)state;
	assert_non_null(arena);
	assert_int_equal(arena_adopt(arena, &pets[0], bury), 0);
	assert_int_equal(arena_adopt(arena, &pets[1], bury), 0);
	assert_int_equal(deaths, 0);
	arena_reset(arena);
	assert_int_equal(pets[0].died, 2);
	assert_int_equal(pets[1].died, 1);
	while (arena_alloc(arena, 16) != NULL)
		;
	assert_int_equal(arena_adopt(arena, &pets[0], bury), -1);
	arena_reset(arena);
	assert_int_equal(deaths, 2);
	assert_int_equal(arena_adopt(arena, &pets[2], bury), 0);
	arena_free(&arena);
	assert_int_equal(pets[2].died, 3);
	assert_int_equal(deaths, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_room_for_an_arena),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_budget_is_shared_and_given_back),
		cmocka_unit_test(test_budget_without_ceiling),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_reset_keeps_one_block),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
