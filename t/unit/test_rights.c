/*
 * test_rights - who may use which address.
 * Proves: D6.1, X1 (look-up order, groups, types, bare users, kinds of table),
 * X2 (one judge for all), D8.1 (kinds of right), D3.3 (types do not collide).
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

/* --- delimiters, groups, types, bare users, kinds of table ---------------- */

static const struct fixture_row site_rows[] = {
	{ "logins", "team@example.org", "group:staff" },
	{ "logins", "help@example.org", "bob@example.org, group:Staff" },
	{ "logins", "all@example.org", "*" },
	{ "logins", "print@example.org", "net:printers, cert:Scanner" },
	{ "logins", "pop@example.org", "client:carol@example.org" },
	{ "logins", "carol@example.org", "carol@example.org" },
	{ "logins", "odd@example.org", "nte:printers" },
	{ "logins", "quoted@example.org", "sasl:group:staff" },
	{ "logins", "info", "alice@example.org" },
	{ "logins", "info+eu", "bob@example.org" },
	{ "logins", "welcome", "alice@example.org" },
	{ "logins", "info@example.org", "carol@example.org" },
	{ "logins", "@example.org", "dave@example.org" },
	{ "logins", "@[192.0.2.1]", "dave@example.org" },
	{ "logins", "@.[192.0.2.1]", "alice@example.org" },
	{ "aliases", "group:staff", "desk@example.org @.staff.example" },
	{ "aliases", "net:printers", "paper@example.org" },
	{ "aliases", "cert:scanner", "scan@example.org" },
	{ "aliases", "scanner", "login@example.org" },
	{ "aliases", "cert:erin@example.org", "erin2@example.org" },
	{ "aliases", "frank", "f@example.org sales" },
	{ "aliases", "sasl:grace@example.org", "typed@example.org" },
	{ "aliases", "grace@example.org", "plain@example.org" },
	{ "aliases", "dave@example.org", "@example.org, @[192.0.2.1]" },
	{ NULL, NULL, NULL },
};

struct site_case {
	const char *name;
	enum identity_route route;
	const char *who;
	const char *group;	/* that it is in; or NULL */
	const char *local, *domain;
	enum right want;
	const char *delimiters;	/* NULL: "+" */
	bool is_bare;		/* rights.bare_domains has example.org */
	enum table_keys keys;
};

#define ORG "example.org"
#define ALICE ROUTE_SASL, "alice@" ORG
#define BOB ROUTE_SASL, "bob@" ORG
#define DAVE ROUTE_SASL, "dave@" ORG
#define NONE RIGHT_NONE
#define ACTS RIGHT_ACTS_FOR
#define OWN RIGHT_OWN

