/*
 * test_mailbox.c - paths and mailboxes of the envelope: D5.1
 * (envelope-syntax). How they are compared: test_mailbox_fold.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mutate.h"
#include "syntax/mailbox.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define A63 A60 "aaa"
#define ALL (PATH_UTF8 | PATH_POSTMASTER | PATH_NULL | PATH_BARE)

static const struct {
	const char *in;
	unsigned flags;
	enum path_status want;
} refusals[] = {
	/* no path at all */
	{ "", ALL, PATH_SYNTAX },
	{ "<", ALL, PATH_SYNTAX },
	{ ">", ALL, PATH_SYNTAX },
	{ "a@b", ALL, PATH_SYNTAX },
	{ "<a@b", ALL, PATH_SYNTAX },
	{ "a@b>", ALL, PATH_SYNTAX },
	{ " <a@b>", ALL, PATH_SYNTAX },
	{ "<a@b> ", ALL, PATH_SYNTAX },
	{ "<<a@b>>", ALL, PATH_SYNTAX },
	{ "<a@b>>", ALL, PATH_SYNTAX },
	{ "<a@b><c@d>", ALL, PATH_SYNTAX },
	{ "<a@b,c@d>", ALL, PATH_SYNTAX },
	{ "<>", 0, PATH_SYNTAX },
	{ "< >", ALL, PATH_SYNTAX },
	/* local part */
	{ "<@b>", ALL, PATH_SYNTAX },
	{ "<.a@b>", ALL, PATH_SYNTAX },
	{ "<a.@b>", ALL, PATH_SYNTAX },
	{ "<a..c@b>", ALL, PATH_SYNTAX },
	{ "<.@b>", ALL, PATH_SYNTAX },
	{ "<a c@b>", ALL, PATH_SYNTAX },
	{ "< a@b>", ALL, PATH_SYNTAX },
	{ "<a @b>", ALL, PATH_SYNTAX },
	{ "<a(c)@b>", ALL, PATH_SYNTAX },
	{ "<a,c@b>", ALL, PATH_SYNTAX },
	{ "<a:c@b>", ALL, PATH_SYNTAX },
	{ "<a;c@b>", ALL, PATH_SYNTAX },
	{ "<a<c@b>", ALL, PATH_SYNTAX },
	{ "<a>c@b>", ALL, PATH_SYNTAX },
	{ "<a[c@b>", ALL, PATH_SYNTAX },
	{ "<a]c@b>", ALL, PATH_SYNTAX },
	{ "<a\\c@b>", ALL, PATH_SYNTAX },
	{ "<a\\@c@b>", ALL, PATH_SYNTAX },
	{ "<a@c@b>", ALL, PATH_SYNTAX },
	{ "<a\tc@b>", ALL, PATH_SYNTAX },
	{ "<a\x01@b>", ALL, PATH_SYNTAX },
	{ "<a\x7f@b>", ALL, PATH_SYNTAX },
	{ "<a\r\n@b>", ALL, PATH_SYNTAX },
	{ "<" A60 "aaaaa@b>", ALL, PATH_SYNTAX },
	/* quoted local part */
	{ "<\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a@b>", ALL, PATH_SYNTAX },
	{ "<a\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\"c@b>", ALL, PATH_SYNTAX },
	{ "<a\"c\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\".c@b>", ALL, PATH_SYNTAX },
	{ "<a.\"c\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\"\"c\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\"c\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\\\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\tc\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\\\tc\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\x7f\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\\\x7f\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\x01\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\r\n c\"@b>", ALL, PATH_SYNTAX },
	{ "<\"\\\xc3\xa9\"@b>", ALL, PATH_SYNTAX },
	{ "<\"a\"@>", ALL, PATH_SYNTAX },
	{ "<\"a\" @b>", ALL, PATH_SYNTAX },
	{ "<\"" A60 "aaa\"@b>", ALL, PATH_SYNTAX },
	/* domain */
	{ "<a@>", ALL, PATH_SYNTAX },
	{ "<a@.>", ALL, PATH_SYNTAX },
	{ "<a@b.>", ALL, PATH_SYNTAX },
	{ "<a@.b>", ALL, PATH_SYNTAX },
	{ "<a@b..c>", ALL, PATH_SYNTAX },
	{ "<a@-b>", ALL, PATH_SYNTAX },
	{ "<a@b->", ALL, PATH_SYNTAX },
	{ "<a@b.-c>", ALL, PATH_SYNTAX },
	{ "<a@b-.c>", ALL, PATH_SYNTAX },
	{ "<a@->", ALL, PATH_SYNTAX },
	{ "<a@xn--.b>", ALL, PATH_SYNTAX },
	{ "<a@b_c>", ALL, PATH_SYNTAX },
	{ "<a@_b.c>", ALL, PATH_SYNTAX },
	{ "<a@b c>", ALL, PATH_SYNTAX },
	{ "<a@ b>", ALL, PATH_SYNTAX },
	{ "<a@b >", ALL, PATH_SYNTAX },
	{ "<a@b,c>", ALL, PATH_SYNTAX },
	{ "<a@b:c>", ALL, PATH_SYNTAX },
	{ "<a@b/c>", ALL, PATH_SYNTAX },
	{ "<a@\"b\">", ALL, PATH_SYNTAX },
	{ "<a@b(c)>", ALL, PATH_SYNTAX },
	{ "<a@#123>", ALL, PATH_SYNTAX },
	{ "<a@b\xff>", ALL, PATH_SYNTAX },
	{ "<a@" A63 "a>", ALL, PATH_SYNTAX },
	{ "<a@c." A63 "a.d>", ALL, PATH_SYNTAX },
	/* one octet more than a path may have */
	{ "<" A60 "aaaa@" A63 "." A63 "." A60 "aa>", ALL, PATH_SYNTAX },
	/* literals */
	{ "<a@[]>", ALL, PATH_SYNTAX },
	{ "<a@[>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.4>", ALL, PATH_SYNTAX },
	{ "<a@1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.4.5]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.256]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.0004]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.4 ]>", ALL, PATH_SYNTAX },
	{ "<a@[ 1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.a]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.4]b>", ALL, PATH_SYNTAX },
	{ "<a@b[1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[1.2.3.4].b>", ALL, PATH_SYNTAX },
	{ "<a@[::1]>", ALL, PATH_SYNTAX },
	{ "<a@[2001:db8::1]>", ALL, PATH_SYNTAX },
	{ "<a@[fe80::1]>", ALL, PATH_SYNTAX },
	{ "<a@[1:2:3:4:5:6:1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6::]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6: ::1]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:::1%eth0]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5:6:7]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5:6:7:8:9]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5:6:7::]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:::2:3:4:5:6:7:8]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1::3::5]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:::5]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6::1]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1::5:]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:12345::]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:g::]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5:1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5:6:7:1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:1:2:3:4:5::1.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:::1.2.3.4:5]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:::1.2.3.256]>", ALL, PATH_SYNTAX },
	{ "<a@[IPv6:::a.2.3.4]>", ALL, PATH_SYNTAX },
	{ "<a@[x400]>", ALL, PATH_SYNTAX },
	{ "<a@[x400:]>", ALL, PATH_SYNTAX },
	{ "<a@[:x]>", ALL, PATH_SYNTAX },
	{ "<a@[x-:y]>", ALL, PATH_SYNTAX },
	{ "<a@[x_4:y]>", ALL, PATH_SYNTAX },
	{ "<a@[x4:y z]>", ALL, PATH_SYNTAX },
	{ "<a@[x4:y\\z]>", ALL, PATH_SYNTAX },
	{ "<a@[x4:y[z]>", ALL, PATH_SYNTAX },
	{ "<a@[x4:\xc3\xa9]>", ALL, PATH_SYNTAX },
	/* source routes */
	{ "<@a>", ALL, PATH_SYNTAX },
	{ "<@a:>", ALL, PATH_SYNTAX },
	{ "<@:b@c>", ALL, PATH_SYNTAX },
	{ "<@a,:b@c>", ALL, PATH_SYNTAX },
	{ "<@a,,@d:b@c>", ALL, PATH_SYNTAX },
	{ "<,@a:b@c>", ALL, PATH_SYNTAX },
	{ "<@a,d:b@c>", ALL, PATH_SYNTAX },
	{ "<a:b@c>", ALL, PATH_SYNTAX },
	{ "<@a@d:b@c>", ALL, PATH_SYNTAX },
	{ "<@a_b:b@c>", ALL, PATH_SYNTAX },
	{ "<@a.:b@c>", ALL, PATH_SYNTAX },
	{ "<@a, @d:b@c>", ALL, PATH_SYNTAX },
	{ "<@[1.2.3.4]:b@c>", ALL, PATH_SYNTAX },
	{ "<@[x4:y]:b@c>", ALL, PATH_SYNTAX },
	{ "<@a:@b:c@d>", ALL, PATH_SYNTAX },
	{ "<@a:Postmaster>", PATH_POSTMASTER, PATH_SYNTAX },
	{ "<@a:\"b\"c@d>", ALL, PATH_SYNTAX },
	/* without domain */
	{ "<sales>", PATH_POSTMASTER | PATH_NULL, PATH_SYNTAX },
	{ "<postmaster>", PATH_NULL, PATH_SYNTAX },
	{ "<postmaster@>", ALL, PATH_SYNTAX },
	{ "<\"postmaster\">", PATH_POSTMASTER, PATH_SYNTAX },
	{ "<postmaster2>", PATH_POSTMASTER, PATH_SYNTAX },
	/* UTF-8: right only with the extension ... */
	{ "<\xc3\xa9@b>", 0, PATH_NEEDS_UTF8 },
	{ "<a@b\xc3\xbc.example>", 0, PATH_NEEDS_UTF8 },
	{ "<\"\xc3\xa9 x\"@b>", 0, PATH_NEEDS_UTF8 },
	{ "<@b\xc3\xbc:a@b>", 0, PATH_NEEDS_UTF8 },
	{ "<\xc3\xa9>", PATH_BARE, PATH_NEEDS_UTF8 },
	/* ... and never right */
	{ "<\xc3@b>", ALL, PATH_SYNTAX },
	{ "<\xc3@b>", 0, PATH_SYNTAX },
	{ "<\xc0\xaf@b>", ALL, PATH_SYNTAX },
	{ "<\xed\xa0\x80@b>", ALL, PATH_SYNTAX },
	{ "<\"\xff\"@b>", ALL, PATH_SYNTAX },
	{ "<\xc3\xa9 x@b>", 0, PATH_SYNTAX },
	{ "<\xc3\xa9@-b>", 0, PATH_SYNTAX },
	{ "<a@\xe2\x98\x83.example>", ALL, PATH_SYNTAX },
	{ "<a@\xe2\x98\x83.example>", 0, PATH_SYNTAX },
	{ "<a@-\xc3\xbc.example>", ALL, PATH_SYNTAX },
	{ "<a@\xc3\xbc-.example>", ALL, PATH_SYNTAX },
	{ "<a@ab--\xc3\xbc.example>", ALL, PATH_SYNTAX },
	{ "<a@xn--\xc3\xbc.example>", ALL, PATH_SYNTAX },
	{ "<a@\xcc\x88x.example>", ALL, PATH_SYNTAX },
	{ "<a@a\xe2\x80\x8d" "b.example>", ALL, PATH_SYNTAX },
	{ "<a@x\xe3\x80\x82\xc3\xbc>", ALL, PATH_SYNTAX },
	{ "<a@\xef\xbd\x85xample>", ALL, PATH_SYNTAX },
	{ "<a@\xc3\xbc\xc2\xb7.example>", ALL, PATH_SYNTAX },
	{ "<a@1\xd7\x90.example>", ALL, PATH_SYNTAX },
	{ "<a@\xc3\xbc_x.example>", ALL, PATH_SYNTAX },
	{ "<a@\xc3\xbc.>", ALL, PATH_SYNTAX },
	{ "<a@\xc3\xbc..x>", ALL, PATH_SYNTAX },
};

