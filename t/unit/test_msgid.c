/*
 * test_msgid.c - the msg-id of header fields: D8.3 (message-id).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/msgid.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const refusals[] = {
	"",
	" ",
	"(c)",
	"a@b",
	"<>",
	"<a>",
	"<a@>",
	"<@b>",
	"<@>",
	"<a@b",
	"a@b>",
	"<a@b>>",
	"<<a@b>>",
	"<a@b> <c@d>",
	"<a@b><c@d>",
	"<a@b>, <c@d>",
	"<a@b> x",
	"x <a@b>",
	"\"x\" <a@b>",
	"<a@b>.",
	"<a@b@c>",
	"<a@@b>",
	"<.a@b>",
	"<a.@b>",
	"<a..b@c>",
	"<a@.b>",
	"<a@b.>",
	"<a@b..c>",
	"<a b@c>",
	"<a@b c>",
	"<\"a\" b@c>",
	"<\"a\"b@c>",
	"<\"a@b>",
	"<a\"@b>",
	"<a@\"b\">",
	"<a,b@c>",
	"<a:b@c>",
	"<a;b@c>",
	"<a@b:c>",
	"<a@b,c>",
	"<[a]@b>",
	"<a@[b>",
	"<a@b]>",
	"<a@[b[c]>",
	"<a@[b]c>",
	"<a@b[c]>",
	"<a\\b@c>",
	"<a(@b>",
	"<a@b)>",
	"<a@b> (c",
	"(c <a@b>",
	"<@x:a@b>",
	"<a@b>\r\n",
	"<a@\r\nb>",
	"<a@b>\n",
	"<a@b>\r",
	"<a\x01@b>",
	"<a\x7f@b>",
	"<\xff@b>",
	"<a@\xc3>",
	"<a@b> (\xe9)",
	"<a>@<b>",
};

static const struct {
	const char *in;
	const char *want;
} acceptances[] = {
	{ "<a@b>", "<a@b>" },
	{ " <a@b>", "<a@b>" },
	{ " <a@b> ", "<a@b>" },
	{ "\r\n <a@b>", "<a@b>" },
	{ "\n\t<a@b>\n ", "<a@b>" },
	{ "(c) <a@b> (d)", "<a@b>" },
	{ "<a.b.c@d.e.f>", "<a.b.c@d.e.f>" },
	{ "<20261121100000.4711$x_y{z}@mail.example.org>",
	    "<20261121100000.4711$x_y{z}@mail.example.org>" },
	{ "<a+b=c@d>", "<a+b=c@d>" },
	{ "<!#$%&'*+-/=?^_`{|}~@x>", "<!#$%&'*+-/=?^_`{|}~@x>" },
	{ "<a@b_c>", "<a@b_c>" },
	{ "<a@-b->", "<a@-b->" },
	{ "<a@[192.0.2.1]>", "<a@[192.0.2.1]>" },
	{ "<a@[]>", "<a@[]>" },
	{ "<a@[x:y;z]>", "<a@[x:y;z]>" },
	{ "<\xc3\xa9@\xc3\xbc>", "<\xc3\xa9@\xc3\xbc>" },
	/* obsolete */
	{ "<\"a\"@b>", "<\"a\"@b>" },
	{ "<\"a b\"@c>", "<\"a b\"@c>" },
	{ "<\"a@b\"@c>", "<\"a@b\"@c>" },
	{ "<\"a>\"@c>", "<\"a>\"@c>" },
	{ "<\"a\\\"\"@c>", "<\"a\\\"\"@c>" },
	{ "<\"\"@c>", "<\"\"@c>" },
	{ "<\"a\".b@c>", "<\"a\".b@c>" },
	{ "< a@b >", "< a@b >" },
	{ "<a @ b>", "<a @ b>" },
	{ "<a . b@c . d>", "<a . b@c . d>" },
	{ "<(c)a(c)@(c)b(c)>(c)", "<(c)a(c)@(c)b(c)>" },
	{ "<a@[ b ]>", "<a@[ b ]>" },
	{ "<a@[\\]]>", "<a@[\\]]>" },
	{ "<a@\r\n b>", "<a@\r\n b>" },
	{ "<\"\x01\"@b>", "<\"\x01\"@b>" },
};

static void
test_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct span id = SPAN("untouched");

		if (!msgid_is_valid(span_of(refusals[i]), &id) &&
		    span_eq(id, SPAN("untouched")))
			continue;
		print_error("%s: got %.*s, want none\n", refusals[i],
		    SPAN_ARG(id));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_nul_is_refused(void **state)
{
	static const char left[] = "<a\0@b>", quoted[] = "<\"\0\"@b>";
	static const char comment[] = "<a@b>(\0)";

	(void)state;
	assert_false(msgid_is_valid((struct span){ left, 6 }, NULL));
	assert_false(msgid_is_valid((struct span){ quoted, 7 }, NULL));
	assert_false(msgid_is_valid((struct span){ comment, 8 }, NULL));
	assert_true(msgid_is_valid((struct span){ comment, 5 }, NULL));
}

static void
test_accepted(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		struct span id = SPAN("none");

		if (msgid_is_valid(span_of(acceptances[i].in), &id) &&
		    span_eq(id, span_of(acceptances[i].want)))
			continue;
		print_error("%s: got %.*s, want %s\n", acceptances[i].in,
		    SPAN_ARG(id), acceptances[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* A msg-id is one by itself, and has its brackets. */
static void
try_msgid(struct span s, void *context)
{
	struct span id, again;

	(void)context;
	if (!msgid_is_valid(s, &id))
		return;
	assert_true(id.len >= 5);
	assert_int_equal(id.ptr[0], '<');
	assert_int_equal(id.ptr[id.len - 1], '>');
	assert_true(msgid_is_valid(id, &again));
	assert_true(span_eq(id, again));
}

static void
test_near_misses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++)
		mutate_all(span_of(refusals[i]), try_msgid, NULL);
	for (size_t i = 0; i < COUNT(acceptances); i++)
		mutate_all(span_of(acceptances[i].in), try_msgid, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
