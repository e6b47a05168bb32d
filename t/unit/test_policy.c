/*
 * test_policy - every rule, by the reply that it leads to.
 * Proves: D4.1 D7b (codes and texts), D4.3 A2, A4, D3.2, D4.2, D5.1, D6.1,
 * X2, D5.1b, D4.2b, D6.3.
 */
#include "facts_fixture.h"

/* --- the tables of rules and reasons (D4.1, D7b) -------------------------- */

static void
test_reasons(void **state)
{
	(void)state;
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		const struct reason_info *r = reason_info((enum reason)i);
		bool is_ours = r->rule == RULE_COUNT;

		assert_int_equal(reason_find(span_of(r->name)), i);
		/* The class of the enhanced code is that of the code. */
		assert_int_equal(r->code / 100, r->enhanced.class);
		assert_true(r->code / 100 == 4 || (!is_ours &&
		    r->code / 100 == 5));
		if (is_ours)
			assert_int_equal(r->enhanced.subject,
			    i == REASON_DNS_FAILED ? 4 : 3);
		/* Printable ASCII that fits a reply line. */
		assert_true(strlen(r->text) >= 2 && strlen(r->text) < 120);
		for (const char *p = r->text; *p != '\0'; p++)
			assert_true(*p >= ' ' && *p <= '~' && *p != '%');
	}
	assert_int_equal(reason_find(SPAN("none of these")), REASON_NONE);
	assert_int_equal(rule_find(SPAN("none of these")), RULE_COUNT);
	for (int i = 0; i < RULE_COUNT; i++)
		assert_int_equal(rule_find(span_of(rule_info((enum rule)i)
		    ->name)), i);
}

static void
test_reply(void **state)
{
	struct arena *arena = arena_new(1 << 20, NULL);
	struct replies replies = { .contact = NULL };
	struct verdict v = verdict_refuse(REASON_ADDRESS_SYNTAX,
	    SPAN("To\r\n\x01\xff%"), SPAN("secret table"));
	struct reply r;

	(void)state;
	r = verdict_reply(&v, &replies, arena);
	assert_int_equal(r.code, 554);
	assert_string_equal(r.text.ptr,
	    "To????% field: illegal address syntax");
	replies.texts[REASON_ADDRESS_SYNTAX] = "Mend {}.\nThank you";
	replies.contact = "Call 555";
	r = verdict_reply(&v, &replies, arena);
	assert_string_equal(r.text.ptr, "Mend To????%.\nThank you\nCall 555");
	arena_free(&arena);
}

/* --- MAIL and RCPT -------------------------------------------------------- */

struct envelope_case {
	const char *name;
	const char *login;
	const char *tls;	/* NULL: in the clear */
	unsigned bits;
	const char *path;
	const char *param;
	bool literals;
	enum reason want;
};

