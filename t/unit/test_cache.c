/*
 * test_cache.c - answers of servers that are kept for a while: X44.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "table/cache.h"

#define ARENA_CEILING (1u << 20)
#define THREADS 4

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new(ARENA_CEILING, NULL);
	return arena == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void
put(struct cache *cache, const char *key, const char *value, int64_t now)
{
	struct span s = span_of(value);

	cache_put(cache, span_of(key), value == NULL ? NULL : &s, now);
}

/* VALUE: found; "-": not found; NULL: nothing is known. */
static void
check(struct cache *cache, const char *key, const char *value, int64_t now)
{
	struct span got = { NULL, 0 };
	enum cached cached = cache_get(cache, span_of(key), now, arena, &got);
	enum cached want = value == NULL ? CACHED_NOTHING :
	    value[0] == '-' ? CACHED_NOT_FOUND : CACHED_FOUND;

	if (cached != want)
		fail_msg("%s: got %d, want %d", key, cached, want);
	if (want == CACHED_FOUND && !span_eq(got, span_of(value)))
		fail_msg("%s: got %.*s, want %s", key, SPAN_ARG(got), value);
}

static void
test_kept(void **state)
{
	struct cache *cache = cache_new(10, 1000);

	(void)state;
	assert_non_null(cache);
	check(cache, "a", NULL, 0);
	put(cache, "a", "1", 0);
	put(cache, "b", NULL, 0);
	put(cache, "", "", 0);
	check(cache, "a", "1", 0);
	check(cache, "b", "-", 0);
	check(cache, "", "", 0);
	check(cache, "A", NULL, 0);
	check(cache, "aa", NULL, 0);
	assert_int_equal(cache_count(cache), 3);
	cache_free(&cache);
	assert_null(cache);
	cache_free(&cache);
}

static void
test_replaced(void **state)
{
	struct cache *cache = cache_new(10, 1000);

	(void)state;
	put(cache, "a", "1", 0);
	put(cache, "a", "2", 500);
	check(cache, "a", "2", 1400);
	put(cache, "a", NULL, 600);
	check(cache, "a", "-", 1400);
	assert_int_equal(cache_count(cache), 1);
	cache_free(&cache);
}

static void
test_expired(void **state)
{
	struct cache *cache = cache_new(10, 1000);

	(void)state;
	put(cache, "a", "1", 5000);
	put(cache, "b", NULL, 5000);
	check(cache, "a", "1", 5999);
	check(cache, "b", "-", 5999);
	assert_int_equal(cache_count(cache), 2);
	/* Being asked for does not make it younger. */
	check(cache, "a", NULL, 6000);
	check(cache, "b", NULL, 6000);
	assert_int_equal(cache_count(cache), 0);
	check(cache, "a", NULL, 5000);
	cache_free(&cache);
}

static void
test_oldest_goes(void **state)
{
	struct cache *cache = cache_new(3, 1000);

	(void)state;
	put(cache, "a", "1", 0);
	put(cache, "b", "2", 0);
	put(cache, "c", "3", 0);
	check(cache, "a", "1", 0);
	put(cache, "d", "4", 0);
	check(cache, "b", NULL, 0);
	check(cache, "a", "1", 0);
	check(cache, "c", "3", 0);
	check(cache, "d", "4", 0);
	put(cache, "a", "5", 0);
	put(cache, "e", "6", 0);
	check(cache, "c", NULL, 0);
	check(cache, "a", "5", 0);
	assert_int_equal(cache_count(cache), 3);
	cache_free(&cache);
}

static void
test_one(void **state)
{
	struct cache *cache = cache_new(1, 1000);

	(void)state;
	put(cache, "a", "1", 0);
	put(cache, "b", "2", 0);
	check(cache, "a", NULL, 0);
	check(cache, "b", "2", 0);
	assert_int_equal(cache_count(cache), 1);
	cache_free(&cache);
}

