/*
 * test_domain.c - domain names and address literals: D5.1
 * (envelope-syntax), D4.2 (envelope-fqdn); their comparison: X1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/domain.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define A63 A60 "aaa"
/* a small u with two dots; seventy of them are too long in any form */
#define U "\xc3\xbc"
#define U10 U U U U U U U U U U
/* ten labels of it, of 8 octets each with their dot as A-labels */
#define D10 U "." U "." U "." U "." U "." U "." U "." U "." U "." U "."

static const struct {
	const char *in;
	bool is_ascii;		/* octets above 127 are not allowed */
	const char *want;
} refusals[] = {
	{ "", .want = "domain is empty" },
	{ ".", .want = "domain ends with a dot" },
	{ "b.", .want = "domain ends with a dot" },
	{ "b..", .want = "domain ends with a dot" },
	{ ".b", .want = "domain has an empty label" },
	{ "b..c", .want = "domain has an empty label" },
	{ "-b", .want = "domain label begins or ends with a hyphen" },
	{ "b-", .want = "domain label begins or ends with a hyphen" },
	{ "b.c-", .want = "domain label begins or ends with a hyphen" },
	{ "b_c", .want = "domain has a character that is not allowed" },
	{ "b c", .want = "domain has a character that is not allowed" },
	{ "b@c", .want = "domain has a character that is not allowed" },
	{ "b]", .want = "domain has a character that is not allowed" },
	{ "b*c", .want = "domain has a character that is not allowed" },
	{ "b\x7f", .want = "domain has a character that is not allowed" },
	{ U ".b", true, "domain has a character that is not allowed" },
	{ A63 "a", .want = "domain label is longer than 63 octets" },
	{ A63 "." A63 "." A63 "." A63 "a",
	    .want = "domain is longer than 255 octets" },
	{ "\xff.b", .want = "domain is not UTF-8" },
	{ "\xed\xa0\x80.b", .want = "domain is not UTF-8" },
	{ U "_.b", .want = "domain label is no valid U-label" },
	{ U " .b", .want = "domain label is no valid U-label" },
	{ "-" U ".b", .want = "domain label is no valid U-label" },
	{ U "-.b", .want = "domain label is no valid U-label" },
	{ "ab--" U, .want = "domain label is no valid U-label" },
	{ "\xe2\x98\x83", .want = "domain label is no valid U-label" },
	{ "\xcc\x88" "b", .want = "domain label is no valid U-label" },
	{ U10 U10 U10 U10 U10 U10 U10,
	    .want = "domain label is no valid U-label" },
	{ U10 U10 U10 U10 U10 U U U U U U U U,
	    .want = "domain label is no valid U-label" },
	/* 240 octets, but 640 as A-labels; 255 are the most, too */
	{ D10 D10 D10 D10 D10 D10 D10 D10 "c",
	    .want = "domain is longer than 255 octets" },
	{ D10 D10 D10 U ".aaaaaaaa",
	    .want = "domain is longer than 255 octets" },
	{ "[", .want = "address literal does not end with a bracket" },
	{ "[]", .want = "address literal is malformed" },
	{ "[1.2.3.4", .want = "address literal does not end with a bracket" },
	{ "[1.2.3.4]c",
	    .want = "address literal does not end with a bracket" },
	{ "[::1]", .want = "address literal is malformed" },
	{ "[2001:db8::1]", .want = "address literal is malformed" },
	{ "[IPv6:x]", .want = "address literal is malformed" },
	{ "[IPv6:1.2.3.4]", .want = "address literal is malformed" },
	{ "[1.2.3.04.5]", .want = "address literal is malformed" },
	{ "[300.2.3.4]", .want = "address literal is malformed" },
	{ "[x:a]b]", .want = "address literal is malformed" },
	{ "[x:a\\b]", .want = "address literal is malformed" },
	{ "[x:" U "]", .want = "address literal is malformed" },
};

static const struct {
	const char *in;
	enum domain_kind want;
} acceptances[] = {
	{ "b", DOMAIN_NAME },
	{ "9", DOMAIN_NAME },
	{ "B9-a.c", DOMAIN_NAME },
	{ "a--b", DOMAIN_NAME },
	{ A63 "." A63 "." A63 "." A63, DOMAIN_NAME },
	{ "xn--bcher-kva.example", DOMAIN_NAME },
	{ "b" U "cher.example", DOMAIN_NAME },
	{ "B\xc3\x9c" "CHER.EXAMPLE", DOMAIN_NAME },
	{ "bu\xcc\x88" "cher.example", DOMAIN_NAME },
	{ "a." U10 U10 U10 ".c", DOMAIN_NAME },
	/* 63 octets as an A-label */
	{ U10 U10 U10 U10 U10 U U U U U U U ".c", DOMAIN_NAME },
	/* 255 octets as A-labels */
	{ D10 D10 D10 U ".aaaaaaa", DOMAIN_NAME },
	/* the sign for Kelvin is the letter K in NFC */
	{ "\xe2\x84\xaa" "elvin.example", DOMAIN_NAME },
	{ "[192.0.2.1]", DOMAIN_IPV4 },
	{ "[IPv6:2001:db8::1]", DOMAIN_IPV6 },
	{ "[iPV6:1:2:3:4:5:6:192.0.2.1]", DOMAIN_IPV6 },
	{ "[x400:c=de]", DOMAIN_GENERAL },
};