static const struct site_case site_cases[] = {
	/* delimiters */
	{ "no delimiter at all", ALICE, NULL, "alice+x", ORG, NONE, "" },
	{ "minus, where plus is one", ALICE, NULL, "alice-x", ORG, NONE },
	{ "plus, where minus is one", ALICE, NULL, "alice+x", ORG, NONE,
	    "-" },
	{ "the first of several counts", ALICE, NULL, "a+alice-x", ORG, NONE,
	    "+-" },
	{ "dot, to somebody else", ALICE, NULL, "bob.alice", ORG, NONE,
	    "." },
	{ "minus", ALICE, NULL, "alice-x", ORG, OWN, "-" },
	{ "dot", ALICE, NULL, "alice.x", ORG, OWN, "+." },
	{ "plus before dot", ALICE, NULL, "alice+x.y", ORG, OWN, "+." },
	{ "dot before plus", ALICE, NULL, "alice.y+x", ORG, OWN, "+." },
	{ "extension of a table's address", BOB, NULL, "help-x", ORG, ACTS,
	    "-" },
	/* groups, as rows name them and as rows are named by them */
	{ "not in the group", ALICE, NULL, "team", ORG, NONE },
	{ "in another group", ALICE, "admins", "team", ORG, NONE },
	{ "group that only begins alike", ALICE, "staffs", "team", ORG,
	    NONE },
	{ "not in the group, by identity", ALICE, NULL, "desk", ORG, NONE },
	{ "group's row for another address", ALICE, "staff", "desk2", ORG,
	    NONE },
	{ "group", ALICE, "staff", "team", ORG, ACTS },
	{ "group with an extension", ALICE, "staff", "team+x", ORG, ACTS },
	{ "group, case", ALICE, "staff", "help", ORG, ACTS },
	{ "name beside the group", BOB, NULL, "help", ORG, ACTS },
	{ "group by identity", ALICE, "staff", "desk", ORG, OWN },
	{ "group by identity, parent", ALICE, "staff", "x",
	    "a.staff.example", OWN },
	{ "a network in a group", ROUTE_NET, "office", "staff", "team", ORG,
	    ACTS },
	{ "a login that spells the group", ROUTE_SASL, "group:staff", NULL,
	    "team", ORG, NONE },
	{ "the same, by identity", ROUTE_SASL, "group:staff", NULL, "desk",
	    ORG, NONE },
	{ "the same, with a domain", ROUTE_SASL, "group:staff@" ORG, NULL,
	    "desk", ORG, NONE },
	{ "that login, by its type", ROUTE_SASL, "group:staff", NULL,
	    "quoted", ORG, ACTS },
	/* types */
	{ "login of a network's name", ROUTE_SASL, "printers", NULL,
	    "print", ORG, NONE },
	{ "network of another name", ROUTE_NET, "printers2", NULL, "print",
	    ORG, NONE },
	{ "certificate of a network's name", ROUTE_CERT, "printers", NULL,
	    "print", ORG, NONE },
	{ "client of a login's name", ROUTE_CLIENT, "carol@" ORG, NULL,
	    "info", ORG, NONE },
	{ "login of a client's name", ROUTE_SASL, "carol@" ORG, NULL,
	    "pop", ORG, NONE },
	{ "a type that there is not", ROUTE_NET, "printers", NULL, "odd",
	    ORG, NONE },
	{ "a login that spells a network", ROUTE_SASL, "net:printers", NULL,
	    "paper", ORG, NONE },
	{ "a login that spells a certificate", ROUTE_SASL, "cert:scanner",
	    NULL, "scan", ORG, NONE },
	{ "row without type is no certificate's", ROUTE_CERT, "scanner",
	    NULL, "login", ORG, NONE },
	{ "login of a certificate's name", ROUTE_SASL, "erin@" ORG, NULL,
	    "erin2", ORG, NONE },
	{ "network", ROUTE_NET, "printers", NULL, "print", ORG, ACTS },
	{ "network, by identity", ROUTE_NET, "printers", NULL, "paper", ORG,
	    OWN },
	{ "certificate, case", ROUTE_CERT, "SCANNER", NULL, "print", ORG,
	    ACTS },
	{ "certificate, by identity", ROUTE_CERT, "scanner", NULL, "scan",
	    ORG, OWN },
	{ "client", ROUTE_CLIENT, "carol@" ORG, NULL, "pop", ORG, ACTS },
	{ "certificate that names an address", ROUTE_CERT, "erin@" ORG, NULL,
	    "erin", ORG, OWN },
	{ "network that names an address", ROUTE_NET, "lp@" ORG, NULL,
	    "lp+1", ORG, OWN },
	{ "everybody", ROUTE_NET, "office", NULL, "all", ORG, ACTS },
	{ "typed row before the plain one", ROUTE_SASL, "grace@" ORG, NULL,
	    "typed", ORG, OWN },
	{ "plain row behind a typed one", ROUTE_SASL, "grace@" ORG, NULL,
	    "plain", ORG, NONE },
	{ "row without the realm", ROUTE_SASL, "frank@" ORG, NULL, "f", ORG,
	    OWN },
	{ "row without another realm", ROUTE_SASL, "frank@example.net",
	    NULL, "f", ORG, NONE },
	/* bare users */
	{ "bare user, not there", ALICE, NULL, "info", "example.net", NONE,
	    NULL, true },
	{ "bare user, not asked for", ALICE, NULL, "info", ORG, NONE },
	{ "the whole address decides first", ALICE, NULL, "info", ORG, NONE,
	    NULL, true },
	{ "bare user with extension decides", ALICE, NULL, "info+eu",
	    "example.net", NONE, NULL, true },
	{ "bare pattern, not there", ROUTE_SASL, "frank@" ORG, NULL,
	    "sales", "example.net", NONE, NULL, true },
	{ "bare pattern, not asked for", ROUTE_SASL, "frank@" ORG, NULL,
	    "sales", ORG, NONE },
	{ "bare user", ALICE, NULL, "Welcome", ORG, ACTS, NULL, true },
	{ "bare user, extension", ALICE, NULL, "welcome+x", ORG, ACTS, NULL,
	    true },
	{ "bare pattern", ROUTE_SASL, "frank@" ORG, NULL, "sales", ORG, OWN,
	    NULL, true },
	{ "bare pattern, extension", ROUTE_SASL, "frank@" ORG, NULL,
	    "Sales+x", ORG, OWN, NULL, true },
	/* domains and literals */
	{ "another literal", DAVE, NULL, "x", "[192.0.2.2]", NONE },
	{ "a literal has no parents", ALICE, NULL, "x", "[192.0.2.1]",
	    NONE },
	{ "literal", DAVE, NULL, "x", "[192.0.2.1]", OWN },
	{ "domain from both tables: own wins", DAVE, NULL, "x", ORG, OWN },
	{ "a row takes the address from the domain", BOB, NULL, "all+x",
	    ORG, ACTS },
	/* kinds of table */
	{ "patterns see no extension cut off", ROUTE_NET, "printers", NULL,
	    "print+x", ORG, NONE, NULL, false, TABLE_KEYS_WHOLE },
	{ "patterns see no bare user", ALICE, NULL, "info", "example.net",
	    NONE, NULL, true, TABLE_KEYS_WHOLE },
	{ "networks see no address", ROUTE_NET, "printers", NULL, "print",
	    ORG, NONE, NULL, false, TABLE_KEYS_IP },
	{ "patterns see the whole address", ROUTE_NET, "printers", NULL,
	    "print", ORG, ACTS, NULL, false, TABLE_KEYS_WHOLE },
	{ "self needs no table", ALICE, NULL, "alice+x", ORG, OWN, NULL,
	    false, TABLE_KEYS_WHOLE },
};

