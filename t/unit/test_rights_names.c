/*
 * test_rights_names - one address in several spellings, and others that only
 * look like it.
 * Proves: X1 (comparison after NFC, A-labels, U-labels and case folding),
 * D6.1 and X2 (look-alikes fail).
 */
#include "facts_fixture.h"

#define ZWSP "\xe2\x80\x8b"		/* zero width space */
#define ZWNJ "\xe2\x80\x8c"
#define ZWJ "\xe2\x80\x8d"
#define BOM "\xef\xbb\xbf"
#define SHY "\xc2\xad"			/* soft hyphen */
#define RLO "\xe2\x80\xae"		/* right-to-left override */
#define NBSP "\xc2\xa0"
#define CYR_A "\xd0\xb0"
#define CYR_E "\xd0\xb5"
#define CYR_O "\xd0\xbe"
#define GREEK_O "\xce\xbf"
#define WIDE_A "\xef\xbd\x81"
#define WIDE_AT "\xef\xbc\xa0"
#define WIDE_DOT "\xef\xbc\x8e"
#define CJK_DOT "\xe3\x80\x82"
#define E_ACUTE "\xc3\xa9"
#define ACUTE "\xcc\x81"
#define U_UMLAUT "\xc3\xbc"
#define U_UMLAUT_BIG "\xc3\x9c"
#define UMLAUT "\xcc\x88"
#define SHARP_S "\xc3\x9f"
#define KELVIN "\xe2\x84\xaa"

/* Folded, as a table holds them. */
static const struct fixture_row rows[] = {
	{ "logins", "ren" E_ACUTE "@example.org", "alice@example.org" },
	{ "logins", "@xn--bcher-kva.example", "alice@example.org" },
	{ "logins", "info@fass.example", "alice@example.org" },
	{ "logins", "strasse@example.org", "alice@example.org" },
	{ "logins", "mike@example.org", "alice@example.org" },
	{ "logins", "office@example.org", "alice@example.org" },
	{ "logins", "\"a b\"@example.org", "alice@example.org" },
	{ "logins", "\"a\\\\b\"@example.org", "alice@example.org" },
	{ "logins", "\"\"@example.org", "alice@example.org" },
	{ "logins", "\xce\xba\xcf\x8c\xcf\x83\xce\xbc\xce\xbf\xcf\x83"
	    "@example.org", "alice@example.org" },	/* kosmos */
	{ "logins", "\xe7\x94\xa8\xe6\x88\xb7@xn--fsqu00a.example",
	    "alice@example.org" },
	{ "logins", "@[ipv6:2001:db8::1]", "alice@example.org" },
	{ NULL, NULL, NULL },
};

struct name_case {
	const char *name;
	const char *local, *domain;
};

