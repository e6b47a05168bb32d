/*
 * test_rights - who may use which address.
 * Proves: D6.1, X1 (look-up order), X2 (one judge for all), D8.1 (kinds).
 */
#include "facts_fixture.h"

struct rights_case {
	const char *name;
	const char *login;
	const char *local, *domain;
	enum lookup want;
	enum right want_right;
};

static const struct fixture_row rows[] = {
	/* address -> identities */
	{ "logins", "sales@example.org", "alice, bob@example.org" },
	{ "logins", "sales+eu@example.org", "bob@example.org" },
	{ "logins", "typed@example.org", "sasl:alice@example.org" },
	{ "logins", "cert-only@example.org", "cert:alice@example.org" },
	{ "logins", "@shop.example", "carol@example.org" },
	{ "logins", "ceo@shop.example", "dave@example.org" },
	{ "logins", "@.lists.example", "bob@example.org" },
	{ "logins", "@.example", "erin@example.org" },
	{ "logins", "\"a b\"@example.org", "bob@example.org" },
	{ "logins", "info@xn--bcher-kva.example", "bob@example.org" },
	/* identity -> patterns */
	{ "aliases", "alice@example.org",
	    "a.smith@example.org,\n @Alias.Example  \"x, y\"@example.org" },
	{ "aliases", "sasl:frank@example.org", "@.Sub.Example.NET" },
	{ "aliases", "grace@example.org", "B\xc3\xbc" "cher@b\xc3\xbc" "cher.example" },
	{ "logins", "down@example.org", NULL },
	{ "aliases", "heidi@example.org", NULL },
	{ NULL, NULL, NULL },
};

static const struct rights_case cases[] = {
	/* refusals */
	{ "another person", "bob@example.org", "alice", "example.org",
	    LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "nobody", NULL, "alice", "example.org",
	    LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "domain that only begins alike", "alice@example.org", "alice",
	    "example.org.evil.example", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "domain that only ends alike", "alice@example.org", "alice",
	    "notexample.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "local part that only begins alike", "alice@example.org",
	    "alice2", "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "a dot is no delimiter here", "alice@example.org", "alice.x",
	    "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "extension of somebody else", "alice@example.org", "bob+alice",
	    "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "own name as extension only", "alice@example.org", "+alice",
	    "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "quoted plus is no extension", "alice@example.org",
	    "\"alice+x y\"", "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "the full address decides before the base", "alice@example.org",
	    "sales+eu", "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "the full address decides before the domain", "carol@example.org",
	    "ceo", "shop.example", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "the nearer parent decides", "erin@example.org", "x",
	    "a.lists.example", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "a parent row is not for the domain itself", "bob@example.org",
	    "x", "lists.example", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "an identity of another type", "alice@example.org", "cert-only",
	    "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "pattern of another identity", "bob@example.org", "a.smith",
	    "example.org", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "parent pattern is not the domain itself", "frank@example.org",
	    "x", "sub.example.net", LOOKUP_NOT_FOUND, RIGHT_NONE },
	{ "no domain at all", "alice@example.org", "alice", "",
	    LOOKUP_NOT_FOUND, RIGHT_NONE },
	/* failures */
	{ "a table that is down", "bob@example.org", "down", "example.org",
	    LOOKUP_FAILED, RIGHT_NONE },
	{ "the other table is down", "heidi@example.org", "x", "example.org",
	    LOOKUP_FAILED, RIGHT_NONE },
	/* allowed */
	{ "self", "alice@example.org", "alice", "example.org",
	    LOOKUP_FOUND, RIGHT_OWN },
	{ "self, other case", "Alice@Example.ORG", "aLICE", "eXAMPLE.org",
	    LOOKUP_FOUND, RIGHT_OWN },
	{ "self, quoted without need", "alice@example.org", "\"alice\"",
	    "example.org", LOOKUP_FOUND, RIGHT_OWN },
	{ "self with extension", "alice@example.org", "alice+news",
	    "example.org", LOOKUP_FOUND, RIGHT_OWN },
	{ "self needs no table", "down@example.org", "down", "example.org",
	    LOOKUP_FOUND, RIGHT_OWN },
	{ "listed identity", "bob@example.org", "sales", "example.org",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "base of an extension", "bob@example.org", "sales+us",
	    "example.org", LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "full address with extension", "bob@example.org", "sales+eu",
	    "example.org", LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "typed identity", "alice@example.org", "typed", "example.org",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "whole domain", "carol@example.org", "anybody", "Shop.Example",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "parent domain", "bob@example.org", "x", "a.lists.example",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "parent of parent", "bob@example.org", "x", "b.a.lists.example",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "farthest parent", "erin@example.org", "x", "other.example",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "quoted local part", "bob@example.org", "\"a b\"", "example.org",
	    LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "U-label for an A-label", "bob@example.org", "info",
	    "B\xc3\xbc" "cher.example", LOOKUP_FOUND, RIGHT_ACTS_FOR },
	{ "pattern", "alice@example.org", "A.Smith", "example.org",
	    LOOKUP_FOUND, RIGHT_OWN },
	{ "pattern for a domain", "alice@example.org", "x", "alias.example",
	    LOOKUP_FOUND, RIGHT_OWN },
	{ "pattern with a comma", "alice@example.org", "\"x, y\"",
	    "example.org", LOOKUP_FOUND, RIGHT_OWN },
	{ "pattern for a parent, typed row", "frank@example.org", "x",
	    "a.sub.example.net", LOOKUP_FOUND, RIGHT_OWN },
	{ "UTF-8 pattern, decomposed address", "grace@example.org",
	    "bu\xcc\x88" "cher", "xn--bcher-kva.example",
	    LOOKUP_FOUND, RIGHT_OWN },
};

