/*
 * test_recipients - to whom one may write: rights, relaying, postmaster.
 * Proves: D6.2, A5, D6.4, D7 (a rule can forbid parameters), D4.5.3 of
 * RFC 5321 (452).
 */
#include "facts_fixture.h"

#include "limit/meter.h"
#include "policy/who.h"

static const struct fixture_row rows[] = {
	{ "scopes", "local@example.org", "local" },
	{ "scopes", "listed@example.org", "listed, max=2" },
	{ "scopes", "none@example.org", "none" },
	{ "scopes", "odd@example.org", "everybody" },
	{ "scopes", "down@example.org", NULL },
	{ "scopes", "few@example.org", "max=2" },
	{ "scopes", "group:pupils", "local" },
	{ "scopes", "group:lost", NULL },
	{ "allowed", "@example.net", "listed@example.org" },
	{ "allowed", "all@example.com", "*" },
	{ "denied", "ceo@example.org", "*" },
	{ "denied", "@rival.example", "alice@example.org" },
	{ "denied", "down@example.net", NULL },
	{ "domains", "table.example", "yes" },
	{ "domains", "down.example", NULL },
	{ NULL, NULL, NULL },
};

static const char *local_domains[] = { "example.org", ".sub.example.org" };

static void
setup(struct fixture *f, const char *login)
{
	fixture_setup(f);
	fixture_tables(f, rows);
	f->site.local_domains = (struct domain_list){ local_domains, 2,
		fixture_table("domains") };
	f->site.recipients = (struct recipient_rights){
		.scope = SCOPE_ANY,
		.scopes = fixture_table("scopes"),
		.allowed = fixture_table("allowed"),
		.denied = fixture_table("denied"),
	};
	fixture_login(f, login);
}

struct recipient_case {
	const char *login, *path;
	enum reason want;
};

