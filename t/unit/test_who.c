/*
 * test_who - who submits, and what holds for that one.
 * Proves: X8, D3.3 (five routes, their order and types), A3 (accounts),
 * X3 (overrides of rules), X1 (groups).
 */
#include "facts_fixture.h"

#include "policy/who.h"

static const struct fixture_row rows[] = {
	{ "certs", "alice@example.org", "alice@example.org" },
	{ "certs", "aa:bb:cc", "printer" },
	{ "clients", "192.0.2.7", "carol@example.org 1795252800" },
	{ "clients", "192.0.2.8", "carol@example.org" },
	{ "clients", "192.0.2.9", "carol@example.org yesterday" },
	{ "clients", "192.0.2.66", NULL },
	{ "networks", "192.0.2.7", "office" },
	{ "networks", "192.0.2.50", "printers@example.org" },
	{ "networks", "192.0.2.51", " " },
	{ "networks", "192.0.2.66", "office" },
	{ "here", "127.0.0.1", "here" },
	{ "groups", "sasl:alice@example.org", "Staff, admins" },
	{ "groups", "net:office", "machines" },
	{ "groups", "down", NULL },
	{ "accounts", "alice@example.org", "active" },
	{ "accounts", "bob@example.org", "Suspended  Your bill is unpaid" },
	{ "accounts", "carol@example.org", "postmaster-only" },
	{ "accounts", "dave@example.org", "retired" },
	{ "accounts", "erin@example.org", NULL },
	{ "accounts", "cert:printer", "suspended" },
	{ NULL, NULL, NULL },
};

struct who_case {
	const char *name;
	const char *login;
	const char *mta;
	const char *subject, *issuer, *fingerprint, *verify;
	const char *address;
	const char *sender;	/* told by an MTA that vouches for it */
	bool is_own_network;	/* the profile has a table of its own */
	int late;		/* seconds after the row of the client */
	const char *want;	/* "": nobody */
	bool want_error;
};

static const struct who_case cases[] = {
	{ "nobody", .want = "" },
	{ "unknown client", .address = "192.0.2.1", .want = "" },
	{ "certificate, other issuer", .mta = "Postfix 3.7.11",
	    .subject = "alice@example.org", .issuer = "Another CA",
	    .want = "" },
	{ "certificate, unknown subject", .mta = "Postfix 3.7.11",
	    .subject = "mallory@example.org", .issuer = "Lab CA",
	    .want = "" },
	{ "Sendmail without {verify}", .mta = "8.17.1",
	    .subject = "alice@example.org", .issuer = "Lab CA",
	    .want = "" },
	{ "Sendmail, not verified", .mta = "8.17.1", .verify = "FAIL",
	    .subject = "alice@example.org", .issuer = "Lab CA",
	    .want = "" },
	{ "an MTA that says nothing of itself", .subject =
	    "alice@example.org", .issuer = "Lab CA", .want = "" },
	{ "Postfix, but {verify} says no", .mta = "Postfix 3.7.11",
	    .verify = "NO", .subject = "alice@example.org",
	    .issuer = "Lab CA", .want = "" },
	{ "client, window over", .address = "192.0.2.7", .late = 1201,
	    .want = "net:office" },
	{ "client from the future", .address = "192.0.2.7", .late = -1201,
	    .want = "net:office" },
	{ "client without time", .address = "192.0.2.8", .want = "",
	    .want_error = true },
	{ "client with a bad time", .address = "192.0.2.9", .want = "",
	    .want_error = true },
	{ "network row without name", .address = "192.0.2.51", .want = "",
	    .want_error = true },
	{ "a failed route is not skipped", .address = "192.0.2.66",
	    .want = "", .want_error = true },
	{ "login", .login = "Alice@Example.org",
	    .want = "sasl:alice@example.org" },
	{ "login before all else", .login = "alice@example.org",
	    .mta = "Postfix 3.7.11", .fingerprint = "aa:bb:cc",
	    .subject = "x", .issuer = "Lab CA", .address = "192.0.2.66",
	    .want = "sasl:alice@example.org" },
	{ "certificate on Postfix", .mta = "Postfix 3.7.11",
	    .subject = "alice@example.org", .issuer = "Lab CA",
	    .want = "cert:alice@example.org" },
	{ "certificate on Sendmail", .mta = "8.17.1", .verify = "OK",
	    .subject = "alice@example.org", .issuer = "Lab CA",
	    .want = "cert:alice@example.org" },
	{ "fingerprint first", .mta = "8.17.1", .verify = "OK",
	    .fingerprint = "aa:bb:cc", .subject = "alice@example.org",
	    .issuer = "Lab CA", .want = "cert:printer" },
	{ "sender of another host", .address = "192.0.2.1",
	    .sender = "<alice@example.org>", .want = "" },
	{ "null sender", .address = "127.0.0.1", .sender = "<>",
	    .want = "" },
	{ "broken sender", .address = "127.0.0.1", .sender = "<a@@b>",
	    .want = "" },
	{ "sender before network", .address = "127.0.0.1", .sender =
	    "<Alice@Example.org>", .want = "local:alice@example.org" },
	{ "sender over IPv6", .address = "::1", .sender =
	    "<alice@example.org>", .want = "local:alice@example.org" },
	{ "login before sender", .login = "bob@example.org",
	    .address = "127.0.0.1", .sender = "<alice@example.org>",
	    .want = "sasl:bob@example.org" },
	{ "null sender by network", .address = "127.0.0.1", .sender = "<>",
	    .is_own_network = true, .want = "net:here" },
	{ "network of the profile", .address = "127.0.0.1",
	    .is_own_network = true, .want = "net:here" },
	{ "the profile's table instead of the site's", .address =
	    "192.0.2.50", .is_own_network = true, .want = "" },
	{ "certificate before client", .mta = "Postfix 3.7.11",
	    .subject = "alice@example.org", .issuer = "Lab CA",
	    .address = "192.0.2.7", .want = "cert:alice@example.org" },
	{ "client before network", .address = "192.0.2.7", .late = 1200,
	    .want = "client:carol@example.org" },
	{ "network", .address = "192.0.2.50",
	    .want = "net:printers@example.org" },
};

