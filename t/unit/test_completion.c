/*
 * test_completion - what is added to a message and what is left alone.
 * Proves: D8.1, D8.2, D8.3, W1, X6 (a second pass changes nothing).
 */
#include "facts_fixture.h"

#include "edit/completion.h"

#define DATE "Date: Sat, 21 Nov 2026 10:00:00 +0100\n"
#define ID "Message-ID: <x@example.org>\n"
#define TO "To: carol@example.net\n"
#define ME "From: alice@example.org\n"
#define NEW_DATE "Date: Sat, 21 Nov 2026 09:20:00 +0000\n"
#define NEW_ID \
	"Message-ID: <01TESTTESTTESTTESTTESTTEST@mx.example.org>\n"

struct completion_case {
	const char *name;
	const char *login;
	const char *sender;
	const char *text;
	const char *want;
	size_t want_edits;
	bool from_envelope;	/* sender_from_envelope */
};

static const struct fixture_row rows[] = {
	{ "delegates", "boss@example.org", "alice@example.org printer" },
	{ "aliases", "alice@example.org", "alias@example.org" },
	{ NULL, NULL, NULL },
};

static const struct completion_case cases[] = {
	{ "complete already", "alice@example.org", "<alice@example.org>",
	    DATE ME TO ID, DATE ME TO ID, 0 },
	{ "nothing there", "alice@example.org", "<alice@example.org>", ME,
	    ME NEW_DATE NEW_ID "To: undisclosed-recipients:;\n", 3 },
	/* D8.2 */
	{ "bad Date", "alice@example.org", "<alice@example.org>",
	    "Date:  yesterday\n" ME TO ID,
	    NEW_DATE ME TO ID "X-Original-Date: yesterday\n", 2 },
	{ "empty Date", "alice@example.org", "<alice@example.org>",
	    "Date: \n" ME TO ID, NEW_DATE ME TO ID, 1 },
	{ "odd but valid Date", "alice@example.org", "<alice@example.org>",
	    "dATE:   21 Nov 26 10:00 (noon) EST\n" ME TO ID,
	    "dATE:   21 Nov 26 10:00 (noon) EST\n" ME TO ID, 0 },
	{ "wrong weekday", "alice@example.org", "<alice@example.org>",
	    "Date: Mon, 21 Nov 2026 10:00:00 +0100\n" ME TO ID,
	    "Date: Mon, 21 Nov 2026 10:00:00 +0100\n" ME TO ID, 0 },
	{ "forged X-Original-Date", "alice@example.org",
	    "<alice@example.org>",
	    "X-Original-Date: a\nx-original-date: b\n" DATE ME TO ID,
	    DATE ME TO ID, 2 },
	/* D8.3 */
	{ "bad Message-ID", "alice@example.org", "<alice@example.org>",
	    DATE ME TO "Message-Id: x@y\n",
	    DATE ME TO "Message-Id: <01TESTTESTTESTTESTTESTTEST@"
	    "mx.example.org>\nX-Original-Message-ID: x@y\n", 2 },
	/* W1 */
	{ "Bcc goes", "alice@example.org", "<alice@example.org>",
	    DATE ME TO "Bcc: x@example.net\nbcc: y@example.net\n" ID,
	    DATE ME TO ID, 2 },
	{ "only Bcc", "alice@example.org", "<alice@example.org>",
	    DATE ME "Bcc: x@example.net\n" ID,
	    DATE ME ID "To: undisclosed-recipients:;\n", 2 },
	{ "Cc is enough", "alice@example.org", "<alice@example.org>",
	    DATE ME "Cc: x@example.net\n" ID, DATE ME "Cc: x@example.net\n" ID,
	    0 },
	/* D8.1 */
	{ "alias of her own", "alice@example.org", "<alice@example.org>",
	    DATE "From: alias@example.org\n" TO ID,
	    DATE "From: alias@example.org\n" TO ID, 0 },
	{ "acts for another", "alice@example.org", "<alice@example.org>",
	    DATE "From: boss@example.org\n" TO ID,
	    DATE "From: boss@example.org\n" TO ID
	    "Sender: alice@example.org\n", 1 },
	{ "several authors", "alice@example.org", "<alice@example.org>",
	    DATE "From: alice@example.org, alias@example.org\n" TO ID,
	    DATE "From: alice@example.org, alias@example.org\n" TO ID
	    "Sender: alice@example.org\n", 1 },
	{ "Sender is the boss", "alice@example.org", "<alice@example.org>",
	    DATE "From: boss@example.org\nSender: boss@example.org\n" TO ID,
	    DATE "From: boss@example.org\nSender: alice@example.org\n" TO ID
	    "X-Original-Sender: boss@example.org\n", 2 },
	{ "Sender is her own already", "alice@example.org",
	    "<alice@example.org>", DATE
	    "From: boss@example.org\nSender:  A <alias@example.org>\n" TO ID,
	    DATE
	    "From: boss@example.org\nSender:  A <alias@example.org>\n" TO ID,
	    0 },
	{ "no address to put there", "printer", "<>",
	    DATE "From: boss@example.org\n" TO ID,
	    DATE "From: boss@example.org\n" TO ID, 0 },
	{ "no right at all", "bob@example.org", "<bob@example.org>",
	    DATE "From: boss@example.org\n" TO ID,
	    DATE "From: boss@example.org\n" TO ID, 0 },
	{ "envelope sender elsewhere", "alice@example.org",
	    "<alias@example.org>", DATE ME TO ID,
	    DATE ME TO ID "Sender: alice@example.org\n", 1,
	    .from_envelope = true },
	{ "envelope sender in From", "alice@example.org",
	    "<ALICE@example.org>", DATE ME TO ID, DATE ME TO ID, 0,
	    .from_envelope = true },
	{ "null sender is not elsewhere", "alice@example.org", "<>",
	    DATE ME TO ID, DATE ME TO ID, 0, .from_envelope = true },
};