struct acceptance {
	const char *in;
	unsigned flags;
	const char *want_local, *want_domain;
	enum domain_kind want_kind;
	bool want_route, want_null, want_quoted, want_utf8;
};

static const struct acceptance acceptances[] = {
	{ "<>", PATH_NULL, .want_null = true },
	{ "<a@b>", 0, "a", "b", .want_kind = DOMAIN_NAME },
	{ "<a@b.example>", 0, "a", "b.example", .want_kind = DOMAIN_NAME },
	{ "<A.B.c@B.Example>", 0, "A.B.c", "B.Example",
	    .want_kind = DOMAIN_NAME },
	{ "<a+b@c>", 0, "a+b", "c", .want_kind = DOMAIN_NAME },
	{ "<!#$%&'*+-/=?^_`{|}~@c>", 0, "!#$%&'*+-/=?^_`{|}~", "c",
	    .want_kind = DOMAIN_NAME },
	{ "<-@c>", 0, "-", "c", .want_kind = DOMAIN_NAME },
	{ "<-a-@c>", 0, "-a-", "c", .want_kind = DOMAIN_NAME },
	{ "<_@c>", 0, "_", "c", .want_kind = DOMAIN_NAME },
	{ "<0@0>", 0, "0", "0", .want_kind = DOMAIN_NAME },
	{ "<a%b@c>", 0, "a%b", "c", .want_kind = DOMAIN_NAME },
	{ "<a!b@c>", 0, "a!b", "c", .want_kind = DOMAIN_NAME },
	{ "<a/b=c@d>", 0, "a/b=c", "d", .want_kind = DOMAIN_NAME },
	{ "<" A60 "aaaa@b>", 0, A60 "aaaa", "b", .want_kind = DOMAIN_NAME },
	{ "<a." A60 "aa@b>", 0, "a." A60 "aa", "b", .want_kind = DOMAIN_NAME },
	{ "<a@b-c>", 0, "a", "b-c", .want_kind = DOMAIN_NAME },
	{ "<a@b--c>", 0, "a", "b--c", .want_kind = DOMAIN_NAME },
	{ "<a@1-2.3>", 0, "a", "1-2.3", .want_kind = DOMAIN_NAME },
	{ "<a@1.2.3.4>", 0, "a", "1.2.3.4", .want_kind = DOMAIN_NAME },
	{ "<a@b.c.d.e.f.g.h>", 0, "a", "b.c.d.e.f.g.h",
	    .want_kind = DOMAIN_NAME },
	{ "<a@xn--bcher-kva.example>", 0, "a", "xn--bcher-kva.example",
	    .want_kind = DOMAIN_NAME },
	{ "<a@" A63 ">", 0, "a", A63, .want_kind = DOMAIN_NAME },
	{ "<" A60 "aaaa@" A63 "." A63 "." A60 "a>", 0, A60 "aaaa",
	    A63 "." A63 "." A60 "a", .want_kind = DOMAIN_NAME },
	/* quoted local parts */
	{ "<\"\"@b>", 0, "\"\"", "b",
	    .want_kind = DOMAIN_NAME, .want_quoted = true },
	{ "<\"a\"@b>", 0, "\"a\"", "b",
	    .want_kind = DOMAIN_NAME, .want_quoted = true },
	{ "<\"a b\"@c>", 0, "\"a b\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\" \"@c>", 0, "\" \"", "c",
	    .want_kind = DOMAIN_NAME, .want_quoted = true },
	{ "<\"a@b\"@c>", 0, "\"a@b\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"a\\\"b\"@c>", 0, "\"a\\\"b\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"a\\\\\"@c>", 0, "\"a\\\\\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"\\a\"@c>", 0, "\"\\a\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"\\ \"@c>", 0, "\"\\ \"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"..\"@c>", 0, "\"..\"", "c",
	    .want_kind = DOMAIN_NAME, .want_quoted = true },
	{ "<\">\"@c>", 0, "\">\"", "c",
	    .want_kind = DOMAIN_NAME, .want_quoted = true },
	{ "<\"<a@b>\"@c>", 0, "\"<a@b>\"", "c", .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"()<>[]:,;@.\"@c>", 0, "\"()<>[]:,;@.\"", "c",
	    .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"" A60 "aa\"@b>", 0, "\"" A60 "aa\"", "b",
	    .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	{ "<\"postmaster\"@b>", 0, "\"postmaster\"", "b",
	    .want_kind = DOMAIN_NAME,
	    .want_quoted = true },
	/* literals */
	{ "<a@[1.2.3.4]>", 0, "a", "[1.2.3.4]", .want_kind = DOMAIN_IPV4 },
	{ "<a@[0.0.0.0]>", 0, "a", "[0.0.0.0]", .want_kind = DOMAIN_IPV4 },
	{ "<a@[255.255.255.255]>", 0, "a", "[255.255.255.255]",
	    .want_kind = DOMAIN_IPV4 },
	{ "<a@[001.02.3.000]>", 0, "a", "[001.02.3.000]",
	    .want_kind = DOMAIN_IPV4 },
	{ "<\"a b\"@[1.2.3.4]>", 0, "\"a b\"", "[1.2.3.4]",
	    .want_kind = DOMAIN_IPV4,
	    .want_quoted = true },
	{ "<a@[IPv6:1:2:3:4:5:6:7:8]>", 0, "a", "[IPv6:1:2:3:4:5:6:7:8]",
	    .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:0000:abcd:ABCD:0:ffff:1:01:001]>", 0, "a", NULL,
	    .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:::]>", 0, "a", "[IPv6:::]", .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:::1]>", 0, "a", "[IPv6:::1]", .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1::]>", 0, "a", "[IPv6:1::]", .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1::2]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[ipv6:2001:db8::1]>", 0, "a", "[ipv6:2001:db8::1]",
	    .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPV6:2001:DB8::1]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1:2:3:4:5:6::]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:::3:4:5:6:7:8]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1:2:3::7:8:9]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1:2:3:4:5:6:1.2.3.4]>", 0, "a", NULL,
	    .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:::1.2.3.4]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:::ffff:1.2.3.4]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1:2:3:4::1.2.3.4]>", 0, "a", NULL,
	    .want_kind = DOMAIN_IPV6 },
	{ "<a@[IPv6:1::4:1.2.3.4]>", 0, "a", NULL, .want_kind = DOMAIN_IPV6 },
	{ "<a@[x400:c=US;a=b]>", 0, "a", "[x400:c=US;a=b]",
	    .want_kind = DOMAIN_GENERAL },
	{ "<a@[x-4:!]>", 0, "a", "[x-4:!]", .want_kind = DOMAIN_GENERAL },
	{ "<a@[-4:^~]>", 0, "a", "[-4:^~]", .want_kind = DOMAIN_GENERAL },
	{ "<a@[x::]>", 0, "a", "[x::]", .want_kind = DOMAIN_GENERAL },
	{ "<a@[IPv4:1.2.3.4]>", 0, "a", NULL, .want_kind = DOMAIN_GENERAL },
	/* source routes */
	{ "<@a:b@c>", 0, "b", "c",
	    .want_kind = DOMAIN_NAME, .want_route = true },
	{ "<@a,@b.example:c@d>", 0, "c", "d", .want_kind = DOMAIN_NAME,
	    .want_route = true },
	{ "<@a,@b,@c,@d:e@[1.2.3.4]>", 0, "e", "[1.2.3.4]",
	    .want_kind = DOMAIN_IPV4,
	    .want_route = true },
	{ "<@a:b@[IPv6:::1]>", 0, "b", "[IPv6:::1]", .want_kind = DOMAIN_IPV6,
	    .want_route = true },
	{ "<@a:\"b:c\"@d>", 0, "\"b:c\"", "d", .want_kind = DOMAIN_NAME,
	    .want_route = true, .want_quoted = true },
	{ "<@a:sales>", PATH_BARE, "sales", "", .want_kind = DOMAIN_NONE,
	    .want_route = true },
	{ "<@b\xc3\xbc:a@b>", PATH_UTF8, "a", "b", .want_kind = DOMAIN_NAME,
	    .want_route = true },
	/* without domain */
	{ "<Postmaster>", PATH_POSTMASTER, "Postmaster", "",
	    .want_kind = DOMAIN_NONE },
	{ "<POSTMASTER>", PATH_POSTMASTER, "POSTMASTER", "",
	    .want_kind = DOMAIN_NONE },
	{ "<postmaster>", PATH_BARE, "postmaster", "",
	    .want_kind = DOMAIN_NONE },
	{ "<postmaster@b>", 0, "postmaster", "b", .want_kind = DOMAIN_NAME },
	{ "<sales>", PATH_BARE, "sales", "", .want_kind = DOMAIN_NONE },
	{ "<\"a b\">", PATH_BARE, "\"a b\"", "", .want_kind = DOMAIN_NONE,
	    .want_quoted = true },
	/* UTF-8 */
	{ "<\xc3\xa9@b>", PATH_UTF8, "\xc3\xa9", "b", .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a.\xc3\xa9.b@c>", PATH_UTF8, "a.\xc3\xa9.b", "c",
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<\"\xc3\xa9 x\"@b>", PATH_UTF8, "\"\xc3\xa9 x\"", "b",
	    .want_kind = DOMAIN_NAME, .want_utf8 = true, .want_quoted = true },
	{ "<\xf0\x9f\x98\x80@b>", PATH_UTF8, "\xf0\x9f\x98\x80", "b",
	    .want_kind = DOMAIN_NAME, .want_utf8 = true },
	{ "<a@b\xc3\xbc" "cher.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@B\xc3\x9c" "CHER.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@bu\xcc\x88" "cher.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<D\xc3\xb6rte@S\xc3\xb6rensen.example.com>", PATH_UTF8, NULL,
	    NULL, .want_kind = DOMAIN_NAME, .want_utf8 = true },
	{ "<\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90."
	    "\xe5\xb9\xbf\xe5\x91\x8a>", PATH_UTF8, NULL, NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@\xd7\x90\xd7\x91.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@fa\xc3\x9f.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@l\xc2\xb7l.example>", PATH_UTF8, "a", NULL,
	    .want_kind = DOMAIN_NAME,
	    .want_utf8 = true },
	{ "<a@b>", PATH_UTF8, "a", "b", .want_kind = DOMAIN_NAME },
};