static const char *issuers[] = { "Lab CA", "Older CA" };

static void
setup(struct fixture *f)
{
	fixture_setup(f);
	fixture_login(f, NULL);
	fixture_tables(f, rows);
	f->site.sources = (struct identity_sources){
		.certificates = fixture_table("certs"),
		.issuers = issuers,
		.issuer_count = 2,
		.clients = fixture_table("clients"),
		.client_window = 1200,
		.networks = fixture_table("networks"),
	};
}

static void
test_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct who_case *c = &cases[i];
		struct fixture f;

		setup(&f);
		f.facts.mta_version = span_of(c->mta);
		f.facts.certificate = (struct facts_certificate){
			span_of(c->subject), span_of(c->issuer),
			span_of(c->fingerprint), span_of(c->verify),
		};
		f.facts.client.address = span_of(c->address);
		f.facts.client.has_ip = ip_parse(f.facts.client.address,
		    &f.facts.client.ip) == 1;
		f.facts.now += c->late;
		if (c->sender != NULL)
			fixture_mail(&f, c->sender, NULL);
		f.profile.sender_is_identity = c->sender != NULL;
		if (c->is_own_network)
			f.profile.networks = fixture_table("here");
		assert_int_equal(who_identify(&f.facts, &f.profile,
		    span_of(c->login)), 0);
		if (!span_eq(f.facts.identity.name, span_of(c->want)) ||
		    (f.facts.identity_error != NULL) != c->want_error)
			fail_msg("%s: got \"%.*s\" (%s), want \"%s\"",
			    c->name, SPAN_ARG(f.facts.identity.name),
			    f.facts.identity_error == NULL ? "no error" :
			    f.facts.identity_error, c->want);
		fixture_teardown(&f);
	}
}

