/*
 * test_rights_fields - rights to every address that a message names as its
 * author or sender.
 * Proves: X2 (every From mailbox, Sender, the newest Resent block), X4 (From
 * put right), D6.1 (envelope sender, also one that must exist), X10 (the
 * signer asks the same judge, strictly), D8.1 (who acts for whom).
 */
#include "facts_fixture.h"

#include "edit/completion.h"

#define REST "To: carol@example.net\nDate: Mon, 2 Nov 2026 10:00:00 +0100\n" \
	"Message-ID: <a@b.example>\n\nbody\r\n"
#define ME "From: alice@example.org\n"
#define RESENT_ME "Resent-From: alice@example.org\n"
#define RESENT_BOB "Resent-From: bob@example.org\n"

static const struct fixture_row rows[] = {
	{ "logins", "sales@example.org", "alice@example.org" },
	{ "logins", "team@example.org", "group:staff" },
	{ "logins", "@shop.example", "alice@example.org" },
	{ "aliases", "alice@example.org", "alias@example.org @own.example" },
	{ "primary", "robot", "robots@example.org" },
	{ "primary", "utf8", "b\xc3\xbc@example.org" },
	{ "primary", "lost", NULL },
	{ "mailboxes", "alice@example.org", "alice/" },
	{ "mailboxes", "real@shop.example", "real/" },
	{ "mailboxes", "@own.example", "all/" },
	{ "logins", "down@example.org", NULL },
	{ NULL, NULL, NULL },
};

static void
setup(struct fixture *f, struct rights_table tables[2], const char *login)
{
	tables[0] = (struct rights_table){ fixture_table("logins"), false,
		RIGHT_ACTS_FOR };
	tables[1] = (struct rights_table){ fixture_table("aliases"), true,
		RIGHT_OWN };
	fixture_setup(f);
	fixture_tables(f, rows);
	f->rights.tables = tables;
	f->rights.table_count = 2;
	f->rights.primary = fixture_table("primary");
	fixture_login(f, login);
	fixture_mail(f, "<alice@example.org>", NULL);
}

struct field_case {
	const char *name;
	const char *text;
	enum reason want;
	const char *want_shown;
};