static void
test_refused(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const char *error = NULL;
		struct path path = { .has_route = true };
		enum path_status got = path_parse(span_of(refusals[i].in),
		    refusals[i].flags, &path, &error);

		if (got == refusals[i].want && error != NULL &&
		    path.has_route && path.mailbox.local.ptr == NULL)
			continue;
		print_error("%s: got %d (%s), want %d and no result\n",
		    refusals[i].in, (int)got, error == NULL ? "-" : error,
		    (int)refusals[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static bool
is_as_wanted(const struct path *path, const struct acceptance *row)
{
	const struct mailbox *m = &path->mailbox;

	return path->is_null == row->want_null &&
	    path->has_route == row->want_route &&
	    m->is_quoted == row->want_quoted &&
	    m->is_utf8 == row->want_utf8 && m->kind == row->want_kind &&
	    (row->want_local == NULL ||
	    span_eq(m->local, span_of(row->want_local))) &&
	    (row->want_domain == NULL ||
	    span_eq(m->domain, span_of(row->want_domain)));
}

static void
test_accepted(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(acceptances); i++) {
		const struct acceptance *row = &acceptances[i];
		const char *error = NULL;
		struct path path;
		enum path_status got = path_parse(span_of(row->in),
		    row->flags, &path, &error);

		if (got == PATH_OK && is_as_wanted(&path, row))
			continue;
		if (got != PATH_OK)
			print_error("%s: got %d (%s), want %d\n", row->in,
			    (int)got, error, PATH_OK);
		else
			print_error("%s: got \"%.*s\" \"%.*s\" kind %d, "
			    "want \"%s\" \"%s\" kind %d\n", row->in,
			    SPAN_ARG(path.mailbox.local),
			    SPAN_ARG(path.mailbox.domain),
			    (int)path.mailbox.kind, row->want_local,
			    row->want_domain, (int)row->want_kind);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
test_nul_is_refused(void **state)
{
	static const char path_nul[] = "<a\0b@c>", host_nul[] = "<a@b\0c>";
	static const char quoted_nul[] = "<\"a\0b\"@c>";
	const char *error;
	struct path path;

	(void)state;
	assert_int_equal(path_parse((struct span){ path_nul, 7 }, ALL, &path,
	    &error), PATH_SYNTAX);
	assert_int_equal(path_parse((struct span){ host_nul, 7 }, ALL, &path,
	    &error), PATH_SYNTAX);
	assert_int_equal(path_parse((struct span){ quoted_nul, 9 }, ALL,
	    &path, &error), PATH_SYNTAX);
}

static const struct {
	const char *in;
	unsigned flags;
	const char *want;
} errors[] = {
	{ "<" A60 "aaaaa@b>", 0, "local part is longer than 64 octets" },
	{ "<a@" A63 "a>", 0, "domain label is longer than 63 octets" },
	{ "<" A60 "aaaa@" A63 "." A63 "." A60 "aa>", 0,
	    "path is longer than 256 octets" },
	{ "<a@b.>", 0, "domain ends with a dot" },
	{ "<a@b_c>", 0, "domain has a character that is not allowed" },
	{ "<a@-b>", 0, "domain label begins or ends with a hyphen" },
	{ "<a@b..c>", 0, "domain has an empty label" },
	{ "<a>", 0, "address has no domain" },
	{ "<>", 0, "path is empty" },
	{ "a@b", 0, "path is not in angle brackets" },
	{ "<a@[1.2.3]>", 0, "address literal is malformed" },
	{ "<\xc3\xa9@b>", 0, "address is not ASCII" },
	{ "<\xc3@b>", 0, "address is not UTF-8" },
};

static void
test_errors_say_what_is_wrong(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		const char *error = "";
		struct path path;

		assert_int_not_equal(path_parse(span_of(errors[i].in),
		    errors[i].flags, &path, &error), PATH_OK);
		if (strcmp(error, errors[i].want) == 0)
			continue;
		print_error("%s: got \"%s\", want \"%s\"\n", errors[i].in,
		    error, errors[i].want);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Without brackets the same holds, and 254 octets are the most. */
static void
test_mailbox_is_path_without_brackets(void **state)
{
	struct span most = SPAN(A60 "aaaa@" A63 "." A63 "." A60 "a");
	struct span more = SPAN(A60 "aaaa@" A63 "." A63 "." A60 "aa");
	struct mailbox mailbox;
	const char *error;

	(void)state;
	assert_int_equal(mailbox_parse(SPAN("<a@b>"), ALL, &mailbox, &error),
	    PATH_SYNTAX);
	assert_int_equal(mailbox_parse(SPAN(""), ALL, &mailbox, &error),
	    PATH_SYNTAX);
	assert_int_equal(mailbox_parse(SPAN("@a:b@c"), ALL, &mailbox, &error),
	    PATH_SYNTAX);
	assert_int_equal(mailbox_parse(more, ALL, &mailbox, &error),
	    PATH_SYNTAX);
	assert_int_equal(mailbox_parse(SPAN("\xc3\xa9@b"), 0, &mailbox,
	    &error), PATH_NEEDS_UTF8);
	assert_int_equal(mailbox_parse(most, 0, &mailbox, &error), PATH_OK);
	assert_int_equal(mailbox_parse(SPAN("a.b@c"), 0, &mailbox, &error),
	    PATH_OK);
	assert_true(span_eq(mailbox.whole, SPAN("a.b@c")));
	assert_true(span_eq(mailbox.local, SPAN("a.b")));
	assert_true(span_eq(mailbox.domain, SPAN("c")));
}

/* What was accepted is whole, and folding it twice is folding it once. */
static void
check_accepted(const struct mailbox *m, struct arena *arena)
{
	struct span once, twice;
	struct mailbox again;
	const char *error;

	assert_in_range(m->local.len, 1, 64);
	assert_in_range(m->whole.len, 1, 254);
	if (m->kind == DOMAIN_NONE)
		assert_int_equal(m->whole.len, m->local.len);
	else
		assert_int_equal(m->whole.len,
		    m->local.len + 1 + m->domain.len);
	assert_int_equal(mailbox_fold(m->local, m->domain, true, arena, &once),
	    0);
	if (m->kind == DOMAIN_NONE) {
		/* A name, and never what a mailbox looks like. */
		assert_int_not_equal(mailbox_parse(once, PATH_UTF8, &again,
		    &error), PATH_OK);
		return;
	}
	if (mailbox_parse(once, PATH_UTF8, &again, &error) != PATH_OK) {
		/* Only what grew in NFC or as A-labels. */
		assert_true(m->is_utf8);
		return;
	}
	assert_int_equal(mailbox_fold(again.local, again.domain, true, arena,
	    &twice), 0);
	assert_true(span_eq(once, twice));
}

static void
try_path(struct span s, void *context)
{
	struct arena *arena = context;
	struct mailbox mailbox;
	struct path path;
	const char *error = NULL;

	arena_reset(arena);
	if (path_parse(s, ALL, &path, &error) != PATH_OK)
		assert_non_null(error);
	else if (!path.is_null)
		check_accepted(&path.mailbox, arena);
	if (path_parse(s, 0, &path, &error) == PATH_OK)
		assert_false(span_has_8bit(s));
	if (mailbox_parse(s, ALL, &mailbox, &error) == PATH_OK)
		check_accepted(&mailbox, arena);
}

static void
test_near_misses(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);

	(void)state;
	assert_non_null(arena);
	for (size_t i = 0; i < COUNT(refusals); i++)
		mutate_all(span_of(refusals[i].in), try_path, arena);
	for (size_t i = 0; i < COUNT(acceptances); i++)
		mutate_all(span_of(acceptances[i].in), try_path, arena);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_is_refused),
		cmocka_unit_test(test_errors_say_what_is_wrong),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_mailbox_is_path_without_brackets),
		cmocka_unit_test(test_near_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
