/*
 * test_spool.c - a body that is kept: the same octets from memory and from
 * the file, whatever the pieces; no file where there is no place for one
 * (D8.4: memory stays bounded).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/spool.h"

#define ALL 300000u

static char octets[ALL];

static void
fill(struct spool *spool, size_t step)
{
	const char *error;

	for (size_t i = 0; i < ALL; i += step) {
		size_t n = ALL - i < step ? ALL - i : step;

		assert_int_equal(spool_write(spool,
		    (struct span){ octets + i, n }, &error), 0);
	}
	assert_int_equal(spool_size(spool), ALL);
}

static void
compare(struct spool *spool, size_t from)
{
	const char *error;
	struct span piece;
	size_t at = from;

	do {
		assert_int_equal(spool_read(spool, at, &piece, &error), 0);
		assert_in_range(piece.len, 0, SPOOL_PIECE);
		if (piece.len > 0)
			assert_memory_equal(piece.ptr, octets + at,
			    piece.len);
		at += piece.len;
	} while (piece.len > 0);
	assert_int_equal(at, ALL);
}

static void
test_same_octets(void **state)
{
	static const struct {
		const char *name;
		int memory;
		size_t step;
		bool want_file;
	} cases[] = {
		{ "all in memory", ALL, 999, false },
		{ "one more", ALL - 1, 999, true },
		{ "nothing in memory", 0, 65535, true },
		{ "in the middle of a piece", 70000, 65535, true },
		{ "a large piece", ALL, ALL, false },
	};

	(void)state;
	for (size_t i = 0; i < ALL; i++)
		octets[i] = (char)(i * 31 + i / 251);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct spool_settings settings = {
			cases[i].memory, "/tmp"
		};
		struct arena *arena = arena_new(1u << 20, NULL);
		struct spool *spool = spool_new(&settings, arena);

		print_message("%s\n", cases[i].name);
		fill(spool, cases[i].step);
		assert_int_equal(spool_has_file(spool), cases[i].want_file);
		compare(spool, 0);
		compare(spool, 100001);
		compare(spool, 5);	/* backwards, too */
		compare(spool, ALL);
		/* the blocks, and the piece for reading */
		assert_in_range(arena_used(arena), 0,
		    (size_t)cases[i].memory + 3 * 65536 + 8192);
		spool_free(&spool);
		assert_null(spool);
		arena_free(&arena);
	}
}

static void
test_no_place(void **state)
{
	const struct spool_settings settings = { 10, "/nowhere/at/all" };
	struct arena *arena = arena_new(1u << 20, NULL);
	struct spool *spool = spool_new(&settings, arena);
	const char *error = NULL;
	struct span piece;

	(void)state;
	assert_int_equal(spool_write(spool, SPAN("0123456789"), &error), 0);
	assert_int_equal(spool_write(spool, SPAN("x"), &error), -1);
	assert_string_equal(error,
	    "the file for a long body cannot be written");
	/* broken it stays */
	assert_int_equal(spool_write(spool, SPAN("x"), &error), -1);
	assert_int_equal(spool_read(spool, 0, &piece, &error), -1);
	spool_free(&spool);
	arena_free(&arena);
}

static void
test_no_memory(void **state)
{
	const struct spool_settings settings = { ALL, "/tmp" };
	struct arena *arena = arena_new(100000, NULL);
	struct spool *spool = spool_new(&settings, arena);
	const char *error = NULL;
	int status = 0;

	(void)state;
	for (size_t i = 0; i + 1000 <= ALL && status == 0; i += 1000)
		status = spool_write(spool, (struct span){ octets, 1000 },
		    &error);
	assert_int_equal(status, -1);
	assert_string_equal(error, "out of memory");
	assert_true(arena_is_exhausted(arena));
	spool_free(&spool);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_octets),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