static void
test_rights(void **state)
{
	static const struct recipient_case cases[] = {
		{ "local@example.org", "<x@example.net>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "local@example.org", "<x@sub.example.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "local@example.org", "<x@notexample.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "local@example.org", "<x@down.example>", REASON_TEMPORARY },
		{ "listed@example.org", "<x@example.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "none@example.org", "<x@example.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "alice@example.org", "<ceo@example.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "alice@example.org", "<CEO+x@Example.org>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "alice@example.org", "<x@rival.example>",
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "alice@example.org", "<down@example.net>",
		    REASON_TEMPORARY },
		{ "odd@example.org", "<x@example.net>", REASON_TEMPORARY },
		{ "down@example.org", "<x@example.net>", REASON_TEMPORARY },
		{ "bob@example.org", "<x@rival.example>", REASON_NONE },
		{ "alice@example.org", "<x@example.net>", REASON_NONE },
		{ "alice@example.org", "<Postmaster>", REASON_NONE },
		{ "local@example.org", "<Postmaster>", REASON_NONE },
		{ "local@example.org", "<x@EXAMPLE.org>", REASON_NONE },
		{ "local@example.org", "<x@a.sub.example.org>",
		    REASON_NONE },
		{ "local@example.org", "<x@table.example>", REASON_NONE },
		{ "listed@example.org", "<x@example.net>", REASON_NONE },
		{ "listed@example.org", "<all@example.com>", REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct verdict v;

		setup(&f, cases[i].login);
		v = fixture_rcpt(&f, cases[i].path);
		if (v.reason != cases[i].want)
			fail_msg("%s to %s: got %s, want %s", cases[i].login,
			    cases[i].path, reason_info(v.reason)->name,
			    reason_info(cases[i].want)->name);
		fixture_teardown(&f);
	}
}

/* Those that were refused do not count. */
/* Without a row of one's own, that of the first group that has one. */
static void
test_groups(void **state)
{
	static const struct {
		const char *login;
		const char *groups[2];
		const char *error;	/* of the look-up of groups */
		enum reason want;
	} table[] = {
		{ "zoe@example.org", { "pupils", "lost" }, NULL,
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "zoe@example.org", { "chess", "pupils" }, NULL,
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "none@example.org", { "staff", "chess" }, NULL,
		    REASON_RECIPIENT_NOT_ALLOWED },
		{ "zoe@example.org", { "lost", "pupils" }, NULL,
		    REASON_TEMPORARY },
		{ "zoe@example.org", { "staff", "chess" }, "down",
		    REASON_TEMPORARY },
		{ "few@example.org", { "pupils", "lost" }, "down",
		    REASON_NONE },
		{ "zoe@example.org", { "staff", "chess" }, NULL, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct span groups[] = { span_of(table[i].groups[0]),
			span_of(table[i].groups[1]) };
		struct fixture f;
		struct verdict v;

		setup(&f, table[i].login);
		f.facts.identity.groups = groups;
		f.facts.identity.group_count = 2;
		f.facts.identity.groups_error = table[i].error;
		v = fixture_rcpt(&f, "<x@outside.example>");
		if (v.reason != table[i].want)
			fail_msg("row %zu: got %s, want %s", i,
			    reason_info(v.reason)->name,
			    reason_info(table[i].want)->name);
		fixture_teardown(&f);
	}
}

static void
test_most(void **state)
{
	static const struct {
		const char *path;
		enum reason want;
	} steps[] = {
		{ "<a@example.net>", REASON_NONE },
		{ "<ceo@example.org>", REASON_RECIPIENT_NOT_ALLOWED },
		{ "<b@example.net>", REASON_NONE },
		{ "<c@example.net>", REASON_RECIPIENTS_TOO_MANY },
		{ "<d@example.net>", REASON_RECIPIENTS_TOO_MANY },
	};
	struct fixture f;

	(void)state;
	setup(&f, "few@example.org");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		assert_int_equal(fixture_rcpt(&f, steps[i].path).reason,
		    steps[i].want);
	fixture_teardown(&f);
	setup(&f, "alice@example.org");
	f.profile.limits.recipients = 1;
	assert_int_equal(fixture_rcpt(&f, "<a@example.net>").reason,
	    REASON_NONE);
	assert_int_equal(fixture_rcpt(&f, "<b@example.net>").reason,
	    REASON_RECIPIENTS_TOO_MANY);
	fixture_teardown(&f);
}

static void
test_parameters(void **state)
{
	static const char *profile_wide[] = { "RET", "NOTIFY=NEVER" };
	static const char *hers[] = { "size" };
	static const struct rule_override override = {
		.forbidden_parameters = hers,
		.forbidden_parameter_count = 1,
	};
	static const struct {
		const char *param;
		bool is_overridden;
		enum reason want;
	} cases[] = {
		{ "RET=FULL", false, REASON_PARAMETER_FORBIDDEN },
		{ "ret", false, REASON_PARAMETER_FORBIDDEN },
		{ "notify=never", false, REASON_PARAMETER_FORBIDDEN },
		{ "SIZE=1", true, REASON_PARAMETER_FORBIDDEN },
		{ "NOTIFY=SUCCESS", false, REASON_NONE },
		{ "RETRY=1", false, REASON_NONE },
		{ "RET=FULL", true, REASON_NONE },
		{ "SIZE=1", false, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct verdict v;

		setup(&f, "alice@example.org");
		f.profile.forbidden_parameters = profile_wide;
		f.profile.forbidden_parameter_count = 2;
		if (cases[i].is_overridden)
			f.facts.override = &override;
		fixture_mail(&f, "<alice@example.org>", cases[i].param);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != cases[i].want)
			fail_msg("%s: got %s, want %s", cases[i].param,
			    reason_info(v.reason)->name,
			    reason_info(cases[i].want)->name);
		fixture_teardown(&f);
	}
}

/* A5: on a mixed port, from outside to local domains and nowhere else. */
static void
test_mixed(void **state)
{
	static const struct {
		const char *path;
		enum reason want;
	} cases[] = {
		{ "<x@example.net>", REASON_RELAY_DENIED },
		{ "<x%example.net@example.com>", REASON_RELAY_DENIED },
		{ "<@example.org:x@example.net>", REASON_RELAY_DENIED },
		{ "<x@down.example>", REASON_TEMPORARY },
		{ "<nonsense>", REASON_RECIPIENT_SYNTAX },
		{ "<x%example.net@example.org>", REASON_RELAY_DENIED },
		{ "<example.net!x@example.org>", REASON_RELAY_DENIED },
		{ "<\"x@example.net\"@example.org>", REASON_RELAY_DENIED },
		{ "<@example.net:x%example.net@example.org>",
		    REASON_RELAY_DENIED },
		{ "<\"x\"@example.org>", REASON_NONE },
		{ "<x@example.org>", REASON_NONE },
		{ "<x@table.example>", REASON_NONE },
		{ "<postmaster>", REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		struct verdict v;

		setup(&f, NULL);
		f.profile.mixed = true;
		f.facts.tls.is_on = false;
		/* Nothing switches rule "relay" off. */
		for (int rule = 0; rule < RULE_COUNT; rule++)
			f.profile.rules[rule] = RULE_OFF;
		fixture_mail(&f, "<someone@outside.example>", NULL);
		assert_int_equal(fixture_run(&f, STAGE_MAIL).reason,
		    REASON_NONE);
		v = fixture_rcpt(&f, cases[i].path);
		if (v.reason != cases[i].want)
			fail_msg("%s: got %s, want %s", cases[i].path,
			    reason_info(v.reason)->name,
			    reason_info(cases[i].want)->name);
		fixture_teardown(&f);
	}
}

/* Mail from outside is left alone; who logs in is not from outside. */
static void
test_mixed_message(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, NULL);
	f.profile.mixed = true;
	fixture_mail(&f, "<someone@outside.example>", NULL);
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason, REASON_NONE);
	fixture_message(&f, "Subject: no From at all\n\n");
	assert_int_equal(fixture_run(&f, STAGE_HEADER).reason, REASON_NONE);
	fixture_teardown(&f);

	setup(&f, "alice@example.org");
	f.profile.mixed = true;
	fixture_mail(&f, "<bob@example.org>", NULL);
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason,
	    REASON_SENDER_NOT_ALLOWED);
	fixture_teardown(&f);
}

/* --- D6.4 ----------------------------------------------------------------- */

static bool
quota(void *context, struct span client, int per_hour)
{
	return meter_take(context, client, per_hour, 1000);
}

static void
open_postmaster(struct fixture *f, struct meter *meter)
{
	static const char *domains[] = { "example.org" };

	f->profile.postmaster = (struct profile_postmaster){ domains, 1, 2 };
	f->facts.quota = quota;
	f->facts.quota_context = meter;
	f->facts.client.address = SPAN("192.0.2.1");
}

static void
test_postmaster(void **state)
{
	static const struct {
		const char *sender, *path;
		enum reason want_mail, want_rcpt;
	} cases[] = {
		{ "<bob@example.org>", "<postmaster@example.org>",
		    REASON_AUTH_MISSING, REASON_NONE },
		{ "<x@outside.example>", "<carol@example.org>",
		    REASON_NONE, REASON_AUTH_MISSING },
		{ "<x@outside.example>", "<postmaster@example.net>",
		    REASON_NONE, REASON_AUTH_MISSING },
		{ "<x@outside.example>", "<postmasters@example.org>",
		    REASON_NONE, REASON_AUTH_MISSING },
		{ "<x@outside.example>", "<PostMaster@EXAMPLE.org>",
		    REASON_NONE, REASON_NONE },
		{ "<>", "<Postmaster>", REASON_NONE, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meter *meter = meter_new();
		struct fixture f;
		struct verdict v;

		setup(&f, NULL);
		open_postmaster(&f, meter);
		fixture_mail(&f, cases[i].sender, NULL);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != cases[i].want_mail)
			fail_msg("%s: got %s, want %s", cases[i].sender,
			    reason_info(v.reason)->name,
			    reason_info(cases[i].want_mail)->name);
		v = fixture_rcpt(&f, cases[i].path);
		if (v.reason != cases[i].want_rcpt)
			fail_msg("%s: got %s, want %s", cases[i].path,
			    reason_info(v.reason)->name,
			    reason_info(cases[i].want_rcpt)->name);
		meter_free(&meter);
		fixture_teardown(&f);
	}
}

/* Messages are counted, however many postmasters each is for. */
static void
test_postmaster_limit(void **state)
{
	struct meter *meter = meter_new();

	(void)state;
	for (int i = 0; i < 3; i++) {
		enum reason want = i < 2 ? REASON_NONE :
		    REASON_POSTMASTER_LIMIT;
		struct fixture f;

		setup(&f, NULL);
		open_postmaster(&f, meter);
		fixture_mail(&f, "<x@outside.example>", NULL);
		assert_int_equal(fixture_run(&f, STAGE_MAIL).reason,
		    REASON_NONE);
		assert_int_equal(fixture_rcpt(&f, "<postmaster>").reason,
		    want);
		assert_int_equal(fixture_rcpt(&f,
		    "<postmaster@example.org>").reason, want);
		assert_int_equal(fixture_rcpt(&f, "<Postmaster>").reason,
		    want);
		fixture_teardown(&f);
	}
	meter_free(&meter);
}

/* Who is suspended has the addresses that were there before. */
static void
test_postmaster_suspended(void **state)
{
	static const struct {
		const char *sender, *from;
		enum reason want_mail, want_header;
	} cases[] = {
		{ "<bob@example.org>", NULL, REASON_ACCOUNT_SUSPENDED,
		    REASON_NONE },
		{ "<alice@example.org>", "From: bob@example.org\n\n",
		    REASON_NONE, REASON_FROM_NOT_ALLOWED },
		{ "<x@down.example>", NULL, REASON_TEMPORARY, REASON_NONE },
		{ "<alice@example.org>", "From: alice@example.org\n\n",
		    REASON_NONE, REASON_NONE },
		{ "<x@outside.example>", "From: x@outside.example\n\n",
		    REASON_NONE, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct meter *meter = meter_new();
		struct fixture f;

		setup(&f, "alice@example.org");
		f.facts.account.state = ACCOUNT_SUSPENDED;
		open_postmaster(&f, meter);
		fixture_mail(&f, cases[i].sender, NULL);
		assert_int_equal(fixture_run(&f, STAGE_MAIL).reason,
		    cases[i].want_mail);
		if (cases[i].from != NULL) {
			assert_int_equal(fixture_rcpt(&f,
			    "<postmaster>").reason, REASON_NONE);
			fixture_message(&f, cases[i].from);
			assert_int_equal(fixture_run(&f, STAGE_HEADER).reason,
			    cases[i].want_header);
		}
		fixture_teardown(&f);
		meter_free(&meter);
	}
}

/* It must not claim a From of ours. */
static void
test_postmaster_message(void **state)
{
	struct meter *meter = meter_new();
	struct fixture f;

	(void)state;
	setup(&f, NULL);
	open_postmaster(&f, meter);
	fixture_mail(&f, "<x@outside.example>", NULL);
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason, REASON_NONE);
	assert_int_equal(fixture_rcpt(&f, "<postmaster>").reason,
	    REASON_NONE);
	fixture_message(&f, "From: bob@example.org\nTo: postmaster@"
	    "example.org\n\n");
	assert_int_equal(fixture_run(&f, STAGE_HEADER).reason,
	    REASON_FROM_NOT_ALLOWED);
	fixture_teardown(&f);

	setup(&f, NULL);
	open_postmaster(&f, meter);
	fixture_mail(&f, "<x@outside.example>", NULL);
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason, REASON_NONE);
	fixture_message(&f, "From: x@outside.example\nTo: postmaster@"
	    "example.org\n\n");
	assert_int_equal(fixture_run(&f, STAGE_HEADER).reason, REASON_NONE);
	fixture_teardown(&f);
	meter_free(&meter);
}