/* alice@example.org may use none of these. */
static const struct name_case others[] = {
	{ "Cyrillic a", CYR_A "lice", "example.org" },
	{ "Cyrillic e in the local part", "alic" CYR_E, "example.org" },
	{ "Cyrillic e in the domain", "alice", CYR_E "xample.org" },
	{ "Cyrillic o in the last label", "alice", "example." CYR_O "rg" },
	{ "Greek omicron in the last label", "alice",
	    "example." GREEK_O "rg" },
	{ "homograph as A-label", "alice", "xn--xample-2of.org" },
	{ "A-label of nothing", "alice", "xn--example-.org" },
	{ "fullwidth a", WIDE_A "lice", "example.org" },
	{ "fullwidth letter in the domain", "alice",
	    "ex" WIDE_A "mple.org" },
	{ "fullwidth dot in the domain", "alice", "example" WIDE_DOT "org" },
	{ "ideographic full stop", "alice", "example" CJK_DOT "org" },
	{ "fullwidth at sign", "alice" WIDE_AT "example.org",
	    "evil.example" },
	{ "zero width space within", "al" ZWSP "ice", "example.org" },
	{ "zero width space before", ZWSP "alice", "example.org" },
	{ "zero width space behind", "alice" ZWSP, "example.org" },
	{ "zero width space in the domain", "alice", "exam" ZWSP "ple.org" },
	{ "zero width joiner", "al" ZWJ "ice", "example.org" },
	{ "zero width non-joiner", "al" ZWNJ "ice", "example.org" },
	{ "joiner in the domain", "alice", "exam" ZWJ "ple.org" },
	{ "byte order mark", BOM "alice", "example.org" },
	{ "soft hyphen", "al" SHY "ice", "example.org" },
	{ "soft hyphen in the domain", "alice", "exam" SHY "ple.org" },
	{ "right-to-left override", RLO "alice", "example.org" },
	{ "blank that does not break", "alice" NBSP, "example.org" },
	{ "combining mark behind", "alice" ACUTE, "example.org" },
	{ "dotless i", "al\xc4\xb1" "ce", "example.org" },
	{ "capital I with dot", "AL\xc4\xb0" "CE", "example.org" },
	{ "one for i", "al1ce", "example.org" },
	{ "ligature for two letters", "o\xef\xac\x83" "ce", "example.org" },
	{ "sharp s for ss", "stra" SHARP_S "e", "example.org" },
	{ "sharp s for ss in the domain", "info", "fa" SHARP_S ".example" },
	{ "no accent", "rene", "example.org" },
	{ "the other accent", "ren\xc3\xa8", "example.org" },
	{ "two accents", "ren" E_ACUTE ACUTE, "example.org" },
	{ "octets that are no UTF-8", "ren\xe9", "example.org" },
	{ "no umlaut in the domain", "info", "bucher.example" },
	{ "simplified for another character",
	    "\xe7\x94\xa8\xe6\x88\xb6", "xn--fsqu00a.example" },
	{ "domain that goes on", "alice", "example.org.evil.example" },
	{ "domain with a hyphen more", "alice", "example-org.example" },
	{ "subdomain", "alice", "mail.example.org" },
	{ "parent of the domain", "alice", "org" },
	{ "domain without its dot", "alice", "exampleorg" },
	{ "dot at the end of the domain", "alice", "example.org." },
	{ "dot at the begin of the domain", "alice", ".example.org" },
	{ "two dots in the domain", "alice", "example..org" },
	{ "dot at the end of the local part", "alice.", "example.org" },
	{ "dot at the begin of the local part", ".alice", "example.org" },
	{ "dot within", "al.ice", "example.org" },
	{ "percent hack", "alice%example.org", "evil.example" },
	{ "percent hack at our own domain", "bob%evil.example",
	    "example.org" },
	{ "percent hack before her name", "evil.example%alice",
	    "example.org" },
	{ "bang path", "example.org!alice", "evil.example" },
	{ "bang path to her", "evil.example!alice", "example.org" },
	{ "her address in quotes", "\"alice@example.org\"",
	    "evil.example" },
	{ "another address in quotes", "\"bob@evil.example\"",
	    "example.org" },
	{ "her address and a comment", "alice(x)", "example.org" },
	{ "comment in the domain", "alice", "example.org(x)" },
	{ "source route in the local part", "@evil.example:alice",
	    "example.org" },
	{ "blank behind, in quotes", "\"alice \"", "example.org" },
	{ "blank before, in quotes", "\" alice\"", "example.org" },
	{ "tab, in quotes", "\"alice\t\"", "example.org" },
	{ "quotes within quotes", "\"\\\"alice\\\"\"", "example.org" },
	{ "quotes that do not close", "\"alice", "example.org" },
	{ "two blanks for one", "\"a  b\"", "example.org" },
	{ "no blank for one", "ab", "example.org" },
	{ "backslash and blank", "\"a\\\\ b\"", "example.org" },
	{ "plus in quotes is no delimiter", "\"alice+ \"", "example.org" },
	{ "delimiter first", "+alice", "example.org" },
	{ "extension before", "x+alice", "example.org" },
	{ "minus is no delimiter here", "alice-x", "example.org" },
	{ "fullwidth plus", "alice\xef\xbc\x8bx", "example.org" },
	{ "address literal", "alice", "[192.0.2.1]" },
	{ "another IPv6 literal", "alice", "[IPv6:2001:db8::2]" },
	{ "IPv6 literal without its tag", "alice", "[2001:db8::1]" },
	{ "no local part", "", "example.net" },
};

/* alice@example.org may use all of these. */
static const struct name_case same[] = {
	{ "capitals", "ALICE", "EXAMPLE.ORG" },
	{ "quotes without need", "\"alice\"", "example.org" },
	{ "backslashes without need", "\"\\a\\l\\i\\c\\e\"",
	    "example.org" },
	{ "quotes and an extension", "\"alice+news\"", "example.org" },
	{ "delimiter and nothing behind", "alice+", "example.org" },
	{ "two delimiters", "alice+a+b", "example.org" },
	{ "extension beyond ASCII", "alice+" U_UMLAUT, "example.org" },
	{ "quoted blank", "\"a b\"", "example.org" },
	{ "quoted blank, backslash too", "\"a\\ b\"", "example.org" },
	{ "quoted backslash", "\"a\\\\b\"", "example.org" },
	{ "empty local part in quotes", "\"\"", "example.org" },
	{ "UTF-8 local part", "ren" E_ACUTE, "example.org" },
	{ "the same decomposed", "rene" ACUTE, "example.org" },
	{ "the same in capitals", "REN\xc3\x89", "example.org" },
	{ "capitals, decomposed", "RENE" ACUTE, "EXAMPLE.org" },
	{ "the same with an extension", "Ren" E_ACUTE "+x",
	    "example.org" },
	{ "Kelvin sign, which is the letter K", "mi" KELVIN "e",
	    "example.org" },
	{ "final sigma", "\xce\xba\xcf\x8c\xcf\x83\xce\xbc\xce\xbf"
	    "\xcf\x82", "example.org" },
	{ "U-label", "info", "b" U_UMLAUT "cher.example" },
	{ "U-label decomposed", "info", "bu" UMLAUT "cher.example" },
	{ "U-label in capitals", "info", "B" U_UMLAUT_BIG "CHER.Example" },
	{ "A-label in capitals", "info", "XN--BCHER-KVA.example" },
	{ "Chinese local part, U-label",
	    "\xe7\x94\xa8\xe6\x88\xb7", "\xe4\xbe\x8b\xe5\xad\x90.example" },
	{ "Chinese local part, A-label",
	    "\xe7\x94\xa8\xe6\x88\xb7", "XN--fsqu00a.example" },
	{ "IPv6 literal in another case", "root", "[IPv6:2001:DB8::1]" },
};

