/*
 * test_mailbox_fold.c - the form in which mailboxes are compared and looked
 * up: X1 (sender-rights, from-rights).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "syntax/mailbox.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *local, *domain;
	const char *want_folded;	/* with the local part in lower case */
	const char *want_kept;		/* with its letters as they are */
} folds[] = {
	{ "Alice", "Example.ORG", "alice@example.org", "Alice@example.org" },
	{ "alice", "", "alice", "alice" },
	{ "Jane Doe", "", "jane doe", "Jane Doe" },
	{ "\"Jane Doe\"", "", "jane doe", "Jane Doe" },
	{ "/CN=Jane Doe", "", "/cn=jane doe", "/CN=Jane Doe" },
	/* must not look like the mailbox alice@example.org */
	{ "\"Alice@Example.org\"", "", "\"alice@example.org\"",
	    "\"Alice@Example.org\"" },
	{ "\"Alice\"", "b", "alice@b", "Alice@b" },
	{ "\"\\A\\l\"", "b", "al@b", "Al@b" },
	{ "\"a.b\"", "c", "a.b@c", "a.b@c" },
	{ "\"a..b\"", "c", "\"a..b\"@c", "\"a..b\"@c" },
	{ "\".a\"", "c", "\".a\"@c", "\".a\"@c" },
	{ "\"a.\"", "c", "\"a.\"@c", "\"a.\"@c" },
	{ "\"\"", "c", "\"\"@c", "\"\"@c" },
	{ "\"a b\"", "c", "\"a b\"@c", "\"a b\"@c" },
	{ "\"a\\ b\"", "c", "\"a b\"@c", "\"a b\"@c" },
	{ "\"a@b\"", "c", "\"a@b\"@c", "\"a@b\"@c" },
	{ "\"a\\\"b\"", "c", "\"a\\\"b\"@c", "\"a\\\"b\"@c" },
	{ "\"a\\\\b\"", "c", "\"a\\\\b\"@c", "\"a\\\\b\"@c" },
	{ "\"a,b\"", "c", "\"a,b\"@c", "\"a,b\"@c" },
	{ "a+b", "c", "a+b@c", "a+b@c" },
	/* no local parts: they stay what they look like */
	{ "\"", "c", "\"\\\"\"@c", "\"\\\"\"@c" },
	{ "a\"", "c", "\"a\\\"\"@c", "\"a\\\"\"@c" },
	{ "\"a", "c", "\"\\\"a\"@c", "\"\\\"a\"@c" },
	{ "\"a\"b", "c", "\"\\\"a\\\"b\"@c", "\"\\\"a\\\"b\"@c" },
	{ "\"a\\\"", "c", "\"\\\"a\\\\\\\"\"@c",
	    "\"\\\"a\\\\\\\"\"@c" },
	{ "\"\"\"", "c", "\"\\\"\\\"\\\"\"@c", "\"\\\"\\\"\\\"\"@c" },
	{ "", "c", "\"\"@c", "\"\"@c" },
	/* normal form */
	{ "e\xcc\x81", "c", "\xc3\xa9@c", "\xc3\xa9@c" },
	{ "E\xcc\x81", "c", "\xc3\xa9@c", "\xc3\x89@c" },
	{ "\xc3\x89", "c", "\xc3\xa9@c", "\xc3\x89@c" },
	/* a Greek question mark is a semicolon, and needs its quotes then */
	{ "a\xcd\xbe" "b", "c", "\"a;b\"@c", "\"a;b\"@c" },
	/* sharp s is not ss; dotted I is not i; dotless i is not i */
	{ "stra\xc3\x9f" "e", "c", "stra\xc3\x9f" "e@c",
	    "stra\xc3\x9f" "e@c" },
	{ "STRA\xe1\xba\x9e" "E", "c", "stra\xc3\x9f" "e@c",
	    "STRA\xe1\xba\x9e" "E@c" },
	{ "\xc4\xb0", "c", "i\xcc\x87@c", "\xc4\xb0@c" },
	{ "\xc4\xb1", "c", "\xc4\xb1@c", "\xc4\xb1@c" },
	{ "\xce\xa3\xcf\x82", "c", "\xcf\x83\xcf\x83@c",
	    "\xce\xa3\xcf\x82@c" },
	{ "\xd0\x9c\xd0\x98\xd0\xa0", "c", "\xd0\xbc\xd0\xb8\xd1\x80@c",
	    "\xd0\x9c\xd0\x98\xd0\xa0@c" },
	/* not UTF-8: nothing but ASCII changes */
	{ "A\xff", "c", "a\xff@c", "A\xff@c" },
	/* domains */
	{ "a", "B\xc3\x9c" "CHER.Example", "a@xn--bcher-kva.example",
	    "a@xn--bcher-kva.example" },
	{ "a", "bu\xcc\x88" "cher.example", "a@xn--bcher-kva.example",
	    "a@xn--bcher-kva.example" },
	{ "a", "XN--BCHER-KVA.example", "a@xn--bcher-kva.example",
	    "a@xn--bcher-kva.example" },
	{ "a", "[IPv6:2001:DB8::1]", "a@[ipv6:2001:db8::1]",
	    "a@[ipv6:2001:db8::1]" },
};

static void
test_folded(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(folds) * 2; i++) {
		bool is_folded = i % 2 == 0;
		const char *want = is_folded ? folds[i / 2].want_folded :
		    folds[i / 2].want_kept;
		struct span got = SPAN("?");

		if (mailbox_fold(span_of(folds[i / 2].local),
		    span_of(folds[i / 2].domain), is_folded, arena,
		    &got) == 0 && span_eq(got, span_of(want)))
			continue;
		print_error("%s@%s: got %.*s, want %s\n", folds[i / 2].local,
		    folds[i / 2].domain, SPAN_ARG(got), want);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

static void
test_fold_without_memory(void **state)
{
	struct arena *arena = arena_new(1 << 15, NULL);
	struct span got = SPAN("untouched");

	(void)state;
	assert_non_null(arena);
	while (arena_alloc(arena, 16) != NULL)
		;
	assert_int_equal(mailbox_fold(SPAN("a"), SPAN("b"), true, arena, &got),
	    -1);
	assert_true(span_eq(got, SPAN("untouched")));
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_fold_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