/* What is too large is not kept, nor is what was there before. */
static void
test_large(void **state)
{
	static char octets[CACHE_ENTRY_MAX + 1];
	struct cache *cache = cache_new(10, 1000);
	struct span fits = { octets, CACHE_ENTRY_MAX - 1 };
	struct span large = { octets, CACHE_ENTRY_MAX };
	struct span value;

	(void)state;
	cache_put(cache, SPAN("a"), &fits, 0);
	assert_int_equal(cache_get(cache, SPAN("a"), 0, arena, &value),
	    CACHED_FOUND);
	assert_int_equal(value.len, CACHE_ENTRY_MAX - 1);
	cache_put(cache, SPAN("a"), &large, 0);
	check(cache, "a", NULL, 0);
	cache_put(cache, (struct span){ octets, sizeof(octets) }, NULL, 0);
	assert_int_equal(cache_count(cache), 0);
	cache_free(&cache);
}

/* Keys and values may have any octets. */
static void
test_octets(void **state)
{
	struct cache *cache = cache_new(10, 1000);
	struct span value = SPAN("x\0y"), got;

	(void)state;
	cache_put(cache, SPAN("k\0a"), &value, 0);
	cache_put(cache, SPAN("k\0b"), NULL, 0);
	assert_int_equal(cache_get(cache, SPAN("k\0a"), 0, arena, &got),
	    CACHED_FOUND);
	assert_true(span_eq(got, value));
	assert_int_equal(cache_get(cache, SPAN("k\0b"), 0, arena, &got),
	    CACHED_NOT_FOUND);
	assert_int_equal(cache_get(cache, SPAN("k"), 0, arena, &got),
	    CACHED_NOTHING);
	cache_free(&cache);
}

/* A value without room in the arena is as good as none. */
static void
test_no_room(void **state)
{
	static char octets[CACHE_ENTRY_MAX];
	struct cache *cache = cache_new(10, 1000);
	struct arena *small = arena_new(ARENA_CEILING, NULL);
	struct span value = { octets, 4000 }, got = SPAN("untouched");

	(void)state;
	while (arena_alloc(small, 512) != NULL)
		continue;
	cache_put(cache, SPAN("a"), &value, 0);
	assert_int_equal(cache_get(cache, SPAN("a"), 0, small, &got),
	    CACHED_NOTHING);
	assert_true(span_eq(got, SPAN("untouched")));
	arena_free(&small);
	cache_free(&cache);
}

static void
test_many(void **state)
{
	struct cache *cache = cache_new(1000, 1000);
	char key[16], value[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)snprintf(value, sizeof(value), "v%d", i);
		put(cache, key, i % 3 == 0 ? NULL : value, 0);
	}
	assert_int_equal(cache_count(cache), 1000);
	for (int i = 0; i < 20000; i++) {
		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)snprintf(value, sizeof(value), "v%d", i);
		check(cache, key, i < 19000 ? NULL :
		    i % 3 == 0 ? "-" : value, 0);
		arena_reset(arena);
	}
	cache_free(&cache);
}

static void *
use(void *context)
{
	struct cache *cache = context;
	struct arena *own = arena_new(ARENA_CEILING, NULL);
	char key[16];
	size_t wrong = 0;

	for (int i = 0; own != NULL && i < 20000; i++) {
		struct span value, text;

		(void)snprintf(key, sizeof(key), "k%d", i * 7 % 100);
		text = span_of(key);
		cache_put(cache, text, &text, i);
		if (cache_get(cache, text, i, own, &value) == CACHED_FOUND &&
		    !span_eq(value, text))
			wrong++;
		arena_reset(own);
	}
	if (own == NULL)
		wrong++;
	arena_free(&own);
	return wrong == 0 ? NULL : context;
}

static void
test_threads(void **state)
{
	struct cache *cache = cache_new(50, 3);
	pthread_t threads[THREADS];
	void *result;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use,
		    cache), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
	assert_true(cache_count(cache) <= 50);
	cache_free(&cache);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_oldest_goes),
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