static const struct envelope_case mails[] = {
	{ "nobody", NULL, "TLSv1.3", 256, "<alice@example.org>", NULL,
	    false, REASON_AUTH_MISSING },
	{ "nobody, null sender", NULL, "TLSv1.3", 256, "<>", NULL,
	    false, REASON_AUTH_MISSING },
	{ "nobody in the clear", NULL, NULL, 0, "<alice@example.org>", NULL,
	    false, REASON_AUTH_MISSING },
	{ "in the clear", "alice@example.org", NULL, 0,
	    "<alice@example.org>", NULL, false, REASON_TLS_MISSING },
	{ "TLS 1.1", "alice@example.org", "TLSv1.1", 256,
	    "<alice@example.org>", NULL, false, REASON_TLS_VERSION },
	{ "TLS 1.0", "alice@example.org", "TLSv1", 256,
	    "<alice@example.org>", NULL, false, REASON_TLS_VERSION },
	{ "SSL", "alice@example.org", "SSLv3", 256,
	    "<alice@example.org>", NULL, false, REASON_TLS_VERSION },
	{ "few bits", "alice@example.org", "TLSv1.2", 112,
	    "<alice@example.org>", NULL, false, REASON_TLS_BITS },
	{ "no brackets", "alice@example.org", "TLSv1.3", 256,
	    "alice@example.org", NULL, false, REASON_SENDER_SYNTAX },
	{ "two signs", "alice@example.org", "TLSv1.3", 256,
	    "<a@b@example.org>", NULL, false, REASON_SENDER_SYNTAX },
	{ "no domain", "alice@example.org", "TLSv1.3", 256,
	    "<alice>", NULL, false, REASON_SENDER_SYNTAX },
	{ "postmaster is for recipients", "alice@example.org", "TLSv1.3",
	    256, "<Postmaster>", NULL, false, REASON_SENDER_SYNTAX },
	{ "UTF-8 without SMTPUTF8", "alice@example.org", "TLSv1.3", 256,
	    "<\xc3\xa4@example.org>", NULL, false, REASON_SENDER_UTF8 },
	{ "single label", "bob@example.org", "TLSv1.3", 256,
	    "<bob@example>", NULL, false, REASON_SENDER_DOMAIN },
	{ "literal", "alice@example.org", "TLSv1.3", 256,
	    "<alice@[192.0.2.1]>", NULL, false, REASON_SENDER_LITERAL },
	{ "literal allowed, but whose is it?", "alice@example.org",
	    "TLSv1.3", 256, "<alice@[192.0.2.1]>", NULL, true,
	    REASON_SENDER_NOT_ALLOWED },
	{ "another's address", "alice@example.org", "TLSv1.3", 256,
	    "<bob@example.org>", NULL, false, REASON_SENDER_NOT_ALLOWED },
	{ "UTF-8, another's", "alice@example.org", "TLSv1.3", 256,
	    "<\xc3\xa4@example.org>", "SMTPUTF8", false,
	    REASON_SENDER_NOT_ALLOWED },
	{ "TLS 1.2, 128 bits", "alice@example.org", "TLSv1.2", 128,
	    "<alice@example.org>", NULL, false, REASON_NONE },
	{ "null sender", "alice@example.org", "TLSv1.3", 256, "<>", NULL,
	    false, REASON_NONE },
	{ "source route", "alice@example.org", "TLSv1.3", 256,
	    "<@a.example,@b.example:alice@example.org>", NULL, false,
	    REASON_NONE },
	{ "UTF-8", "\xc3\xa4@example.org", "TLSv1.3", 256,
	    "<\xc3\xa4@example.org>", "smtputf8", false, REASON_NONE },
};

static void
test_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		const struct envelope_case *c = &mails[i];
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		fixture_login(&f, c->login);
		f.profile.address_literals = c->literals;
		f.facts.tls = (struct facts_tls){ c->tls != NULL,
			span_of(c->tls), SPAN("cipher"), c->bits };
		fixture_mail(&f, c->path, c->param);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != c->want)
			fail_msg("%s: got %s, want %s", c->name,
			    reason_info(v.reason)->name,
			    reason_info(c->want)->name);
		/* Every rule of the stage is recorded, whatever came first. */
		assert_int_equal(f.log.n, 8);
		fixture_teardown(&f);
	}
}

static const struct envelope_case rcpts[] = {
	{ .path = "carol@example.net", .want = REASON_RECIPIENT_SYNTAX },
	{ .path = "<>", .want = REASON_RECIPIENT_SYNTAX },
	{ .path = "<carol>", .want = REASON_RECIPIENT_SYNTAX },
	{ .path = "<postmasters>", .want = REASON_RECIPIENT_SYNTAX },
	{ .path = "<a..b@example.net>", .want = REASON_RECIPIENT_SYNTAX },
	{ .path = "<\xc3\xa4@example.net>", .want = REASON_RECIPIENT_UTF8 },
	{ .path = "<carol@localhost>", .want = REASON_RECIPIENT_DOMAIN },
	{ .path = "<carol@[IPv6:::1]>", .want = REASON_RECIPIENT_LITERAL },
	{ .path = "<carol@[IPv6:::1]>", .literals = true,
	    .want = REASON_NONE },
	{ .path = "<carol@example.net>", .want = REASON_NONE },
	{ .path = "<pOSTmaster>", .want = REASON_NONE },
	{ .path = "<\"a@b\"@example.net>", .want = REASON_NONE },
};

static void
test_rcpt(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rcpts) / sizeof(rcpts[0]); i++) {
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		f.profile.address_literals = rcpts[i].literals;
		fixture_mail(&f, "<alice@example.org>", NULL);
		v = fixture_rcpt(&f, rcpts[i].path);
		if (v.reason != rcpts[i].want)
			fail_msg("%s: got %s, want %s", rcpts[i].path,
			    reason_info(v.reason)->name,
			    reason_info(rcpts[i].want)->name);
		fixture_teardown(&f);
	}
}

/*
 * D3.2: an unreadable MAIL FROM under a lenient profile is borne only if
 * the identity has an address of its own.
 */