static void
test_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		enum domain_kind kind = DOMAIN_NONE;
		const char *error = "";
		int got = domain_parse(span_of(refusals[i].in),
		    !refusals[i].is_ascii, &kind, &error);

		if (got == -1 && strcmp(error, refusals[i].want) == 0 &&
		    kind == DOMAIN_NONE)
			continue;
		print_error("%s: got %d \"%s\", want -1 \"%s\"\n",
		    refusals[i].in, got, error, refusals[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_accepted(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		enum domain_kind kind = DOMAIN_NONE;
		const char *error = "";
		int got = domain_parse(span_of(acceptances[i].in), true,
		    &kind, &error);

		if (got == 1 && kind == acceptances[i].want)
			continue;
		print_error("%s: got %d kind %d (%s), want 1 kind %d\n",
		    acceptances[i].in, got, (int)kind, error,
		    (int)acceptances[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static const struct {
	const char *in;
	bool want;
} qualified[] = {
	{ "", false },
	{ "localhost", false },
	{ ".", false },
	{ "a.", false },
	{ ".a", false },
	{ "a..b", false },
	{ "1.2.3.4", false },
	{ "a.1", false },
	{ "[192.0.2.1]", false },
	{ "a.b", true },
	{ "a.1b", true },
	{ "1.b", true },
	{ "mail.example.org", true },
	{ "xn--bcher-kva.xn--p1ai", true },
	{ "b" U "cher.de", true },
};

static void
test_qualified(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(qualified); i++) {
		bool got = domain_is_qualified(span_of(qualified[i].in));

		if (got == qualified[i].want)
			continue;
		print_error("%s: got %d, want %d\n", qualified[i].in, got,
		    qualified[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static const struct {
	const char *in, *want;
} folds[] = {
	{ "", "" },
	{ "Example.ORG", "example.org" },
	{ "B\xc3\x9c" "CHER.Example", "xn--bcher-kva.example" },
	{ "b" U "cher.example", "xn--bcher-kva.example" },
	{ "bu\xcc\x88" "cher.example", "xn--bcher-kva.example" },
	{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
	{ "fa\xc3\x9f.de", "xn--fa-hia.de" },
	{ "FASS.de", "fass.de" },
	{ "\xe2\x84\xaa" "elvin.example", "kelvin.example" },
	{ "\xce\x91\xce\xa3.gr", "xn--mxa0b.gr" },
	{ "[IPv6:2001:DB8::A]", "[ipv6:2001:db8::a]" },
	/* no valid names: equal only to themselves */
	{ "[X:\xc3\x9c]", "[x:\xc3\x9c]" },
	{ "A_B.c", "a_b.c" },
	{ "X..Y", "x..y" },
	{ "\xe2\x98\x83.Example", "\xe2\x98\x83.example" },
	{ "Ex\xe3\x80\x82" U "x", "ex\xe3\x80\x82" U "x" },
	{ "\xef\xbc\xa5x.Example", "\xef\xbc\xa5x.example" },
	{ "A\xff.B", "a\xff.b" },
	{ "a." U, "a.xn--tda" },
};

static void
test_folded(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(folds); i++) {
		struct span got = SPAN("?"), again = SPAN("?");

		if (domain_fold(span_of(folds[i].in), arena, &got) == 0 &&
		    domain_fold(got, arena, &again) == 0 &&
		    span_eq(got, span_of(folds[i].want)) &&
		    span_eq(got, again))
			continue;
		print_error("%s: got %.*s and then %.*s, want %s\n",
		    folds[i].in, SPAN_ARG(got), SPAN_ARG(again),
		    folds[i].want);
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
	assert_int_equal(domain_fold(SPAN("b"), arena, &got), -1);
	assert_int_equal(domain_fold(SPAN(U ".b"), arena, &got), -1);
	assert_true(span_eq(got, SPAN("untouched")));
	arena_free(&arena);
}

/* A name that was accepted folds to a name of ASCII that is, too. */
static void
try_domain(struct span s, void *context)
{
	struct arena *arena = context;
	enum domain_kind kind, ascii_kind, again;
	const char *error = NULL;
	struct span folded;

	arena_reset(arena);
	if (domain_parse(s, false, &ascii_kind, &error) == 1)
		assert_false(span_has_8bit(s));
	assert_int_equal(domain_fold(s, arena, &folded), 0);
	if (domain_parse(s, true, &kind, &error) != 1) {
		assert_non_null(error);
		return;
	}
	assert_in_range(s.len, 1, 255);
	assert_false(span_has_8bit(folded));
	assert_int_equal(domain_parse(folded, false, &again, &error), 1);
	assert_int_equal(kind, again);
}

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(refusals); i++)
		mutate_all(span_of(refusals[i].in), try_domain, arena);
	for (size_t i = 0; i < COUNT(acceptances); i++)
		mutate_all(span_of(acceptances[i].in), try_domain, arena);
	for (size_t i = 0; i < COUNT(folds); i++)
		mutate_all(span_of(folds[i].in), try_domain, arena);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_qualified),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(test_fold_without_memory),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
