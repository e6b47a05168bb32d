/*
 * test_escape.c - keys in LDAP filters and names: X44.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "table/escape.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	struct span in;
	const char *want_filter;
	const char *want_dn;
} values[] = {
	{ { "*", 1 }, "\\2a", "*" },
	{ { "a*b", 3 }, "a\\2ab", "a*b" },
	{ { ")(", 2 }, "\\29\\28", ")(" },
	{ { "*)(uid=*", 8 }, "\\2a\\29\\28uid=\\2a", "*)(uid\\3d*" },
	{ { "\\", 1 }, "\\5c", "\\5c" },
	{ { "\\2a", 3 }, "\\5c2a", "\\5c2a" },
	{ { "a\0b", 3 }, "a\\00b", "a\\00b" },
	{ { "a\nb\x7f", 4 }, "a\\0ab\\7f", "a\\0ab\\7f" },
	{ { "a,dc=x", 6 }, "a,dc=x", "a\\2cdc\\3dx" },
	{ { "\"+;<>#", 6 }, "\"+;<>#", "\\22\\2b\\3b\\3c\\3e\\23" },
	{ { " a b ", 5 }, " a b ", "\\20a b\\20" },
	{ { " ", 1 }, " ", "\\20" },
	{ { "", 0 }, "", "" },
	{ { "alice@example.org", 17 }, "alice@example.org",
	    "alice@example.org" },
	{ { "m\xc3\xbcller", 7 }, "m\xc3\xbcller", "m\xc3\xbcller" },
};

static const struct {
	const char *template;
	const char *key;
	int want;
	const char *want_text;
} expansions[] = {
	{ "(mail=%x)", "a", -1, NULL },
	{ "(mail=%", "a", -1, NULL },
	{ "(mail=%d)", "a", 0, NULL },
	{ "(mail=%u)", "@b", 0, NULL },
	{ "(mail=%s)", "", 0, NULL },
	{ "(mail=*)", "a", 1, "(mail=*)" },
	{ "(mail=%%)", "a", 1, "(mail=%)" },
	{ "(mail=%s)", "*", 1, "(mail=\\2a)" },
	{ "(&(u=%u)(d=%d))", "a(@b)", 1, "(&(u=a\\28)(d=b\\29))" },
	{ "(mail=%s)", "%s@%d", 1, "(mail=%s@%d)" },
};

static void
check(void (*escape)(struct sbuf *, struct span), struct span in,
    const char *want)
{
	struct sbuf out;

	sbuf_init(&out, NULL, 1000);
	sbuf_adds(&out, "");
	escape(&out, in);
	if (strcmp(out.ptr, want) != 0)
		fail_msg("%.*s: got %s, want %s", SPAN_ARG(in), out.ptr,
		    want);
	sbuf_free(&out);
}

static void
test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		check(escape_filter, values[i].in, values[i].want_filter);
		check(escape_dn, values[i].in, values[i].want_dn);
	}
}

static void
test_expansions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(expansions); i++) {
		struct sbuf out;
		int rc;

		sbuf_init(&out, NULL, 1000);
		rc = escape_expand(&out, expansions[i].template,
		    escape_filter, span_of(expansions[i].key));
		if (rc != expansions[i].want || (rc == 1 && strcmp(out.ptr,
		    expansions[i].want_text) != 0))
			fail_msg("%s: got %d %s, want %d %s",
			    expansions[i].template, rc, out.ptr,
			    expansions[i].want, expansions[i].want_text);
		sbuf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_expansions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