static void
test_return_path(void **state)
{
	static const struct {
		const char *login, *path;
		enum reason want;
	} rows[] = {
		{ "printer", "<no address>", REASON_RETURN_PATH_UNKNOWN },
		{ "printer", "<>", REASON_NONE },
		{ "printer", "<a@example.org>", REASON_NONE },
		{ "alice@example.org", "<no address>", REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		f.profile.rules[RULE_ENVELOPE_SYNTAX] = RULE_WARN;
		f.profile.rules[RULE_SENDER_RIGHTS] = RULE_OFF;
		fixture_login(&f, rows[i].login);
		fixture_mail(&f, rows[i].path, NULL);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != rows[i].want)
			fail_msg("%s %s: got %s, want %s", rows[i].login,
			    rows[i].path, reason_info(v.reason)->name,
			    reason_info(rows[i].want)->name);
		fixture_teardown(&f);
	}
}

/* --- the message ---------------------------------------------------------- */

struct message_case {
	const char *name;
	const char *text;
	enum reason want;
	const char *want_shown;
	bool smtputf8;
};

#define REST "To: carol@example.net\n\nbody\r\n"
#define ME "From: alice@example.org\n"

static const struct message_case messages[] = {
	/* X2: From */
	{ "another's", "From: bob@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address in a comment",
	    "From: bob@example.org (<alice@example.org>)\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address in the name",
	    "From: \"alice@example.org\" <bob@example.org>\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address last",
	    "From: bob@example.org, x <alice@example.org>\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address first",
	    "From: alice@example.org, bob@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address as route",
	    "From: <@alice@example.org:bob@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "folded", "From:\n bob\n @example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "two fields", ME "From: bob@example.org\n" REST,
	    REASON_FROM_SEVERAL, "" },
	{ "two fields, both own", ME ME REST, REASON_FROM_SEVERAL, "" },
	{ "group", "From: us: alice@example.org;\n" REST,
	    REASON_FROM_GROUP, "From" },
	{ "empty group", "From: us:;\n" REST, REASON_FROM_GROUP, "From" },
	{ "control", "From: \"a\x01\" <alice@example.org>\n" REST,
	    REASON_FROM_CONTROL, "From" },
	{ "name without quotes", "From: a@b <alice@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "two addr-specs",
	    "From: <alice@example.org> <bob@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "no comma", "From: alice@example.org bob@example.org\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "empty", "From: \n" REST, REASON_FROM_UNREADABLE, "From" },
	{ "no domain", "From: alice\n" REST, REASON_FROM_UNQUALIFIED,
	    "From" },
	{ "single label", "From: alice@example\n" REST,
	    REASON_FROM_UNQUALIFIED, "From" },
	{ "Sender of another", ME "Sender: bob@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "Sender" },
	{ "Resent-From of another", "Resent-From: bob@example.org\n" ME REST,
	    REASON_FROM_NOT_ALLOWED, "Resent-From" },
	{ "Resent-Sender of another", "Resent-From: alice@example.org\n"
	    "Resent-Sender: bob@example.org\n" ME REST,
	    REASON_FROM_NOT_ALLOWED, "Resent-Sender" },
	{ "Resent-Sender alone", "X: y\nResent-Sender: bob@example.org\n" ME
	    REST, REASON_FROM_NOT_ALLOWED, "Resent-Sender" },
	{ "older Resent block", "Resent-From: alice@example.org\n"
	    "Resent-Date: x\nReceived: y\nResent-From: bob@example.org\n"
	    "Resent-Sender: bob@example.org\n" ME REST, REASON_NONE, "" },
	{ "older Resent block just below", "Resent-From: alice@example.org\n"
	    "Resent-Date: x\nResent-Date: x\nResent-Sender: bob@example.org\n"
	    "Resent-From: bob@example.org\n" ME REST, REASON_NONE, "" },
	/* D5.1b, D4.2b */
	{ "bad To", ME "To: <<x>>\n\n", REASON_ADDRESS_SYNTAX, "To" },
	{ "bad Cc", ME "Cc: a@b c\n\n", REASON_ADDRESS_SYNTAX, "Cc" },
	{ "bad Reply-To", ME "Reply-To: \n\n", REASON_ADDRESS_SYNTAX,
	    "Reply-To" },
	{ "bad Disposition-Notification-To",
	    ME "Disposition-Notification-To: @\n\n", REASON_ADDRESS_SYNTAX,
	    "Disposition-Notification-To" },
	{ "bad Return-Receipt-To", ME "Return-Receipt-To: @\n\n",
	    REASON_ADDRESS_SYNTAX, "Return-Receipt-To" },
	{ "bad Errors-To", ME "Errors-To: @\n\n", REASON_ADDRESS_SYNTAX,
	    "Errors-To" },
	{ "unqualified To", ME "To: carol@host\n\n", REASON_ADDRESS_DOMAIN,
	    "To" },
	{ "bare To", ME "To: carol@example.net, sales\n\n",
	    REASON_ADDRESS_DOMAIN, "To" },
	{ "unqualified in a group", ME "To: g: carol@host;\n\n",
	    REASON_ADDRESS_DOMAIN, "To" },
	{ "literal", ME "Cc: carol@[192.0.2.1]\n\n", REASON_ADDRESS_LITERAL,
	    "Cc" },
	/* D6.3 */
	{ "no From", REST, REASON_FROM_MISSING, "" },
	{ "two Subjects", ME "Subject: a\nsubject: b\n" REST,
	    REASON_FIELD_REPEATED, "Subject" },
	{ "two Message-IDs", ME "Message-ID: <a@b>\nMessage-Id: <a@c>\n" REST,
	    REASON_FIELD_REPEATED, "Message-ID" },
	{ "two Tos", ME "To: a@example.net\n" REST,
	    REASON_FIELD_REPEATED, "To" },
	{ "field name", ME "X y: z\n" REST, REASON_FIELD_NAME, "" },
	{ "bare CR in a field", ME "X: a\rb\n" REST, REASON_FIELD_CONTROL,
	    "X" },
	{ "8-bit", ME "Subject: \xc3\xa4\n" REST, REASON_FIELD_UTF8,
	    "Subject" },
	{ "Latin-1 under SMTPUTF8", ME "Subject: \xe4\n" REST,
	    REASON_FIELD_UTF8, "Subject", .smtputf8 = true },
	{ "bare CR", ME "To: carol@example.net\n\na\rb\r\n",
	    REASON_BODY_BARE_CR, "" },
	{ "bare LF", ME "To: carol@example.net\n\na\nb\r\n",
	    REASON_BODY_BARE_LF, "" },
	{ "CR at the very end", ME "To: carol@example.net\n\na\r",
	    REASON_BODY_BARE_CR, "" },
	/* what passes */
	{ "plain", ME REST, REASON_NONE, "" },
	{ "no To", ME "\nbody\r\n", REASON_NONE, "" },
	{ "name, comment, case",
	    "From: \"bob@example.org\" <ALICE@example.org> (bob)\n" REST,
	    REASON_NONE, "" },
	{ "obsolete but legal",
	    "From: Alice . B. (x) < alice (y) @ example . org >\n"
	    "To: ,, Carol <@a.example:carol@example.net>,\n\n",
	    REASON_NONE, "" },
	{ "undisclosed", ME "To: undisclosed-recipients:;\n\n",
	    REASON_NONE, "" },
	{ "empty Bcc", ME "Bcc: \n" REST, REASON_NONE, "" },
	{ "two trace fields", ME "Received: a\nReceived: b\n" REST,
	    REASON_NONE, "" },
	{ "UTF-8 under SMTPUTF8", ME "Subject: \xc3\xa4\n" REST, REASON_NONE,
	    "", .smtputf8 = true },
};

static struct verdict
judge(struct fixture *f, const char *text, bool is_smtputf8)
{
	struct verdict v;

	fixture_mail(f, "<alice@example.org>", is_smtputf8 ? "SMTPUTF8" :
	    NULL);
	memcpy(f->facts.modes, f->profile.rules, sizeof(f->facts.modes));
	fixture_message(f, text);
	v = fixture_run(f, STAGE_HEADER);
	return v.action == ACTION_PASS ? fixture_run(f, STAGE_MESSAGE) : v;
}

static void
test_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		const struct message_case *c = &messages[i];
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		v = judge(&f, c->text, c->smtputf8);
		if (v.reason != c->want ||
		    !span_eq(v.shown, span_of(c->want_shown)))
			fail_msg("%s: got %s \"%.*s\", want %s \"%s\"",
			    c->name, reason_info(v.reason)->name,
			    SPAN_ARG(v.shown), reason_info(c->want)->name,
			    c->want_shown);
		fixture_teardown(&f);
	}
}