static const struct field_case cases[] = {
	/* several mailboxes */
	{ "own, acts-for, another's", "From: alice@example.org, "
	    "sales@example.org, bob@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "another's between two of one's own", "From: alice@example.org, "
	    "bob@example.org, alias@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "another's behind a comment", "From: alice@example.org (a, b), "
	    "(c) bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED, "From" },
	{ "a second one on a folded line", "From: alice@example.org,\n"
	    " bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED, "From" },
	{ "an empty element and another's", "From: alice@example.org,,"
	    " bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED, "From" },
	{ "one without domain among them", "From: alice@example.org, "
	    "alice\n" REST, REASON_FROM_UNQUALIFIED, "From" },
	{ "one in a group among them", "From: alice@example.org, us:"
	    "alias@example.org;\n" REST, REASON_FROM_GROUP, "From" },
	{ "one that cannot be read", "From: alice@example.org, <alias@\n"
	    REST, REASON_FROM_UNREADABLE, "From" },
	{ "a table that is down for one", "From: alice@example.org, "
	    "down@example.org\n" REST, REASON_TEMPORARY, "" },
	/* who it seems to be */
	{ "own address as name, without quotes",
	    "From: alice@example.org <bob@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "the victim as name, without quotes",
	    "From: victim@bank.example <alice@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, "From" },
	{ "the victim before a comment with one's own",
	    "From: victim@bank.example (me <alice@example.org>)\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "the victim before one's own",
	    "From: victim@bank.example, me <alice@example.org>\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "own address in a route",
	    "From: <@example.org,@alice.example:bob@example.org>\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "one's own in an encoded word", "From: =?utf-8?q?alice=40example"
	    ".org?= <bob@example.org>\n" REST, REASON_FROM_NOT_ALLOWED,
	    "From" },
	{ "an encoded word for an address",
	    "From: =?utf-8?q?alice=40example.org?=\n" REST,
	    REASON_FROM_UNQUALIFIED, "From" },
	{ "brackets that do not close", "From: bob@example.org "
	    "(<alice@example.org>\n" REST, REASON_FROM_UNREADABLE, "From" },
	{ "another's address with a newline",
	    "From: bob@example.org\n\t\n" REST, REASON_FROM_NOT_ALLOWED,
	    "From" },
	/* Sender */
	{ "Sender of another, From one's own", ME
	    "Sender: bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED,
	    "Sender" },
	{ "Sender one's own, From another's",
	    "From: bob@example.org\nSender: alice@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, "From" },
	{ "two Senders, one another's", ME "Sender: alice@example.org\n"
	    "Sender: bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED,
	    "Sender" },
	{ "Sender without domain", ME "Sender: alice\n" REST,
	    REASON_FROM_UNQUALIFIED, "Sender" },
	{ "Sender as a group", ME "Sender: x:alice@example.org;\n" REST,
	    REASON_FROM_GROUP, "Sender" },
	{ "Sender with a control", ME "Sender: \"\x7f\" "
	    "<alice@example.org>\n" REST, REASON_FROM_CONTROL, "Sender" },
	/* Resent */
	{ "Resent-From of another, alone", RESENT_BOB ME REST,
	    REASON_FROM_NOT_ALLOWED, "Resent-From" },
	{ "newest of three blocks is another's", RESENT_BOB
	    "Resent-Date: x\n" RESENT_ME "Resent-Date: x\n" RESENT_ME ME
	    REST, REASON_FROM_NOT_ALLOWED, "Resent-From" },
	{ "two in Resent-From, one another's", "Resent-From: "
	    "alice@example.org, bob@example.org\n" ME REST,
	    REASON_FROM_NOT_ALLOWED, "Resent-From" },
	{ "Resent-Sender of another above", "Resent-Sender: "
	    "bob@example.org\n" RESENT_ME ME REST, REASON_FROM_NOT_ALLOWED,
	    "Resent-Sender" },
	{ "Resent-Sender of another, far below", RESENT_ME
	    "Received: x\nResent-Sender: bob@example.org\n" ME REST,
	    REASON_FROM_NOT_ALLOWED, "Resent-Sender" },
	{ "Resent-From excuses no From", RESENT_ME "From: bob@example.org\n"
	    REST, REASON_FROM_NOT_ALLOWED, "From" },
	{ "Resent-From that cannot be read", "Resent-From: <\n" ME REST,
	    REASON_FROM_UNREADABLE, "Resent-From" },
	/* what passes */
	{ "several of one's own", "From: alice@example.org, "
	    "alias@example.org, x@own.example\n" REST, REASON_NONE, "" },
	{ "own and acts-for", "From: sales@example.org, "
	    "alice@example.org\nSender: alice@example.org\n" REST,
	    REASON_NONE, "" },
	{ "Sender that acts for", ME "Sender: sales@example.org\n" REST,
	    REASON_NONE, "" },
	{ "Sender by a whole domain", ME "Sender: any@shop.example\n" REST,
	    REASON_NONE, "" },
	{ "Resent by oneself", RESENT_ME "Resent-Sender: "
	    "alias@example.org\n" ME REST, REASON_NONE, "" },
	{ "older block of another", RESENT_ME "Resent-Date: x\n"
	    "Received: y\n" RESENT_BOB ME REST, REASON_NONE, "" },
};

static void
test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct field_case *c = &cases[i];
		struct rights_table tables[2];
		struct fixture f;
		struct verdict v;

		setup(&f, tables, "alice@example.org");
		fixture_message(&f, c->text);
		v = fixture_run(&f, STAGE_HEADER);
		if (v.reason != c->want ||
		    !span_eq(v.shown, span_of(c->want_shown)))
			fail_msg("%s: got %s %.*s, want %s %s", c->name,
			    reason_info(v.reason)->name, SPAN_ARG(v.shown),
			    reason_info(c->want)->name, c->want_shown);
		fixture_teardown(&f);
	}
}

/* --- MAIL FROM ------------------------------------------------------------ */

/* Under a right to a whole domain the address must exist, if we can tell. */
static void
test_mailboxes(void **state)
{
	static const struct {
		const char *path;
		bool is_asked;
		enum reason want;
	} paths[] = {
		{ "<nobody@shop.example>", true, REASON_SENDER_NOT_ALLOWED },
		{ "<sales@example.org>", true, REASON_SENDER_NOT_ALLOWED },
		{ "<any@own.example>", true, REASON_SENDER_NOT_ALLOWED },
		{ "<real@other.example>", true, REASON_SENDER_NOT_ALLOWED },
		{ "<real@shop.example>", true, REASON_NONE },
		{ "<Real+x@shop.example>", true, REASON_NONE },
		{ "<alice+x@example.org>", true, REASON_NONE },
		{ "<>", true, REASON_NONE },
		{ "<nobody@shop.example>", false, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct rights_table tables[2];
		struct fixture f;
		struct verdict v;

		setup(&f, tables, "alice@example.org");
		if (paths[i].is_asked)
			f.rights.mailboxes = fixture_table("mailboxes");
		fixture_mail(&f, paths[i].path, NULL);
		v = fixture_run(&f, STAGE_MAIL);
		if (v.reason != paths[i].want)
			fail_msg("%s: got %s, want %s", paths[i].path,
			    reason_info(v.reason)->name,
			    reason_info(paths[i].want)->name);
		fixture_teardown(&f);
	}
}

/* --- from = fix ----------------------------------------------------------- */

struct fix_case {
	const char *name;
	const char *login;
	enum rule_mode mode;
	const char *text;
	enum reason want;
	const char *want_leaving;	/* its beginning; NULL: unchanged */
};

#define FIXED_BOB "From: alice@example.org\n"

static const struct fix_case fixes[] = {
	{ "on trial nothing is edited", "alice@example.org", RULE_WARN,
	    "From: bob@example.org\n" REST, REASON_NONE, NULL },
	{ "switched off", "alice@example.org", RULE_OFF,
	    "From: bob@example.org\n" REST, REASON_NONE, NULL },
	{ "what cannot be read", "alice@example.org", RULE_ENFORCE,
	    "From: bob@example.org <alice@example.org>\n" REST,
	    REASON_FROM_UNREADABLE, NULL },
	{ "two fields", "alice@example.org", RULE_ENFORCE,
	    "From: bob@example.org\n" ME REST, REASON_FROM_SEVERAL, NULL },
	{ "a group", "alice@example.org", RULE_ENFORCE,
	    "From: x: bob@example.org;\n" REST, REASON_FROM_GROUP, NULL },
	{ "a foreign Sender", "alice@example.org", RULE_ENFORCE,
	    "From: bob@example.org\nSender: bob@example.org\n" REST,
	    REASON_FROM_NOT_ALLOWED, NULL },
	{ "nothing to put there", "plain", RULE_ENFORCE,
	    "From: bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED, NULL },
	{ "what there is needs SMTPUTF8", "utf8", RULE_ENFORCE,
	    "From: bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED, NULL },
	{ "the table of addresses is down", "lost", RULE_ENFORCE,
	    "From: bob@example.org\n" REST, REASON_TEMPORARY, NULL },
	{ "one's own stays", "alice@example.org", RULE_ENFORCE,
	    "From: Alice <alice@example.org>\n" REST, REASON_NONE, NULL },
	{ "an alias stays", "alice@example.org", RULE_ENFORCE,
	    "From: alias@example.org\n" REST, REASON_NONE, NULL },
	{ "another's", "alice@example.org", RULE_ENFORCE,
	    "From: bob@example.org\n" REST, REASON_NONE, FIXED_BOB },
	{ "another's with a name", "alice@example.org", RULE_ENFORCE,
	    "From: \"Scan, Floor 2\" <bob@example.org>\n" REST, REASON_NONE,
	    "From: \"Scan, Floor 2\" <alice@example.org>\n" },
	{ "a name that holds an address", "alice@example.org", RULE_ENFORCE,
	    "From: \"bob@example.org\" <bob@example.org>\n" REST,
	    REASON_NONE, FIXED_BOB },
	{ "several", "alice@example.org", RULE_ENFORCE,
	    "From: alice@example.org, bob@example.org\n" REST, REASON_NONE,
	    FIXED_BOB },
	{ "from the table of addresses", "robot", RULE_ENFORCE,
	    "From: bob@example.org\n" REST, REASON_NONE,
	    "From: robots@example.org\n" },
};

static void
check_fix(const struct fix_case *c)
{
	struct rights_table tables[2];
	struct edit_list edits;
	struct fixture f;
	struct verdict v;
	const char *error = NULL;
	char *before, *after;

	setup(&f, tables, c->login);
	f.profile.from = FROM_FIX;
	f.profile.rules[RULE_FROM_RIGHTS] = c->mode;
	f.profile.complete.sender = false;
	edit_list_init(&edits, f.arena);
	fixture_message(&f, c->text);
	v = fixture_run(&f, STAGE_HEADER);
	if (v.reason != c->want)
		fail_msg("%s: got %s, want %s", c->name,
		    reason_info(v.reason)->name, reason_info(c->want)->name);
	before = fixture_leaving(&f);
	assert_int_equal(completion_run(&f.profile, &f.facts, &edits,
	    &error), COMPLETION_OK);
	after = fixture_leaving(&f);
	if (c->want != REASON_NONE)
		; /* what is refused does not leave */
	else if (c->want_leaving == NULL && strcmp(before, after) != 0)
		fail_msg("%s: got %s want it unchanged", c->name, after);
	else if (c->want_leaving != NULL && strncmp(after, c->want_leaving,
	    strlen(c->want_leaving)) != 0)
		fail_msg("%s: got %s want %s", c->name, after,
		    c->want_leaving);
	if (c->want_leaving != NULL &&
	    (strstr(after, "\nX-Original-From:") == NULL ||
	    strstr(after, "\nReply-To:") == NULL))
		fail_msg("%s: the old From is lost: %s", c->name, after);
	free(before);
	free(after);
	fixture_teardown(&f);
}

static void
test_fix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++)
		check_fix(&fixes[i]);
}

/* --- a message sent on ---------------------------------------------------- */

/* It may keep the From of another, but is not signed for it. */
static void
test_resent_keeps_from(void **state)
{
	static const struct {
		const char *text;
		enum reason want;
		enum from_rights want_rights;
	} messages[] = {
		{ "From: bob@example.org\n" REST, REASON_FROM_NOT_ALLOWED,
		    FROM_RIGHTS_NOT_ALL },
		{ RESENT_BOB "From: bob@example.org\n" REST,
		    REASON_FROM_NOT_ALLOWED, FROM_RIGHTS_NOT_ALL },
		{ RESENT_ME "From: <\n" REST, REASON_FROM_UNREADABLE,
		    FROM_RIGHTS_NOT_ALL },
		{ RESENT_ME "From: down@example.org\n" REST,
		    REASON_TEMPORARY, FROM_RIGHTS_UNKNOWN },
		{ RESENT_ME "From: bob@example.org\n" REST, REASON_NONE,
		    FROM_RIGHTS_NOT_ALL },
		{ RESENT_ME ME REST, REASON_NONE, FROM_RIGHTS_ALL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct rights_table tables[2];
		struct fixture f;
		struct verdict v;
		const char *error;

		setup(&f, tables, "alice@example.org");
		f.profile.resent_keeps_from = true;
		fixture_message(&f, messages[i].text);
		v = fixture_run(&f, STAGE_HEADER);
		if (v.reason != messages[i].want)
			fail_msg("row %zu: got %s, want %s", i,
			    reason_info(v.reason)->name,
			    reason_info(messages[i].want)->name);
		assert_int_equal(policy_from_rights(&f.facts,
		    &f.facts.leaving, &error), messages[i].want_rights);
		fixture_teardown(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_fix),
		cmocka_unit_test(test_resent_keeps_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