static enum table_keys kind_of_keys;

static enum table_keys
keys_of(const struct table *table)
{
	(void)table;
	return kind_of_keys;
}

static void
check_site(const struct site_case *c)
{
	static const char *bare[] = { ORG };
	struct rights_table tables[2] = {
		{ fixture_table("logins"), false, RIGHT_ACTS_FOR },
		{ fixture_table("aliases"), true, RIGHT_OWN },
	};
	struct span group = span_of(c->group);
	struct rights_source source;
	const char *error = NULL;
	enum right right = RIGHT_NONE;
	struct fixture f;
	enum lookup got;

	fixture_setup(&f);
	fixture_tables(&f, site_rows);
	kind_of_keys = c->keys;
	f.facts.resolver.keys = keys_of;
	f.rights.tables = tables;
	f.rights.table_count = 2;
	f.rights.delimiters = c->delimiters == NULL ? "+" : c->delimiters;
	f.rights.bare_domains = bare;
	f.rights.bare_domain_count = c->is_bare ? 1 : 0;
	assert_int_equal(identity_make(c->route, span_of(c->who),
	    &f.rights.identity, f.arena, &f.facts.identity), 0);
	/* Only those rows know of the realm that are about it. */
	f.rights.identity.realm = strncmp(c->who, "frank@", 6) == 0 ? ORG :
	    "";
	f.facts.identity.groups = &group;
	f.facts.identity.group_count = c->group == NULL ? 0 : 1;
	got = rights_check(&f.rights, &f.facts.resolver, &f.facts.identity,
	    span_of(c->local), span_of(c->domain), &right, &source, &error);
	if (right != c->want || (got == LOOKUP_FOUND) != (c->want != NONE) ||
	    got == LOOKUP_FAILED)
		fail_msg("%s: got %d right %d, want right %d", c->name, got,
		    right, c->want);
	fixture_teardown(&f);
}

static void
test_site(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(site_cases) / sizeof(site_cases[0]);
	    i++)
		check_site(&site_cases[i]);
}

/* A right that a group might give is neither there nor not. */
static void
test_unknown_groups(void **state)
{
	static const struct {
		const char *local;
		enum lookup want;
	} addresses[] = {
		{ "team", LOOKUP_FAILED },
		{ "desk", LOOKUP_FAILED },
		{ "nobody", LOOKUP_FAILED },
		{ "all", LOOKUP_FAILED },	/* might be hers by a group */
		{ "alice", LOOKUP_FOUND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]);
	    i++) {
		struct rights_table tables[2];
		struct rights_source source;
		struct fixture f;
		enum right right;
		const char *error = NULL;
		enum lookup got;

		fixture_setup(&f);
		use_tables(&f, tables);
		fixture_tables(&f, site_rows);
		f.facts.identity.groups_error = "table is down";
		got = rights_check(&f.rights, &f.facts.resolver,
		    &f.facts.identity, span_of(addresses[i].local),
		    SPAN(ORG), &right, &source, &error);
		if (got != addresses[i].want || (got == LOOKUP_FAILED &&
		    strcmp(error, "table is down") != 0))
			fail_msg("%s: got %d, want %d", addresses[i].local,
			    got, addresses[i].want);
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
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_unknown_groups),
		cmocka_unit_test(test_self_off),
		cmocka_unit_test(test_realm),
		cmocka_unit_test(test_primary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