/* NUL cannot be part of a C string. */
static void
test_nul(void **state)
{
	struct fixture f;
	struct verdict v;

	(void)state;
	fixture_setup(&f);
	fixture_mail(&f, "<alice@example.org>", NULL);
	fixture_message(&f, ME REST);
	facts_feed_body(&f.facts, SPAN("a\0b\r\n"));
	v = fixture_run(&f, STAGE_MESSAGE);
	assert_int_equal(v.reason, REASON_BODY_NUL);
	fixture_teardown(&f);
}

/* D6.3: at the limit it passes, one above it does not. */
static void
test_limits(void **state)
{
	static const char text[] = ME "To: a@example.net, b@example.net\n"
	    "Content-Type: multipart/mixed; boundary=x\n\n"
	    "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n"
	    "--y\r\n\r\npart\r\n--y--\r\n--x--\r\n";
	static const struct profile_limits at = { 102, 43, 3, 2, 11 };
	static const struct {
		struct profile_limits limits;
		enum reason want;
		const char *want_shown;
	} rows[] = {
		{ { 101, 43, 3, 2, 11 }, REASON_HEADER_TOO_LARGE, "101" },
		{ { 102, 42, 3, 2, 11 }, REASON_FIELD_TOO_LARGE, "42" },
		{ { 102, 43, 2, 2, 11 }, REASON_FIELDS_TOO_MANY, "2" },
		{ { 102, 43, 3, 1, 11 }, REASON_MIME_TOO_DEEP, "1" },
		{ { 102, 43, 3, 2, 10 }, REASON_ADDRESSES_TOO_MANY, "To" },
		{ at, REASON_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		f.profile.limits = rows[i].limits;
		f.profile.rules[RULE_FROM_RIGHTS] = RULE_OFF;
		v = judge(&f, text, false);
		if (v.reason != rows[i].want ||
		    !span_eq(v.shown, span_of(rows[i].want_shown)))
			fail_msg("row %zu: got %s \"%.*s\", want %s \"%s\"", i,
			    reason_info(v.reason)->name, SPAN_ARG(v.shown),
			    reason_info(rows[i].want)->name,
			    rows[i].want_shown);
		fixture_teardown(&f);
	}
}

/* A rule on trial is recorded and lets pass; one that is off is not asked. */
static void
test_modes(void **state)
{
	struct fixture f;
	struct verdict v;
	bool is_recorded = false;

	(void)state;
	fixture_setup(&f);
	f.profile.rules[RULE_FROM_RIGHTS] = RULE_WARN;
	f.profile.rules[RULE_HEADER_FQDN] = RULE_OFF;
	v = judge(&f, "From: bob@example.org\nTo: carol@host\n\n", false);
	assert_int_equal(v.action, ACTION_PASS);
	for (size_t i = 0; i < f.log.n; i++) {
		assert_int_not_equal(f.log.v[i].rule, RULE_HEADER_FQDN);
		if (f.log.v[i].rule != RULE_FROM_RIGHTS)
			continue;
		is_recorded = true;
		assert_int_equal(f.log.v[i].mode, RULE_WARN);
		assert_int_equal(f.log.v[i].verdict.reason,
		    REASON_FROM_NOT_ALLOWED);
	}
	assert_true(is_recorded);
	fixture_teardown(&f);
}

/* A table that is down: 451 under an enforced rule, a pass under trial. */
static void
test_table_down(void **state)
{
	static const struct fixture_row rows[] = {
		{ "logins", "bob@example.org", NULL },
		{ NULL, NULL, NULL },
	};
	struct rights_table table = { fixture_table("logins"), false,
		RIGHT_OWN };

	(void)state;
	for (int mode = RULE_ENFORCE; mode <= RULE_WARN; mode++) {
		struct fixture f;
		struct verdict v;

		fixture_setup(&f);
		f.rights.tables = &table;
		f.rights.table_count = 1;
		fixture_tables(&f, rows);
		f.profile.rules[RULE_FROM_RIGHTS] = (enum rule_mode)mode;
		v = judge(&f, "From: bob@example.org\n" REST, false);
		assert_int_equal(v.action, mode == RULE_ENFORCE ?
		    ACTION_TEMPFAIL : ACTION_PASS);
		assert_int_equal(f.log.v[0].verdict.action, ACTION_TEMPFAIL);
		fixture_teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_mail),
		cmocka_unit_test(test_rcpt),
		cmocka_unit_test(test_return_path),
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_table_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