/* alice@example.org: local parts are what they are, domains fold. */
static const struct name_case same_kept[] = {
	{ "to the letter", "alice", "example.org" },
	{ "domain in capitals", "alice", "EXAMPLE.ORG" },
	{ "extension in capitals", "alice+NEWS", "example.org" },
	{ "decomposed", "rene" ACUTE, "example.org" },
};

static const struct name_case others_kept[] = {
	{ "capital", "Alice", "example.org" },
	{ "capitals", "ALICE", "EXAMPLE.ORG" },
	{ "capital beyond ASCII", "ren\xc3\x89", "example.org" },
	{ "Kelvin sign", "mi" KELVIN "e", "example.org" },
};

static void
check(const struct name_case *cases, size_t n, bool is_folded,
    enum lookup want)
{
	for (size_t i = 0; i < n; i++) {
		struct rights_table table = { fixture_table("logins"), false,
			RIGHT_ACTS_FOR };
		struct rights_source source;
		struct fixture f;
		enum right right;
		const char *error = NULL;
		enum lookup got;

		fixture_setup(&f);
		f.rights.tables = &table;
		f.rights.table_count = 1;
		f.rights.fold_local_part = is_folded;
		f.rights.identity.fold_case = is_folded;
		fixture_tables(&f, rows);
		fixture_login(&f, "alice@example.org");
		got = rights_check(&f.rights, &f.facts.resolver,
		    &f.facts.identity, span_of(cases[i].local),
		    span_of(cases[i].domain), &right, &source, &error);
		if (got != want)
			fail_msg("%s: got %d, want %d", cases[i].name, got,
			    want);
		fixture_teardown(&f);
	}
}

#define CHECK(cases, is_folded, want) \
	check(cases, sizeof(cases) / sizeof(cases[0]), is_folded, want)

static void
test_others(void **state)
{
	(void)state;
	CHECK(others, true, LOOKUP_NOT_FOUND);
}

static void
test_same(void **state)
{
	(void)state;
	CHECK(same, true, LOOKUP_FOUND);
}

static void
test_case_kept(void **state)
{
	(void)state;
	CHECK(others_kept, false, LOOKUP_NOT_FOUND);
	CHECK(same_kept, false, LOOKUP_FOUND);
}

/* Logins are compared as local parts and domains are. */
static void
test_logins(void **state)
{
	static const struct {
		const char *login;
		bool is_folded;
		enum lookup want;
	} logins[] = {
		{ "alice@example.org.evil.example", true, LOOKUP_NOT_FOUND },
		{ CYR_A "lice@example.org", true, LOOKUP_NOT_FOUND },
		{ "alice" ZWSP "@example.org", true, LOOKUP_NOT_FOUND },
		{ "alice@" CYR_E "xample.org", true, LOOKUP_NOT_FOUND },
		{ "alice@example.org@evil.example", true, LOOKUP_NOT_FOUND },
		{ "evil@alice@example.org", true, LOOKUP_NOT_FOUND },
		{ " alice@example.org", true, LOOKUP_NOT_FOUND },
		{ "alice@example.org ", true, LOOKUP_NOT_FOUND },
		{ "alice", true, LOOKUP_NOT_FOUND },
		{ "Alice@example.org", false, LOOKUP_NOT_FOUND },
		{ "Alice@Example.Org", true, LOOKUP_FOUND },
		{ "alice@EXAMPLE.org", false, LOOKUP_FOUND },
		{ "\"alice\"@example.org", true, LOOKUP_FOUND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		struct rights_source source;
		struct fixture f;
		enum right right;
		const char *error = NULL;
		enum lookup got;

		fixture_setup(&f);
		f.rights.identity.fold_case = logins[i].is_folded;
		fixture_login(&f, logins[i].login);
		got = rights_check(&f.rights, &f.facts.resolver,
		    &f.facts.identity, SPAN("alice"), SPAN("example.org"),
		    &right, &source, &error);
		if (got != logins[i].want)
			fail_msg("%s: got %d, want %d", logins[i].login, got,
			    logins[i].want);
		fixture_teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_case_kept),
		cmocka_unit_test(test_logins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