static void
use_tables(struct fixture *f, struct rights_table tables[2])
{
	tables[0] = (struct rights_table){ fixture_table("logins"), false,
		RIGHT_ACTS_FOR };
	tables[1] = (struct rights_table){ fixture_table("aliases"), true,
		RIGHT_OWN };
	f->rights.tables = tables;
	f->rights.table_count = 2;
	f->rights.identity.realm = "example.org";
	fixture_tables(f, rows);
}

static void
test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rights_case *c = &cases[i];
		struct rights_table tables[2];
		struct rights_source source;
		struct fixture f;
		enum right right = RIGHT_NONE;
		const char *error = NULL;
		enum lookup got;

		fixture_setup(&f);
		use_tables(&f, tables);
		fixture_login(&f, c->login);
		got = rights_check(&f.rights, &f.facts.resolver,
		    &f.facts.identity, span_of(c->local),
		    span_of(c->domain), &right, &source, &error);
		if (got != c->want || right != c->want_right)
			fail_msg("%s: got %d right %d, want %d right %d",
			    c->name, got, right, c->want, c->want_right);
		if (got == LOOKUP_FAILED)
			assert_non_null(error);
		fixture_teardown(&f);
	}
}

static void
test_self_off(void **state)
{
	struct fixture f;
	enum right right = RIGHT_OWN;
	struct rights_source source;
	const char *error;

	(void)state;
	fixture_setup(&f);
	f.rights.self = false;
	assert_int_equal(rights_check(&f.rights, &f.facts.resolver,
	    &f.facts.identity, SPAN("alice"), SPAN("example.org"), &right,
	    &source, &error), LOOKUP_NOT_FOUND);
	assert_int_equal(right, RIGHT_NONE);
	fixture_teardown(&f);
}

/* A login without realm and one with another name must not be the same. */
static void
test_realm(void **state)
{
	static const struct {
		const char *realm, *login, *want;
	} logins[] = {
		{ "", "alice", "sasl:alice" },
		{ "example.org", "alice", "sasl:alice@example.org" },
		{ "example.org", "Alice@EXAMPLE.net", "sasl:alice@example.net" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		struct fixture f;

		fixture_setup(&f);
		f.rights.identity.realm = logins[i].realm;
		fixture_login(&f, logins[i].login);
		if (!span_eq(f.facts.identity.name, span_of(logins[i].want)))
			fail_msg("%s: got %.*s, want %s", logins[i].login,
			    SPAN_ARG(f.facts.identity.name), logins[i].want);
		fixture_teardown(&f);
	}
}

static void
test_primary(void **state)
{
	static const struct fixture_row primaries[] = {
		{ "primary", "printer", "printers@example.org" },
		{ "primary", "broken", "no address" },
		{ "primary", "down", NULL },
		{ NULL, NULL, NULL },
	};
	static const struct {
		const char *login;
		enum lookup want;
		const char *want_address;
	} logins[] = {
		{ NULL, LOOKUP_NOT_FOUND, "" },
		{ "plain", LOOKUP_NOT_FOUND, "" },
		{ "user@host", LOOKUP_NOT_FOUND, "" },
		{ "broken", LOOKUP_FAILED, "" },
		{ "down", LOOKUP_FAILED, "" },
		{ "printer", LOOKUP_FOUND, "printers@example.org" },
		{ "Alice@Example.org", LOOKUP_FOUND, "alice@example.org" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		struct fixture f;
		struct span address = { NULL, 0 };
		const char *error = NULL;
		enum lookup got;

		fixture_setup(&f);
		f.rights.primary = fixture_table("primary");
		fixture_tables(&f, primaries);
		fixture_login(&f, logins[i].login);
		got = rights_primary(&f.rights, &f.facts.resolver,
		    &f.facts.identity, &address, &error);
		if (got != logins[i].want ||
		    !span_eq(address, span_of(logins[i].want_address)))
			fail_msg("row %zu: got %d %.*s, want %d %s", i, got,
			    SPAN_ARG(address), logins[i].want,
			    logins[i].want_address);
		fixture_teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_self_off),
		cmocka_unit_test(test_realm),
		cmocka_unit_test(test_primary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
