/*
 * test_qualify - names that are short by local convention.
 * Proves: D4.2, D4.2b, D4.2c, W2 (a single label or a bare local part that a
 * table knows is written in full, the same in envelope and header; a name of
 * several labels never is), X6.
 */
#include "facts_fixture.h"

#include "dns/toplevel.h"
#include "edit/envelope.h"
#include "edit/qualify.h"

static const struct fixture_row rows[] = {
	{ "labels", "sales", "sales.example.net" },
	{ "labels", "dev", "dev.example.net" },
	{ "labels", "short", "office" },
	{ "labels", "literal", "[192.0.2.1]" },
	{ "labels", "down", NULL },
	{ "users", "joe", "example.net" },
	{ "users", "ghost", "example.net" },
	{ "users", "lost", "@example.net" },
	{ "users", "broken", "joe@example.net" },
	{ "mailboxes", "joe@example.net", "x" },
	{ "mailboxes", "ann@example.org", "x" },
	{ "mailboxes", "\"two words\"@example.org", "x" },
	{ "mailboxes", "lost@example.net", NULL },
	{ "mailboxes", "broken@example.net", "x" },
	{ "mailboxes", "@example.org", "x" },
	{ NULL, NULL, NULL },
};

static const char *local_domains[] = { "lan", ".lan" };

static void
setup(struct fixture *f)
{
	fixture_setup(f);
	fixture_tables(f, rows);
	f->site.qualify = (struct qualify){
		.labels = fixture_table("labels"),
		.users = fixture_table("users"),
		.domain = "example.org",
		.mailboxes = fixture_table("mailboxes"),
	};
	f->site.local_domains = (struct domain_list){ local_domains, 2,
		NULL };
	f->site.toplevels = toplevels_open();
	assert_non_null(f->site.toplevels);
	f->profile.known_top_levels = true;
	f->profile.complete.qualify_envelope = true;
	f->profile.complete.qualify_header = true;
}

static void
teardown(struct fixture *f)
{
	struct toplevels *toplevels =
	    (struct toplevels *)(uintptr_t)f->site.toplevels;

	toplevels_close(&toplevels);
	fixture_teardown(f);
}

/* --- the envelope --------------------------------------------------------- */

struct path_case {
	const char *path;
	const char *want;	/* NULL: the look-up fails */
	enum reason reason;
};

static const struct path_case paths[] = {
	{ "<joe@sales>", "<joe@sales.example.net>", REASON_NONE },
	{ "<Joe@SALES>", "<Joe@sales.example.net>", REASON_NONE },
	{ "<\"a b\"@sales>", "<\"a b\"@sales.example.net>", REASON_NONE },
	{ "<joe>", "<joe@example.net>", REASON_NONE },
	{ "<JOE>", "<JOE@example.net>", REASON_NONE },
	{ "<joe+tag>", "<joe+tag>", REASON_RECIPIENT_SYNTAX },
	{ "<ann+tag>", "<ann+tag@example.org>", REASON_NONE },
	{ "<ann>", "<ann@example.org>", REASON_NONE },
	{ "<\"two words\">", "<\"two words\"@example.org>", REASON_NONE },
	/* not known, or not to exist */
	{ "<joe@unknown>", "<joe@unknown>", REASON_RECIPIENT_DOMAIN },
	{ "<nobody>", "<nobody>", REASON_RECIPIENT_SYNTAX },
	{ "<ghost>", "<ghost>", REASON_RECIPIENT_SYNTAX },
	/* incomplete names of several labels */
	{ "<joe@squeaky.sales>", "<joe@squeaky.sales>",
	    REASON_RECIPIENT_DOMAIN },
	{ "<joe@a.b.sales>", "<joe@a.b.sales>", REASON_RECIPIENT_DOMAIN },
	{ "<joe@host.offiz>", "<joe@host.offiz>", REASON_RECIPIENT_DOMAIN },
	{ "<joe@host.local-office>", "<joe@host.local-office>",
	    REASON_RECIPIENT_DOMAIN },
	/* complete ones, whatever the labels are */
	{ "<joe@web.dev>", "<joe@web.dev>", REASON_NONE },
	{ "<joe@dev>", "<joe@dev.example.net>", REASON_NONE },
	{ "<joe@xn--e1afmkfd.xn--p1ai>", "<joe@xn--e1afmkfd.xn--p1ai>",
	    REASON_NONE },
	{ "<joe@host.co.ck>", "<joe@host.co.ck>", REASON_NONE },
	{ "<joe@host.lan>", "<joe@host.lan>", REASON_NONE },
	{ "<joe@a.test>", "<joe@a.test>", REASON_NONE },
	/* nothing of ours */
	{ "<postmaster>", "<postmaster>", REASON_NONE },
	{ "<joe@[192.0.2.1]>", "<joe@[192.0.2.1]>",
	    REASON_RECIPIENT_LITERAL },
	{ "<jo e@sales>", "<jo e@sales>", REASON_RECIPIENT_SYNTAX },
	{ "joe@sales", "joe@sales", REASON_RECIPIENT_SYNTAX },
	/* tables that do not answer, or not with a domain */
	{ "<joe@down>", NULL, REASON_NONE },
	{ "<joe@short>", NULL, REASON_NONE },
	{ "<joe@literal>", NULL, REASON_NONE },
	{ "<lost>", NULL, REASON_NONE },
	{ "<broken>", NULL, REASON_NONE },
};