static void
test_meter(void **state)
{
	struct meter *meter = meter_new();

	(void)state;
	assert_true(meter_take(meter, SPAN("a"), 2, 1000));
	assert_true(meter_take(meter, SPAN("a"), 2, 4599));
	assert_false(meter_take(meter, SPAN("a"), 2, 4599));
	assert_true(meter_take(meter, SPAN("a"), 2, 4600));
	assert_false(meter_take(meter, SPAN("b"), 0, 1000));
	meter_free(&meter);
}

/* However many come, nobody gets more; and some hundreds get all of it. */
static void
test_meter_of_many(void **state)
{
	static const struct { int clients, least; } cases[] = {
		{ 400, 2 }, { 40000, 0 },
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct meter *meter = meter_new();

		for (int i = 0; i < cases[c].clients * 3; i++) {
			int client = i % cases[c].clients;
			int turn = i / cases[c].clients;
			struct span who = { (const char *)&client,
				sizeof(client) };
			bool is_taken = meter_take(meter, who, 2, 1000);

			if (turn < cases[c].least ? !is_taken :
			    turn == 2 && is_taken)
				fail_msg("%d clients: %d is %staken",
				    cases[c].clients, i,
				    is_taken ? "" : "not ");
		}
		meter_free(&meter);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_mixed_message),
		cmocka_unit_test(test_postmaster),
		cmocka_unit_test(test_postmaster_limit),
		cmocka_unit_test(test_postmaster_suspended),
		cmocka_unit_test(test_postmaster_message),
		cmocka_unit_test(test_meter),
		cmocka_unit_test(test_meter_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