/* Postfix tells addresses of mail by sendmail(1) without brackets. */
static void
test_by_hand(void **state)
{
	static const struct {
		const char *port, *sender;
		bool want_ok, want_null;
	} table[] = {
		{ "587", "alice@example.org", false, false },
		{ "587", "", false, false },
		{ "0", "a@@b", false, false },
		{ "0", "alice@example.org", true, false },
		{ "0", "<alice@example.org>", true, false },
		{ "0", "gr\xc3\xbc\xc3\x9f@example.org", true, false },
		{ "0", "", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fixture f;
		bool is_ok;

		setup(&f);
		f.facts.listener.daemon_port = span_of(table[i].port);
		fixture_mail(&f, table[i].sender, NULL);
		is_ok = f.facts.sender.status == PATH_OK;
		if (is_ok != table[i].want_ok ||
		    (is_ok && f.facts.sender.path.is_null !=
		    table[i].want_null))
			fail_msg("port %s, \"%s\": got status %d",
			    table[i].port, table[i].sender,
			    (int)f.facts.sender.status);
		fixture_teardown(&f);
	}
}

/* A route that failed is a fault of ours: 451, not "authenticate first". */
static void
test_failed_route(void **state)
{
	struct fixture f;
	struct verdict v;

	(void)state;
	setup(&f);
	f.facts.client.address = SPAN("192.0.2.66");
	assert_int_equal(who_identify(&f.facts, &f.profile,
	    (struct span){ NULL, 0 }), 0);
	fixture_mail(&f, "<alice@example.org>", NULL);
	v = fixture_run(&f, STAGE_MAIL);
	assert_int_equal(v.action, ACTION_TEMPFAIL);
	fixture_teardown(&f);
}

static void
test_groups(void **state)
{
	static const char *members[] = { "bob@example.org", "net:office" };
	static struct site_group groups[] = { { "inline", members, 2 } };
	static const struct {
		enum identity_route route;
		const char *name, *entry;
		int want;
	} table[] = {
		{ ROUTE_SASL, "alice@example.org", "group:inline", 0 },
		{ ROUTE_SASL, "carol@example.org", "group:staff", 0 },
		{ ROUTE_CERT, "alice@example.org", "group:staff", 0 },
		{ ROUTE_SASL, "alice@example.org", "group:staffs", 0 },
		{ ROUTE_SASL, "alice@example.org", "group:staff", 1 },
		{ ROUTE_SASL, "alice@example.org", "GROUP:Admins", 1 },
		{ ROUTE_SASL, "bob@example.org", "group:inline", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fixture f;
		struct span login = span_of(table[i].name);

		setup(&f);
		f.site.groups = (struct groups){ groups, 1,
			fixture_table("groups") };
		if (table[i].route == ROUTE_CERT) {
			f.facts.mta_version = SPAN("Postfix");
			f.facts.certificate.subject = login;
			f.facts.certificate.issuer = SPAN("Lab CA");
			login.len = 0;
		}
		assert_int_equal(who_identify(&f.facts, &f.profile, login),
		    0);
		assert_int_equal(f.facts.identity.route, table[i].route);
		if (identity_is_named(&f.facts.identity,
		    span_of(table[i].entry), &f.rights.identity, f.arena) !=
		    table[i].want)
			fail_msg("%s in %s: want %d", table[i].name,
			    table[i].entry, table[i].want);
		fixture_teardown(&f);
	}
}

static void
test_accounts(void **state)
{
	static const struct {
		const char *login;
		bool is_complete;
		enum reason want;
		const char *want_shown;
	} table[] = {
		{ "bob@example.org", false, REASON_ACCOUNT_SUSPENDED,
		    "Your bill is unpaid" },
		{ "carol@example.org", false, REASON_ACCOUNT_POSTMASTER_ONLY,
		    "" },
		{ "dave@example.org", false, REASON_TEMPORARY, "" },
		{ "erin@example.org", false, REASON_TEMPORARY, "" },
		{ "zoe@example.org", true, REASON_ACCOUNT_UNKNOWN, "" },
		{ "zoe@example.org", false, REASON_NONE, "" },
		/* No login is taken for the certificate that it spells. */
		{ "cert:printer", true, REASON_ACCOUNT_UNKNOWN, "" },
		{ "alice@example.org", true, REASON_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fixture f;
		struct verdict v;

		setup(&f);
		f.site.accounts = (struct accounts){
			fixture_table("accounts"), table[i].is_complete };
		f.profile.rules[RULE_SENDER_RIGHTS] = RULE_OFF;
		assert_int_equal(who_identify(&f.facts, &f.profile,
		    span_of(table[i].login)), 0);
		fixture_mail(&f, "<alice@example.org>", NULL);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != table[i].want ||
		    !span_eq(v.shown, span_of(table[i].want_shown)))
			fail_msg("%s: got %s \"%.*s\", want %s \"%s\"",
			    table[i].login, reason_info(v.reason)->name,
			    SPAN_ARG(v.shown),
			    reason_info(table[i].want)->name,
			    table[i].want_shown);
		fixture_teardown(&f);
	}
}

/* The first override that names identity and rule decides. */
static void
test_overrides(void **state)
{
	static const char *alice[] = { "alice@example.org" };
	static const char *staff[] = { "group:staff", "net:office" };
	struct rule_override overrides[2] = {
		{ .identities = alice, .identity_count = 1 },
		{ .identities = staff, .identity_count = 2 },
	};
	static const struct {
		const char *login;
		enum rule_mode want_from, want_fqdn;
	} table[] = {
		{ "zoe@example.org", RULE_ENFORCE, RULE_WARN },
		{ "alice@example.org", RULE_OFF, RULE_ENFORCE },
	};

	(void)state;
	for (int rule = 0; rule < RULE_COUNT; rule++)
		overrides[0].modes[rule] = overrides[1].modes[rule] =
		    RULE_INHERIT;
	overrides[0].modes[RULE_FROM_RIGHTS] = RULE_OFF;
	overrides[1].modes[RULE_FROM_RIGHTS] = RULE_WARN;
	overrides[1].modes[RULE_HEADER_FQDN] = RULE_ENFORCE;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fixture f;

		setup(&f);
		f.profile.rules[RULE_HEADER_FQDN] = RULE_WARN;
		f.site.groups.table = fixture_table("groups");
		f.site.overrides = overrides;
		f.site.override_count = 2;
		assert_int_equal(who_identify(&f.facts, &f.profile,
		    span_of(table[i].login)), 0);
		assert_int_equal(f.facts.modes[RULE_FROM_RIGHTS],
		    table[i].want_from);
		assert_int_equal(f.facts.modes[RULE_HEADER_FQDN],
		    table[i].want_fqdn);
		fixture_teardown(&f);
	}
}

/*
 * Nobody slips through an override because the table of groups is down: who
 * might be in a group that is asked more of waits. Others do not.
 */
static void
test_unknown_groups(void **state)
{
	static const char *pilot[] = { "group:pilot" };
	static const char *forbidden[] = { "RET" };
	static const struct {
		const char *login;
		enum rule_mode mode;
		bool has_parameters;
		enum reason want;
	} table[] = {
		{ "down", RULE_ENFORCE, false, REASON_TEMPORARY },
		{ "down", RULE_WARN, true, REASON_TEMPORARY },
		{ "down", RULE_WARN, false, REASON_NONE },
		{ "alice@example.org", RULE_ENFORCE, false, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rule_override override = { pilot, 1, { 0 },
			forbidden, table[i].has_parameters ? 1 : 0 };
		struct fixture f;
		struct verdict v;

		setup(&f);
		for (int rule = 0; rule < RULE_COUNT; rule++) {
			f.profile.rules[rule] = RULE_WARN;
			override.modes[rule] = RULE_INHERIT;
		}
		override.modes[RULE_FROM_RIGHTS] = (int)table[i].mode;
		f.site.groups.table = fixture_table("groups");
		f.site.overrides = &override;
		f.site.override_count = 1;
		assert_int_equal(who_identify(&f.facts, &f.profile,
		    span_of(table[i].login)), 0);
		fixture_mail(&f, "<alice@example.org>", NULL);
		v = policy_run(STAGE_MAIL, &f.profile, &f.facts, &f.log);
		if (v.reason != table[i].want)
			fail_msg("row %zu: got %s, want %s", i,
			    reason_info(v.reason)->name,
			    reason_info(table[i].want)->name);
		fixture_teardown(&f);
	}
}

/* An override speaks of those who are known, "*" too. */
static void
test_override_of_nobody(void **state)
{
	static const char *all[] = { "*" };
	struct rule_override override = { all, 1, { 0 }, NULL, 0 };
	struct fixture f;

	(void)state;
	for (int rule = 0; rule < RULE_COUNT; rule++)
		override.modes[rule] = RULE_OFF;
	for (int is_known = 0; is_known <= 1; is_known++) {
		setup(&f);
		f.site.overrides = &override;
		f.site.override_count = 1;
		assert_int_equal(who_identify(&f.facts, &f.profile,
		    span_of(is_known ? "zoe@example.org" : "")), 0);
		assert_int_equal(f.facts.modes[RULE_AUTH_REQUIRED],
		    is_known ? RULE_OFF : RULE_ENFORCE);
		fixture_teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_failed_route),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_unknown_groups),
		cmocka_unit_test(test_override_of_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
