/*
 * test_address.c - address fields of the header: D5.1b (header-syntax);
 * what From and Sender must not be taken for: X2 (from-rights). Offsets,
 * limits and near misses: test_address_limits.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/sbuf.h"
#include "syntax/address.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define ONE ADDRESS_MAILBOX
#define FROM ADDRESS_MAILBOX_LIST
#define TO ADDRESS_LIST
#define BCC ADDRESS_LIST_OR_EMPTY

static const struct {
	const char *in;
	enum address_form form;
	const char *want;
	size_t want_offset;
} refusals[] = {
	/* nothing there */
	{ "", TO, "address expected", 0 },
	{ "  ", TO, "address expected", 2 },
	{ " (only a comment)", FROM, "address expected", 17 },
	{ "\r\n ", ONE, "address expected", 3 },
	{ ",", TO, "address expected", 1 },
	{ ", ,", FROM, "address expected", 3 },
	{ "<>", TO, "local part is missing or malformed", 1 },
	{ "x <>", TO, "local part is missing or malformed", 3 },
	/* two addresses that are one, or one that is two */
	{ "a@b <c@d>", TO, "comma expected", 4 },
	{ "a@b<c@d>", FROM, "comma expected", 3 },
	{ "<a@b> c", TO, "comma expected", 6 },
	{ "<a@b> <c@d>", TO, "comma expected", 6 },
	{ "<a@b> c@d", TO, "comma expected", 6 },
	{ "a@b c@d", TO, "comma expected", 4 },
	{ "a@b c", TO, "comma expected", 4 },
	{ "a@b\r\n c@d", TO, "comma expected", 6 },
	{ "a@b (x) c@d", TO, "comma expected", 8 },
	{ "a@b;c@d", TO, "comma expected", 3 },
	{ "a@b; ", TO, "comma expected", 3 },
	{ "a@b \"x\"", TO, "comma expected", 4 },
	{ "\"x\" y@z", TO, "local part is missing or malformed", 0 },
	{ "x y@z", TO, "local part is missing or malformed", 0 },
	{ "\"x\"\"y\"@z", TO, "local part is missing or malformed", 0 },
	{ "x\"y\"@z", TO, "local part is missing or malformed", 0 },
	{ "a@b@c", TO, "comma expected", 3 },
	{ "a@@b", TO, "domain expected", 2 },
	{ "x <a@b> y", TO, "comma expected", 8 },
	{ "x <a@b>, y <c@d> z", TO, "comma expected", 17 },
	/* local part */
	{ "@b", TO, "address expected", 0 },
	{ ".a@b", TO, "local part is missing or malformed", 0 },
	{ "a.@b", TO, "local part is missing or malformed", 0 },
	{ "a..c@b", TO, "local part is missing or malformed", 0 },
	{ "a. .c@b", TO, "local part is missing or malformed", 0 },
	{ "<.a@b>", TO, "local part is missing or malformed", 1 },
	{ "<a c@b>", TO, "local part is missing or malformed", 1 },
	{ "<\"a\" c@b>", TO, "local part is missing or malformed", 1 },
	{ "<@b>", TO, "source route is malformed", 3 },
	{ "[a]@b", TO, "address expected", 0 },
	/* domain */
	{ "a@", TO, "domain expected", 2 },
	{ "a@ ", TO, "domain expected", 3 },
	{ "a@.b", TO, "domain expected", 2 },
	{ "a@b.", TO, "domain expected", 4 },
	{ "a@b..c", TO, "domain expected", 4 },
	{ "a@\"b\"", TO, "domain expected", 2 },
	{ "a@b.\"c\"", TO, "domain expected", 4 },
	{ "a@b.[1.2.3.4]", TO, "domain expected", 4 },
	{ "a@[1.2.3.4]b", TO, "comma expected", 11 },
	{ "a@[1.2.3.4", TO, "domain literal without end", 2 },
	{ "a@[1[2]", TO, "bracket within a domain literal", 4 },
	{ "a@[1]]", TO, "character not allowed here", 5 },
	{ "a@<b>", TO, "domain expected", 2 },
	{ "<a@>", TO, "domain expected", 3 },
	{ "a@,b@c", TO, "domain expected", 2 },
	/* brackets */
	{ "<a@b", TO, "closing angle bracket expected", 4 },
	{ "<a@b c>", TO, "closing angle bracket expected", 5 },
	{ "<a@b,c@d>", TO, "closing angle bracket expected", 4 },
	{ "<<a@b>>", TO, "local part is missing or malformed", 1 },
	{ "a@b>", TO, "comma expected", 3 },
	{ "> a@b", TO, "address expected", 0 },
	{ "x <a@b>>", TO, "comma expected", 7 },
	{ "<x <a@b>>", TO, "closing angle bracket expected", 3 },
	{ "<a@b.>", TO, "domain expected", 5 },
	/* display names */
	{ "John Doe", TO, "display name without an address", 0 },
	{ "John. Doe", TO, "display name without an address", 0 },
	{ "\"John\" Doe, a@b", TO, "display name without an address", 0 },
	{ "John.", TO, "display name without an address", 0 },
	{ ".John <a@b>", TO, "display name begins with a dot", 0 },
	{ "John@home <a@b>", TO, "comma expected", 10 },
	{ "@home <a@b>", TO, "address expected", 0 },
	{ "a . b", TO, "display name without an address", 0 },
	{ "<a . b>", TO, "local part is missing or malformed", 1 },
	{ "\"a\".b", TO, "display name without an address", 0 },
	{ "John [x] <a@b>", TO, "comma expected", 5 },
	{ "John \\x <a@b>", TO, "character not allowed here", 5 },
	{ "John ) <a@b>", TO, "character not allowed here", 5 },
	{ "J\x01 <a@b>", TO, "character not allowed here", 1 },
	{ "J\x7f <a@b>", TO, "character not allowed here", 1 },
	/* quotes and comments that do not end */
	{ "\"John <a@b>", TO, "quoted string without end", 0 },
	{ "John\" <a@b>", TO, "quoted string without end", 4 },
	{ "\"a\\\"@b", TO, "quoted string without end", 0 },
	{ "\"a\\", TO, "backslash at the end", 2 },
	{ "a@b (c", TO, "comment without end", 4 },
	{ "a@b (c\\)", TO, "comment without end", 4 },
	{ "a@b ((c)", TO, "comment without end", 4 },
	{ "(c a@b", TO, "comment without end", 0 },
	{ "a@b (c))", TO, "character not allowed here", 7 },
	{ "a@b )", TO, "character not allowed here", 4 },
	{ "a@b (c\\", TO, "backslash at the end", 6 },
	{ "\"a\\\r\n b\"@c", TO, "backslash before a line end", 2 },
	{ "a@b (\\\n )", TO, "backslash before a line end", 5 },
	/* line ends and octets */
	{ "a@b\r\n", TO, "line end without folding", 3 },
	{ "a@b\n", TO, "line end without folding", 3 },
	{ "a@b,\r\nc@d", TO, "line end without folding", 4 },
	{ "a@b,\nc@d", TO, "line end without folding", 4 },
	{ "a@b,\r c@d", TO, "bare CR", 4 },
	{ "a@b\r", TO, "bare CR", 3 },
	{ "a@b\r\r\n c", TO, "bare CR", 3 },
	{ "\"a\rb\"@c", TO, "bare CR", 2 },
	{ "a@b (\r)", TO, "bare CR", 5 },
	{ "\"\n\"@b", TO, "line end without folding", 1 },
	{ "\xff <a@b>", TO, "not UTF-8", 0 },
	{ "J\xc3 <a@b>", TO, "not UTF-8", 1 },
	{ "a@b (\xe9)", TO, "not UTF-8", 5 },
	{ "\"\xed\xa0\x80\" <a@b>", TO, "not UTF-8", 1 },
	/* groups */
	{ "g:a@b", TO, "group without end", 5 },
	{ "g:", TO, "group without end", 2 },
	{ "g:a@b, h:c@d;;", TO, "group within a group", 8 },
	{ ":a@b;", TO, "group name is missing or malformed", 0 },
	{ ".g:a@b;", TO, "group name is missing or malformed", 0 },
	{ "g:a@b;c@d", TO, "comma expected", 6 },
	{ "g:a@b; h:c@d;", TO, "comma expected", 7 },
	{ "g:a@b;;", TO, "comma expected", 6 },
	{ "g:a@b c@d;", TO, "comma expected", 6 },
	{ ";", TO, "address expected", 0 },
	{ "g:;;", TO, "comma expected", 3 },
	{ "<a@b>:c@d;", TO, "comma expected", 5 },
	{ "a@b:c@d;", TO, "comma expected", 3 },
	{ "g <a@b:c>", TO, "closing angle bracket expected", 6 },
	/* source routes */
	{ "<@a b@c>", TO, "source route is malformed", 4 },
	{ "<@a,b@c>", TO, "source route is malformed", 4 },
	{ "<@:b@c>", TO, "domain expected", 2 },
	{ "<,b@c>", TO, "source route is malformed", 2 },
	{ "<,:b@c>", TO, "source route is malformed", 2 },
	{ "<@a@d:b@c>", TO, "source route is malformed", 3 },
	{ "<@a:>", TO, "local part is missing or malformed", 4 },
	{ "<@a:b@c:d@e>", TO, "closing angle bracket expected", 7 },
	{ "@a:b@c", TO, "address expected", 0 },
	{ "<@a,\x01:b@c>", TO, "character not allowed here", 4 },
	{ "<@a\x01:b@c>", TO, "character not allowed here", 3 },
	{ "<@a:\x01@c>", TO, "character not allowed here", 4 },
	/* one mailbox and no list */
	{ "a@b, c@d", ONE, "only one address is allowed", 3 },
	{ "a@b,", ONE, "only one address is allowed", 3 },
	{ ",a@b", ONE, "only one address is allowed", 0 },
	{ "g:;, a@b", ONE, "only one address is allowed", 3 },
	{ "Bcc: (x", BCC, "comment without end", 5 },
	{ "a@b c", BCC, "comma expected", 4 },
	/* addresses that a careless reader takes for another */
	{ "victim@bank.example (<me@my.example>) <me@my.example>", FROM,
	    "comma expected", 38 },
	{ "\"victim@bank.example <me@my.example>", FROM,
	    "quoted string without end", 0 },
	{ "victim@bank.example\n<me@my.example>", FROM,
	    "line end without folding", 19 },
	{ "<victim@bank.example <me@my.example>", FROM,
	    "closing angle bracket expected", 21 },
};

