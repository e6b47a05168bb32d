/*
 * Who submits most, in fixed memory.
 * Proves: X21 (bounded; who comes often is never missed).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "metrics/frequent.h"

#define ROOM 5

static void
add(struct frequent *frequent, const char *name, int64_t now)
{
	frequent_add(frequent, span_of(name), false, now);
}

static void
test_crowd(void **state)
{
	struct frequent *frequent = frequent_new();
	struct frequent_one v[ROOM];
	int64_t seconds;
	char name[20];

	(void)state;
	assert_non_null(frequent);
	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		add(frequent, name, 1000);
		if (i % 10 == 0)
			add(frequent, "often", 1000);
	}
	assert_int_equal(frequent_top(frequent, 1001, v, ROOM, &seconds),
	    ROOM);
	assert_string_equal(v[0].name, "often");
	assert_true(v[0].count >= 1000);
	assert_int_equal(seconds, 1);
	frequent_free(&frequent);
	assert_null(frequent);
}

static void
test_time(void **state)
{
	struct frequent *frequent = frequent_new();
	struct frequent_one v[ROOM];
	int64_t seconds;

	(void)state;
	add(frequent, "alice", 1000);
	add(frequent, "alice", 1060);
	frequent_add(frequent, SPAN("bob"), true, 1061);
	assert_int_equal(frequent_top(frequent, 1062, v, ROOM, &seconds), 2);
	assert_string_equal(v[0].name, "alice");
	assert_int_equal(v[0].count, 2);
	assert_int_equal(v[1].turned_away, 1);
	assert_int_equal(seconds, 62);
	assert_int_equal(frequent_top(frequent, 1500, v, ROOM, &seconds), 0);
	frequent_free(&frequent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