static void
setup(struct fixture *f, struct rights_table tables[2], const char *login)
{
	fixture_setup(f);
	fixture_tables(f, rows);
	tables[0] = (struct rights_table){ fixture_table("delegates"), false,
		RIGHT_ACTS_FOR };
	tables[1] = (struct rights_table){ fixture_table("aliases"), true,
		RIGHT_OWN };
	f->rights.tables = tables;
	f->rights.table_count = 2;
	fixture_login(f, login);
}

/* The leaving header of TEXT; to be freed. */
static char *
complete(const struct completion_case *c, const char *text, size_t *edits_r)
{
	struct rights_table tables[2];
	struct fixture f;
	struct edit_list list;
	const char *error;
	char *leaving;

	setup(&f, tables, c->login);
	f.profile.complete.sender_from_envelope = c->from_envelope;
	fixture_mail(&f, c->sender, NULL);
	fixture_message(&f, text);
	edit_list_init(&list, f.arena);
	assert_int_equal(completion_run(&f.profile, &f.facts, &list, &error),
	    COMPLETION_OK);
	leaving = fixture_leaving(&f);
	*edits_r = list.n;
	fixture_teardown(&f);
	return leaving;
}

static void
test_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct completion_case *c = &cases[i];
		size_t edits;
		char *got = complete(c, c->text, &edits);

		if (strcmp(got, c->want) != 0)
			fail_msg("%s: got\n%swant\n%s", c->name, got,
			    c->want);
		if (edits != c->want_edits)
			fail_msg("%s: got %zu edits, want %zu", c->name,
			    edits, c->want_edits);
		free(got);
	}
}

/* All but the X-Original fields, which are trace. */
static char *
without_originals(const char *text)
{
	char *out = calloc(1, strlen(text) + 1);
	size_t n = 0;

	assert_non_null(out);
	while (*text != '\0') {
		size_t line = strcspn(text, "\n") + 1;

		if (strncmp(text, "X-Original-", 11) != 0) {
			memcpy(out + n, text, line);
			n += line;
		}
		text += line;
	}
	return out;
}

static void
test_second_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t edits;
		char *once = complete(&cases[i], cases[i].text, &edits);
		char *twice = complete(&cases[i], once, &edits);
		char *want = without_originals(once);

		if (strcmp(twice, want) != 0)
			fail_msg("%s: got\n%swant\n%s", cases[i].name, twice,
			    want);
		free(once);
		free(twice);
		free(want);
	}
}

static void
test_switched_off(void **state)
{
	struct rights_table tables[2];
	struct fixture f;
	struct edit_list list;
	const char *error;

	(void)state;
	setup(&f, tables, "alice@example.org");
	f.profile.complete = (struct profile_complete){ .date = false };
	fixture_mail(&f, "<alice@example.org>", NULL);
	fixture_message(&f, "From: boss@example.org\nDate: x\nBcc: y\n");
	edit_list_init(&list, f.arena);
	assert_int_equal(completion_run(&f.profile, &f.facts, &list, &error),
	    COMPLETION_OK);
	assert_int_equal(list.n, 0);
	fixture_teardown(&f);
}

static void
test_table_down(void **state)
{
	static const struct fixture_row down[] = {
		{ "delegates", "boss@example.org", NULL },
		{ NULL, NULL, NULL },
	};
	struct rights_table tables[2];
	struct fixture f;
	struct edit_list list;
	const char *error = NULL;

	(void)state;
	setup(&f, tables, "alice@example.org");
	fixture_tables(&f, down);
	fixture_mail(&f, "<alice@example.org>", NULL);
	fixture_message(&f, "From: boss@example.org\n");
	edit_list_init(&list, f.arena);
	assert_int_equal(completion_run(&f.profile, &f.facts, &list, &error),
	    COMPLETION_LOOKUP_FAILED);
	assert_string_equal(error, "table is down");
	fixture_teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_second_pass),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_table_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