/*
 * Rendered: "local@domain", or "{name}<local@domain>" for an angle-addr;
 * then 4, 6 or G for a literal, "*" where the mailbox is obsolete and "~"
 * where it is in a group. All joined by " | ".
 */
static const struct {
	const char *in;
	enum address_form form;
	const char *want;
	size_t want_groups, want_tokens;	/* tokens 0: any number */
	bool want_obsolete;			/* the list */
} acceptances[] = {
	{ "a@b", TO, .want = "a@b", .want_tokens = 3 },
	{ " a@b ", FROM, .want = "a@b", .want_tokens = 3 },
	{ "a@b", ONE, .want = "a@b", .want_tokens = 3 },
	{ "<a@b>", TO, .want = "{}<a@b>", .want_tokens = 5 },
	{ " <a@b>", ONE, .want = "{}<a@b>", .want_tokens = 5 },
	{ "a.b.c@d.e", TO, .want = "a.b.c@d.e", .want_tokens = 9 },
	{ "a+b=c_d@e-f", TO, .want = "a+b=c_d@e-f", .want_tokens = 3 },
	{ "!#$%&'*+-/=?^_`{|}~@x", TO, .want = "!#$%&'*+-/=?^_`{|}~@x" },
	{ "a@b_c", TO, .want = "a@b_c" },
	{ "a@-", TO, .want = "a@-" },
	{ "John <a@b>", TO, .want = "{John}<a@b>", .want_tokens = 6 },
	{ "John Doe <a@b>", TO, .want = "{John Doe}<a@b>", .want_tokens = 7 },
	{ "\"John Doe\" <a@b>", TO, .want = "{\"John Doe\"}<a@b>",
	    .want_tokens = 6 },
	{ "\"Doe, John\" <a@b>, c@d", TO,
	    .want = "{\"Doe, John\"}<a@b> | c@d" },
	{ "\"\" <a@b>", TO, .want = "{\"\"}<a@b>" },
	{ "\"a\\\"b\" <a@b>", TO, .want = "{\"a\\\"b\"}<a@b>" },
	{ "\"x@y\" <a@b>", TO, .want = "{\"x@y\"}<a@b>" },
	{ "\"<x@y>\" <a@b>", FROM, .want = "{\"<x@y>\"}<a@b>" },
	{ "John<a@b>", TO, .want = "{John}<a@b>" },
	{ "\"John\"<a@b>", TO, .want = "{\"John\"}<a@b>" },
	{ "a@b,c@d", TO, .want = "a@b | c@d", .want_tokens = 7 },
	{ "a@b, c@d, e@f", FROM, .want = "a@b | c@d | e@f" },
	{ "=?utf-8?Q?J=C3=BCrgen?= <a@b>", TO,
	    .want = "{=?utf-8?Q?J=C3=BCrgen?=}<a@b>" },
	{ "a@z,b@z,c@z,d@z,e@z,f@z,g@z,h@z,i@z", TO, .want =
	    "a@z | b@z | c@z | d@z | e@z | f@z | g@z | h@z | i@z" },
	/* without domain */
	{ "sales", TO, .want = "sales", .want_tokens = 1 },
	{ "<sales>", TO, .want = "{}<sales>" },
	{ "Sales <sales>, a@b", TO, .want = "{Sales}<sales> | a@b" },
	{ "Doe, John <a@b>", TO, .want = "Doe | {John}<a@b>" },
	{ "a.b", FROM, .want = "a.b" },
	{ "\"John Doe\"", TO, .want = "\"John Doe\"" },
	/* quoted local parts */
	{ "\"a\"@b", TO, .want = "\"a\"@b", .want_tokens = 3 },
	{ "\"a b\"@c", TO, .want = "\"a b\"@c" },
	{ "\"a@b\"@c", TO, .want = "\"a@b\"@c" },
	{ "\"\"@c", TO, .want = "\"\"@c" },
	{ "\"a\\\"\\\\\"@c", TO, .want = "\"a\\\"\\\\\"@c" },
	{ "\"a\tb\"@c", TO, .want = "\"a\tb\"@c" },
	{ "\"a\\\tb\"@c", TO, .want = "\"a\\\tb\"@c" },
	{ "<\"a b\"@c>", TO, .want = "{}<\"a b\"@c>" },
	{ "\"a\r\n b\"@c", TO, .want = "\"a b\"@c" },
	{ "\"a\n\tb\"@c", TO, .want = "\"a\tb\"@c" },
	{ "\"a\x01\"@c", TO, .want = "\"a\x01\"@c*", .want_obsolete = true },
	{ "\"\\\x7f\"@c", TO, .want = "\"\\\x7f\"@c*", .want_obsolete = true },
	/* literals */
	{ "a@[192.0.2.1]", TO, .want = "a@[192.0.2.1]4", .want_tokens = 3 },
	{ "a@[ 192.0.2.1 ]", TO, .want = "a@[192.0.2.1]4" },
	{ "a@[\r\n 192.0.2.1]", TO, .want = "a@[192.0.2.1]4" },
	{ "a@[IPv6:2001:db8::1]", TO, .want = "a@[IPv6:2001:db8::1]6" },
	{ "a@[whatever]", TO, .want = "a@[whatever]G" },
	{ "a@[]", TO, .want = "a@[]G" },
	{ "a@[x\\]y]", TO, .want = "a@[x\\]y]G*", .want_obsolete = true },
	{ "a@[\x01]", TO, .want = "a@[\x01]G*", .want_obsolete = true },
	{ "John <a@[192.0.2.1]>", TO, .want = "{John}<a@[192.0.2.1]4>" },
	/* comments and folding */
	{ "a@b (comment)", FROM, .want = "a@b" },
	{ "(c) a@b", TO, .want = "a@b" },
	{ "(c)a@b(c)", TO, .want = "a@b" },
	{ "a@b ((nested) (c (d)))", TO, .want = "a@b" },
	{ "a@b (\\) \\( \\\\)", TO, .want = "a@b" },
	{ "a@b (\"x)", TO, .want = "a@b" },
	{ "a@b ()", TO, .want = "a@b" },
	{ "a@b (c),(d) e@f", TO, .want = "a@b | e@f" },
	{ "John (c) Doe (d) <a@b> (e)", TO, .want = "{John (c) Doe}<a@b>" },
	{ "<(c)a@b(d)>", TO, .want = "{}<a@b>" },
	{ "\r\n a@b", TO, .want = "a@b" },
	{ "\n a@b,\n\tc@d", TO, .want = "a@b | c@d" },
	{ "a@b,\r\n\tc@d\r\n ", TO, .want = "a@b | c@d" },
	{ "John\r\n Doe <a@b>", TO, .want = "{John\r\n Doe}<a@b>" },
	{ "\"John\r\n Doe\" <a@b>", TO, .want = "{\"John\r\n Doe\"}<a@b>" },
	{ "victim@bank.example (<me@my.example>)", FROM,
	    .want = "victim@bank.example" },
	{ "victim@bank.example, me <me@my.example>", FROM,
	    .want = "victim@bank.example | {me}<me@my.example>" },
	{ "(victim@bank.example) me@my.example", FROM,
	    .want = "me@my.example" },
	/* obsolete: white space and comments within */
	{ "a @b", TO, .want = "a@b*", .want_obsolete = true },
	{ "a@ b", TO, .want = "a@b*", .want_obsolete = true },
	{ "a(c)@(d)b", TO, .want = "a@b*", .want_obsolete = true },
	{ "a . b@c", TO, .want = "a.b@c*", .want_obsolete = true },
	{ "a. b@c", TO, .want = "a.b@c*", .want_obsolete = true },
	{ "a@b . c", TO, .want = "a@b.c*", .want_obsolete = true },
	{ "a@b .c", TO, .want = "a@b.c*", .want_obsolete = true },
	{ "a@b. c", TO, .want = "a@b.c*", .want_obsolete = true },
	{ "a@b(x).(y)c", TO, .want = "a@b.c*", .want_obsolete = true },
	{ "a(x).b@c.d", TO, .want = "a.b@c.d*", .want_obsolete = true },
	{ "\"a\".b@c", TO, .want = "\"a.b\"@c*", .want_obsolete = true },
	{ "a.\"b\"@c", TO, .want = "\"a.b\"@c*", .want_obsolete = true },
	{ "\"a b\" . \"c@d\"@e", TO, .want = "\"a b.c@d\"@e*",
	    .want_obsolete = true },
	{ "\"a\r\n b\".c@d", TO,
	    .want = "\"a b.c\"@d*", .want_obsolete = true },
	{ "\"\".a@b", TO, .want = "\".a\"@b*", .want_obsolete = true },
	{ "<a . b@c>", TO, .want = "{}<a.b@c*>", .want_obsolete = true },
	{ "a@b\r\n \r\n ", TO, .want = "a@b*", .want_obsolete = true },
	{ "a@b (\x01)", TO, .want = "a@b*", .want_obsolete = true },
	/* obsolete: phrases */
	{ "John Q. Public <a@b>", TO, .want = "{John Q. Public}<a@b*>",
	    .want_obsolete = true },
	{ "J.R.R. <a@b>", TO, .want = "{J.R.R.}<a@b*>", .want_obsolete = true },
	{ "J . . <a@b>", TO, .want = "{J . .}<a@b*>", .want_obsolete = true },
	{ "a.b <c@d>", FROM, .want = "{a.b}<c@d*>", .want_obsolete = true },
	{ "g. h: a@b;", TO, .want = "a@b~", .want_groups = 1,
	    .want_obsolete = true },
	/* obsolete: routes */
	{ "<@a:b@c>", TO, .want = "{}<b@c*>", .want_obsolete = true },
	{ "<@a,@d:b@c>", TO, .want = "{}<b@c*>", .want_obsolete = true },
	{ "x <,@a,,@d,:b@c>", TO, .want = "{x}<b@c*>", .want_obsolete = true },
	{ "<@a (c) , @d : b@c>", TO,
	    .want = "{}<b@c*>", .want_obsolete = true },
	{ "<@[1.2.3.4]:b@c>", TO, .want = "{}<b@c*>", .want_obsolete = true },
	{ "<@a . d:b@c>", TO, .want = "{}<b@c*>", .want_obsolete = true },
	/* obsolete: empty elements */
	{ ",a@b", TO, .want = "a@b", .want_obsolete = true },
	{ "a@b,", TO, .want = "a@b", .want_obsolete = true },
	{ "a@b,,c@d", FROM, .want = "a@b | c@d", .want_obsolete = true },
	{ " , (x), a@b, ,c@d , (y) ,", TO, .want = "a@b | c@d",
	    .want_obsolete = true },
	/* groups */
	{ "undisclosed-recipients:;", TO, .want = "", .want_groups = 1,
	    .want_tokens = 3 },
	{ "g: ;", TO, .want = "", .want_groups = 1 },
	{ "g:(c);", TO, .want = "", .want_groups = 1 },
	{ "g:a@b;", TO, .want = "a@b~", .want_groups = 1 },
	{ "A Group: Ed <a@b>, c@d (x);", TO, .want = "{Ed}<a@b~> | c@d~",
	    .want_groups = 1 },
	{ "\"g\":a@b;", TO, .want = "a@b~", .want_groups = 1 },
	{ "g:a@b;, c@d, h:;, i:e@f;", TO, .want = "a@b~ | c@d | e@f~",
	    .want_groups = 3 },
	{ "g:a@b; (c)", TO, .want = "a@b~", .want_groups = 1 },
	{ "g:,;", TO, .want = "", .want_groups = 1, .want_obsolete = true },
	{ "g:,a@b,,c@d,;", TO, .want = "a@b~ | c@d~", .want_groups = 1,
	    .want_obsolete = true },
	{ "g:a@b,;", TO, .want = "a@b~", .want_groups = 1,
	    .want_obsolete = true },
	{ "g:;,", TO, .want = "", .want_groups = 1, .want_obsolete = true },
	{ "g:a@b;", FROM, .want = "a@b~", .want_groups = 1 },
	{ "g:a@b, c@d;", ONE, .want = "a@b~ | c@d~", .want_groups = 1 },
	{ "g:;", ONE, .want = "", .want_groups = 1 },
	/* fields that may be empty */
	{ "", BCC, .want = "" },
	{ " ", BCC, .want = "" },
	{ " (c)\r\n ", BCC, .want = "" },
	{ ",", BCC, .want = "", .want_obsolete = true },
	{ "a@b", BCC, .want = "a@b" },
	/* UTF-8 */
	{ "J\xc3\xbcrgen <a@b>", TO, .want = "{J\xc3\xbcrgen}<a@b>" },
	{ "j\xc3\xbcrgen@b\xc3\xbc" "cher.example", TO,
	    .want = "j\xc3\xbcrgen@b\xc3\xbc" "cher.example" },
	{ "\"\xe6\x97\xa5 x\"@\xe6\x9c\xac", TO,
	    .want = "\"\xe6\x97\xa5 x\"@\xe6\x9c\xac" },
	{ "a@b (\xf0\x9f\x98\x80)", TO, .want = "a@b" },
	{ "\"\\\xc3\xbc\" <a@b>", TO, .want = "{\"\\\xc3\xbc\"}<a@b>" },
};

