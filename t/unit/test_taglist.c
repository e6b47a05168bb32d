/*
 * test_taglist - tags of DKIM and ARC fields.
 * Proves: X7 (who has signed before us).
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
#include "syntax/taglist.h"

static const struct {
	const char *list, *name;
	const char *want;	/* NULL: there is none */
} cases[] = {
	{ "", "d", NULL },
	{ ";;;", "d", NULL },
	{ "d", "d", NULL },
	{ "xd=a", "d", NULL },
	{ "dx=a", "d", NULL },
	{ "D=a", "d", NULL },	/* tags are case-sensitive */
	{ "s=d=a", "d", NULL },
	{ "=a", "d", NULL },
	{ "d=", "d", "" },
	{ "d= ; d=a", "d", "" },
	{ "d=a", "d", "a" },
	{ "v=1; a=x; d=example.org; s=b", "d", "example.org" },
	{ " \n\td\n = \n\texample.org\n ;s=b", "d", "example.org" },
	{ "b=abc=;d=a", "b", "abc=" },
	{ "b=a\n\tb", "b", "a\n\tb" },
	{ "d=first;d=second", "d", "first" },
	{ ";d=a;", "d", "a" },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span got = taglist_find(span_of(cases[i].list),
		    span_of(cases[i].name));

		answer_check(cases[i].list, got.ptr != NULL, got,
		    cases[i].want);
	}
}

/* What is found stands in the list, without blanks or semicolon around. */
static void
check(struct span list, void *context)
{
	struct span got = taglist_find(list, SPAN("d"));

	(void)context;
	if (got.ptr == NULL)
		return;
	assert_true(got.len == 0 || (got.ptr >= list.ptr &&
	    got.ptr + got.len <= list.ptr + list.len));
	assert_int_equal(span_find(got, ';'), got.len);
	assert_int_equal(span_trim(got).len, got.len);
}

static void
test_near_misses(void **state)
{
	(void)state;
	mutate_all(SPAN("v=1;d= a.b ;\n\tb=a=\n =;x"), check, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