static void
check_recipient(const struct path_case *c)
{
	struct fixture f;
	enum completion_status status;
	const char *error = NULL;
	struct verdict v;
	struct span got;
	char *argv[] = { (char *)(uintptr_t)c->path, NULL };

	setup(&f);
	assert_int_equal(facts_add_recipient(&f.facts, argv), 0);
	status = qualify_recipient(&f.profile, &f.facts, &error);
	if ((c->want == NULL) != (status == COMPLETION_LOOKUP_FAILED))
		fail_msg("%s: got status %d (%s)", c->path, (int)status,
		    error);
	if (c->want != NULL) {
		got = facts_recipient(&f.facts)->path.text;
		v = fixture_run(&f, STAGE_RCPT);
		if (!span_eq(got, span_of(c->want)) || v.reason != c->reason)
			fail_msg("%s: got %.*s, %s; want %s, %s", c->path,
			    SPAN_ARG(got), reason_info(v.reason)->name,
			    c->want, reason_info(c->reason)->name);
	}
	teardown(&f);
}

static void
test_recipients(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		check_recipient(&paths[i]);
}

/* The sender goes by the same rule; its text is kept for the record. */
static void
test_sender(void **state)
{
	static const struct {
		const char *path, *want;
		enum reason reason;
	} cases[] = {
		{ "<joe@sales>", "<joe@sales.example.net>", REASON_NONE },
		{ "<joe>", "<joe@example.net>", REASON_NONE },
		{ "<>", "<>", REASON_NONE },
		{ "<joe@unknown>", "<joe@unknown>", REASON_SENDER_DOMAIN },
		{ "<joe@x.sales>", "<joe@x.sales>", REASON_SENDER_DOMAIN },
		{ "<ghost>", "<ghost>", REASON_SENDER_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		const char *error;
		struct verdict v;
		struct span got;

		setup(&f);
		f.profile.rules[RULE_SENDER_RIGHTS] = RULE_OFF;
		fixture_mail(&f, cases[i].path, NULL);
		assert_int_equal(qualify_sender(&f.profile, &f.facts, &error),
		    COMPLETION_OK);
		v = fixture_run(&f, STAGE_MAIL);
		got = f.facts.leaving_sender.text;
		if (!span_eq(got, span_of(cases[i].want)) ||
		    v.reason != cases[i].reason)
			fail_msg("%s: got %.*s, %s", cases[i].path,
			    SPAN_ARG(got), reason_info(v.reason)->name);
		assert_string_equal(f.facts.sender.text.ptr, cases[i].path);
		teardown(&f);
	}
}

/* Rights are those to the name in full. */
static void
test_rights_are_to_the_whole_name(void **state)
{
	struct fixture f;
	const char *error;

	(void)state;
	setup(&f);
	fixture_login(&f, "joe@sales.example.net");
	fixture_mail(&f, "<joe@sales>", NULL);
	assert_int_equal(qualify_sender(&f.profile, &f.facts, &error),
	    COMPLETION_OK);
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason, REASON_NONE);
	fixture_login(&f, "ann@sales.example.net");
	assert_int_equal(fixture_run(&f, STAGE_MAIL).reason,
	    REASON_SENDER_NOT_ALLOWED);
	teardown(&f);
}

/* --- the header ----------------------------------------------------------- */

