/*
 * test_listform - address lists as Sendmail writes them.
 * Proves: X40 (the form that is signed; t/e2e/test_mta_form.py proves that
 * it is Sendmail's), X6 (a second pass changes nothing).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "syntax/listform.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50

struct form_case {
	const char *name;
	const char *value;
	const char *want;	/* NULL: not known */
};

static const struct form_case cases[] = {
	/* Not known. */
	{ "one label", " bob@example", NULL },
	{ "no domain", " bob", NULL },
	{ "literal", " bob@[192.0.2.1]", NULL },
	{ "beyond ASCII", " J\xc3\xb6rg <j@b.example>", NULL },
	{ "comment for an address", " a@b.example, (c)", NULL },
	{ "comment behind a group", " g:;(c), a@b.example", NULL },
	{ "comment in a group name to quote", " g. (c): a@b.example;", NULL },
	{ "address too long", " a@" X50 "." X50 "." X50 "." X50
	    "." X50 ".example", NULL },
	{ "group name too long", " " X250 ": a@b.example;", NULL },
	/* The list. */
	{ "as it is", " a@b.example, c@d.example",
	    "a@b.example, c@d.example" },
	{ "commas", "a@b.example,c@d.example ,\n\te@f.example",
	    "a@b.example, c@d.example, e@f.example" },
	{ "empty elements", " ,, a@b.example, ,c@d.example,,",
	    "a@b.example, c@d.example" },
	{ "folded anew", " first@one.example.org,\n second@two.example.org,"
	    "\n third@three.example.org, f@g.example",
	    "first@one.example.org, second@two.example.org, "
	    "third@three.example.org,\n        f@g.example" },
	{ "comma in quotes", " \"a,b\"@c.example", "\"a,b\"@c.example" },
	{ "comma in a comment", " (a,b) c@d.example", "(a,b) c@d.example" },
	/* Groups. */
	{ "empty group", " undisclosed-recipients:;",
	    "undisclosed-recipients:;" },
	{ "group", " g : a@b.example,c@d.example ; , e@f.example",
	    "g: a@b.example, c@d.example;, e@f.example" },
	{ "comma at the end of a group", " g:a@b.example,;",
	    "g:a@b.example;" },
	{ "group name to quote", " A. B: a@b.example;",
	    "\"A. B\": a@b.example;" },
	/* Names. */
	{ "name", " Bob <a@b.example>", "Bob <a@b.example>" },
	{ "no blank", " Bob<a@b.example>", "Bob<a@b.example>" },
	{ "name with a dot", " J. Doe <a@b.example>",
	    "\"J. Doe\" <a@b.example>" },
	{ "name with an apostrophe", " O'Neil <a@b.example>",
	    "\"O'Neil\" <a@b.example>" },
	{ "quotes and a dot", " J. \"D, \\\"e\\\"\"  x<a@b.example>",
	    "\"J. D, \\\"e\\\" x\" <a@b.example>" },
	{ "quoted already", " \"J. Doe\" <a@b.example>",
	    "\"J. Doe\" <a@b.example>" },
	{ "fold in a name", " J.\n\tDoe\n <a@b.example>",
	    "\"J. Doe\" <a@b.example>" },
	{ "name too long", " " X250 " <a@b.example>", "<a@b.example>" },
	{ "comment too long", " a@b.example (" X250 ")", "<a@b.example>" },
	/* Comments. */
	{ "comment behind", " a@b.example(c)(d)", "a@b.example (c) (d)" },
	{ "comment before", " (c)a@b.example", "(c) a@b.example" },
	{ "comment within", " a(c)@(d)b.example", "a@b.example (c) (d)" },
	{ "comment in a name", " A (c (d) \\)) B <a@b.example>",
	    "A (c (d) \\)) B <a@b.example>" },
	{ "comment in a name to quote", " A. (c) B <a@b.example> (d)",
	    "\"A. B\" <a@b.example> (c) (d)" },
	{ "comment in angles", " A <(c)a@b.example(d)>(e)",
	    "A <a@b.example> (c) (d)(e)" },
	/* Obsolete addresses. */
	{ "blanks", " a @ b . example", "a@b.example" },
	{ "blanks in angles", " < a@b.example >", "<a@b.example>" },
	{ "route", " <@r.example,@s.example:a@b.example>",
	    "<a@b.example>" },
	{ "case", " A@B.Example", "A@B.Example" },
};

/* 1, 0 or -1 as listform_print(); *text_r is in ARENA. */
static int
print(const char *value, struct arena *arena, struct span *text_r)
{
	struct address_list list;
	struct address_error error;

	if (address_parse(span_of(value), ADDRESS_LIST, arena, &list,
	    &error) != 1)
		fail_msg("%s: %s", value, error.what);
	return listform_print(SPAN("To"), span_of(value), &list, arena,
	    text_r);
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct form_case *c = &cases[i];
		struct arena *arena = arena_new(1 << 16, NULL);
		struct span got = SPAN("(not known)");
		struct span want = c->want == NULL ? SPAN("(not known)") :
		    span_of(c->want);
		int rc = print(c->value, arena, &got);

		if (rc != (c->want == NULL ? -1 : 1) || !span_eq(got, want))
			fail_msg("%s: got %d %.*s, want %.*s", c->name, rc,
			    SPAN_ARG(got), SPAN_ARG(want));
		arena_free(&arena);
	}
}

static void
test_second_pass_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new(1 << 16, NULL);
		struct span again;

		if (cases[i].want != NULL) {
			if (print(cases[i].want, arena, &again) != 1 ||
			    !span_eq(again, span_of(cases[i].want)))
				fail_msg("%s: got %.*s", cases[i].name,
				    SPAN_ARG(again));
		}
		arena_free(&arena);
	}
}

static void
test_without_memory(void **state)
{
	static const char value[] = " J. Doe <a@b.example>, c (d) @e.example";
	struct arena *arena = arena_new(1 << 16, NULL);
	struct address_list list;
	struct address_error error;
	struct span text = SPAN("untouched");
	size_t failures = 0;

	(void)state;
	assert_int_equal(address_parse(SPAN(" J. Doe <a@b.example>, "
	    "c (d) @e.example"), ADDRESS_LIST, arena, &list, &error), 1);
	for (size_t room = 1; room < 1 << 16; room += 256) {
		struct arena *small = arena_new(room, NULL);
		int rc = small == NULL ? 0 : listform_print(SPAN("To"),
		    span_of(value), &list, small, &text);

		assert_in_range(rc, 0, 1);
		if (rc == 0) {
			failures++;
			assert_true(span_eq(text, SPAN("untouched")));
		} else {
			text = SPAN("untouched");
		}
		arena_free(&small);
	}
	assert_in_range(failures, 1, 255);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_second_pass_changes_nothing),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