static void
test_refused(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct address_list list = { .groups = 99 };
		struct address_error error = { "", 0 };
		int got = address_parse(span_of(refusals[i].in),
		    refusals[i].form, arena, &list, &error);

		if (got == -1 && strcmp(error.what, refusals[i].want) == 0 &&
		    error.offset == refusals[i].want_offset &&
		    list.groups == 99)
			continue;
		print_error("%s: got %d \"%s\" at %zu, want -1 \"%s\" at "
		    "%zu\n", refusals[i].in, got, error.what, error.offset,
		    refusals[i].want, refusals[i].want_offset);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

static void
render_one(struct sbuf *sbuf, const struct address *address)
{
	if (address->has_angle)
		sbuf_addf(sbuf, "{%.*s}<", SPAN_ARG(address->name));
	else
		assert_int_equal(address->name.len, 0);
	sbuf_add(sbuf, address->local);
	if (address->kind != DOMAIN_NONE)
		sbuf_addf(sbuf, "@%.*s", SPAN_ARG(address->domain));
	else
		assert_int_equal(address->domain.len, 0);
	if (address->kind == DOMAIN_IPV4)
		sbuf_addc(sbuf, '4');
	if (address->kind == DOMAIN_IPV6)
		sbuf_addc(sbuf, '6');
	if (address->kind == DOMAIN_GENERAL)
		sbuf_addc(sbuf, 'G');
	if (address->is_obsolete)
		sbuf_addc(sbuf, '*');
	if (address->is_in_group)
		sbuf_addc(sbuf, '~');
	if (address->has_angle)
		sbuf_addc(sbuf, '>');
}

static struct span
render(const struct address_list *list, struct arena *arena)
{
	struct span text = SPAN("");
	struct sbuf sbuf;

	sbuf_init(&sbuf, arena, 1 << 16);
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			sbuf_adds(&sbuf, " | ");
		render_one(&sbuf, &list->v[i]);
	}
	assert_int_equal(sbuf_done(&sbuf, &text), 0);
	return text;
}

static void
test_accepted(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	unsigned wrong = 0;

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		struct address_list list = { .groups = 99 };
		struct address_error error = { "", 0 };
		int got = address_parse(span_of(acceptances[i].in),
		    acceptances[i].form, arena, &list, &error);
		struct span text = SPAN("");

		if (got == 1)
			text = render(&list, arena);
		if (got == 1 && span_eq(text, span_of(acceptances[i].want)) &&
		    list.groups == acceptances[i].want_groups &&
		    list.is_obsolete == acceptances[i].want_obsolete &&
		    (acceptances[i].want_tokens == 0 ||
		    acceptances[i].want_tokens == list.tokens))
			continue;
		print_error("%s: got %d %.*s (%s at %zu), %zu groups, %zu "
		    "tokens, obsolete %d, want 1 %s\n", acceptances[i].in,
		    got, SPAN_ARG(text), error.what, error.offset,
		    list.groups, list.tokens, list.is_obsolete,
		    acceptances[i].want);
		wrong++;
	}
	arena_free(&arena);
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