static const struct {
	const char *text, *want;
	enum reason reason;
} headers[] = {
	{ "From: joe@example.net\nTo: Joe Doe <joe@sales> (x), ann,\n joe\n",
	    "From: joe@example.net\nTo: Joe Doe <joe@sales.example.net> (x), "
	    "ann@example.org,\n joe@example.net\n", REASON_NONE },
	{ "From: joe@example.net\nCc:Team: joe, ann@SALES;\n",
	    "From: joe@example.net\nCc:Team: joe@example.net, "
	    "ann@sales.example.net;\n", REASON_NONE },
	{ "From: joe\nReply-To: \"joe\" <joe@dev>\n",
	    "From: joe@example.net\nReply-To: \"joe\" "
	    "<joe@dev.example.net>\n", REASON_NONE },
	{ "From: joe@example.net\nTo: joe@squeaky.sales, joe\n",
	    "From: joe@example.net\nTo: joe@squeaky.sales, "
	    "joe@example.net\n", REASON_ADDRESS_DOMAIN },
	{ "From: joe@example.net\nTo: ghost\n",
	    "From: joe@example.net\nTo: ghost\n", REASON_ADDRESS_DOMAIN },
	{ "From: joe@example.net\nSubject: joe@sales\nX-To: joe@sales\n",
	    "From: joe@example.net\nSubject: joe@sales\nX-To: joe@sales\n",
	    REASON_NONE },
	{ "From: joe@example.net\nTo: postmaster\n",
	    "From: joe@example.net\nTo: postmaster\n",
	    REASON_ADDRESS_DOMAIN },
};

static void
test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct fixture f;
		struct edit_list list;
		const char *error;
		struct verdict v;
		char *got;
		size_t edits;

		setup(&f);
		edit_list_init(&list, f.arena);
		fixture_login(&f, "joe@example.net");
		fixture_message(&f, headers[i].text);
		assert_int_equal(qualify_header(&f.profile, &f.facts, &list,
		    &error), COMPLETION_OK);
		v = fixture_run(&f, STAGE_HEADER);
		got = fixture_leaving(&f);
		if (strcmp(got, headers[i].want) != 0 ||
		    v.reason != headers[i].reason)
			fail_msg("got %s\n%swant %s\n%s",
			    reason_info(v.reason)->name, got,
			    reason_info(headers[i].reason)->name,
			    headers[i].want);
		free(got);
		edits = list.n;
		assert_int_equal(qualify_header(&f.profile, &f.facts, &list,
		    &error), COMPLETION_OK);
		assert_int_equal(list.n, edits);
		teardown(&f);
	}
}

static void
test_header_fails_with_its_table(void **state)
{
	struct fixture f;
	struct edit_list list;
	const char *error = NULL;

	(void)state;
	setup(&f);
	edit_list_init(&list, f.arena);
	fixture_message(&f, "From: joe@example.net\nTo: a@b.example, x@down");
	assert_int_equal(qualify_header(&f.profile, &f.facts, &list, &error),
	    COMPLETION_LOOKUP_FAILED);
	assert_string_equal(error, "table is down");
	teardown(&f);
}

/* --- switches ------------------------------------------------------------- */

static void
test_switches(void **state)
{
	struct fixture f;
	struct edit_list list;
	char path[] = "<joe@sales>", *argv[] = { path, NULL };
	const char *error;

	(void)state;
	setup(&f);
	edit_list_init(&list, f.arena);
	f.profile.complete.qualify_envelope = false;
	f.profile.complete.qualify_header = false;
	fixture_mail(&f, path, NULL);
	assert_int_equal(facts_add_recipient(&f.facts, argv), 0);
	fixture_message(&f, "From: joe@sales\nTo: joe\n");
	assert_int_equal(qualify_sender(&f.profile, &f.facts, &error),
	    COMPLETION_OK);
	assert_int_equal(qualify_recipient(&f.profile, &f.facts, &error),
	    COMPLETION_OK);
	assert_int_equal(qualify_header(&f.profile, &f.facts, &list, &error),
	    COMPLETION_OK);
	assert_int_equal(envelope_run(&f.facts, &list), 0);
	assert_int_equal(list.n, 0);
	teardown(&f);
}

/* Without the list, only what a label here stands for is known as short. */
static void
test_unknown_top_levels(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	f.profile.known_top_levels = false;
	assert_int_equal(fixture_rcpt(&f, "<joe@host.offiz>").reason,
	    REASON_NONE);
	assert_int_equal(fixture_rcpt(&f, "<joe@squeaky.sales>").reason,
	    REASON_RECIPIENT_DOMAIN);
	assert_int_equal(fixture_rcpt(&f, "<joe@squeaky.down>").reason,
	    REASON_TEMPORARY);
	teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_rights_are_to_the_whole_name),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_header_fails_with_its_table),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_unknown_top_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
