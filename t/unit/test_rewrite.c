/*
 * test_rewrite - other addresses, as tables say.
 * Proves: D8.8 (exact address, domain, domains below one; four switches; no
 * rule without a row; no loops), X6 (a second pass changes nothing).
 */
#include "facts_fixture.h"

#include "edit/envelope.h"
#include "edit/rewrite.h"

static const struct fixture_row rows[] = {
	/* exact addresses */
	{ "map", "jru@example.net", "J.Random.User" },
	{ "map", "old@example.net", "new.name@example.org" },
	{ "map", "quoted@example.net", "\"J R U\"" },
	{ "map", "exempt@old.example", "exempt@old.example" },
	{ "map", "case@example.net", "Case@example.net" },
	{ "map", "host@example.net", "host@[192.0.2.1]" },
	/* domains, and what is below them */
	{ "map", "@old.example", "@new.example" },
	{ "map", "@squeaky.sales.example.net", "@zyx.example.net" },
	{ "map", "@.foo.example.net", "@foo.example.net" },
	{ "map", "@.tree.example.net", "@.wood.example.org" },
	{ "map", "@all.example", "catch@example.org" },
	/* several steps, and circles */
	{ "map", "a@step.example", "b@step.example" },
	{ "map", "b@step.example", "c@step.example" },
	{ "map", "@one.example", "@two.example" },
	{ "map", "jru@two.example", "J.Random.User" },
	{ "map", "x@circle.example", "y@circle.example" },
	{ "map", "y@circle.example", "x@circle.example" },
	{ "map", "@.grow.example", "@.a.grow.example" },
	/* at fault */
	{ "map", "several@example.net", "a@example.org, b@example.org" },
	{ "map", "short@example.net", "short@sales" },
	{ "map", "broken@example.net", "bro ken" },
	{ "map", "empty@example.net", "" },
	{ "map", "utf8@example.net", "j\xc3\xbcrgen" },
	{ "map", "idn@example.net", "@b\xc3\xbc" "cher.example" },
	{ "map", "down@example.net", NULL },
	/* a second table, asked after the first */
	{ "more", "jru@example.net", "not.asked" },
	{ "more", "@more.example", "@example.com" },
	{ "more", "@new.example", "@newest.example" },
	{ NULL, NULL, NULL },
};

static struct rewrite_table tables[2];

static void
setup(struct fixture *f)
{
	fixture_setup(f);
	fixture_tables(f, rows);
	tables[0] = (struct rewrite_table){ .table = fixture_table("map"),
		.uses = { true, true, true, true } };
	tables[1] = (struct rewrite_table){ .table = fixture_table("more"),
		.uses = { true, true, true, true } };
	f->site.rewrites = tables;
	f->site.rewrite_count = 2;
	f->profile.complete.rewrite = true;
}

/* --- what becomes of an address ------------------------------------------- */

static const struct {
	const char *from;
	const char *want;	/* NULL: it cannot be told */
} addresses[] = {
	{ "someone@example.com", "someone@example.com" },
	{ "jru@example.net", "J.Random.User@example.net" },
	{ "JRU@Example.NET", "J.Random.User@Example.NET" },
	{ "jru+lists@example.net", "J.Random.User+lists@example.net" },
	{ "quoted+x@example.net", "\"J R U+x\"@example.net" },
	{ "old@example.net", "new.name@example.org" },
	{ "old+A.b@example.net", "new.name+a.b@example.org" },
	{ "host@example.net", "host@[192.0.2.1]" },
	{ "exempt@old.example", "exempt@old.example" },
	{ "case@example.net", "Case@example.net" },
	{ "any.one@old.example", "any.one@new.example" },
	{ "\"a b\"@old.example", "\"a b\"@new.example" },
	{ "a@sub.old.example", "a@sub.old.example" },
	{ "a@squeaky.sales.example.net", "a@zyx.example.net" },
	{ "a@host.foo.example.net", "a@foo.example.net" },
	{ "a@deep.host.foo.example.net", "a@foo.example.net" },
	{ "a@foo.example.net", "a@foo.example.net" },
	{ "a@oak.tree.example.net", "a@oak.wood.example.org" },
	{ "a@old.oak.tree.example.net", "a@old.oak.wood.example.org" },
	{ "x.y@all.example", "catch@example.org" },
	{ "a@more.example", "a@example.com" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "idn@example.net", "idn@xn--bcher-kva.example" },
	/* to the end */
	{ "a@step.example", "c@step.example" },
	{ "jru@one.example", "J.Random.User@two.example" },
	{ "x@circle.example", NULL },
	{ "a@b.grow.example", NULL },
	/* rows at fault */
	{ "several@example.net", NULL },
	{ "short@example.net", NULL },
	{ "broken@example.net", NULL },
	{ "empty@example.net", NULL },
	{ "utf8@example.net", NULL },
	{ "down@example.net", NULL },
};

#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

/* "any.one@old.example" goes on to the second table. */
static const char *
final(const char *want)
{
	if (want != NULL && strstr(want, "@new.example") != NULL)
		return want[0] == '"' ? "\"a b\"@newest.example" :
		    "any.one@newest.example";
	return want;
}

static struct span
in_brackets(struct fixture *f, const char *address)
{
	return arena_printf(f->arena, "<%s>", address);
}

static void
check_status(const char *from, const char *want,
    enum completion_status status, const char *error)
{
	if ((want == NULL) != (status == COMPLETION_LOOKUP_FAILED))
		fail_msg("%s: got status %d (%s)", from, (int)status, error);
}

static void
check_sender(const char *from, const char *want)
{
	struct fixture f;
	const char *error = NULL;
	enum completion_status status;

	setup(&f);
	fixture_mail(&f, in_brackets(&f, from).ptr, NULL);
	status = rewrite_sender(&f.profile, &f.facts, &error);
	check_status(from, want, status, error);
	if (want != NULL)
		assert_string_equal(f.facts.leaving_sender.text.ptr,
		    in_brackets(&f, want).ptr);
	/* Rights were to the submitted one. */
	assert_string_equal(f.facts.sender.text.ptr,
	    in_brackets(&f, from).ptr);
	fixture_teardown(&f);
}

static void
check_recipient(const char *from, const char *want)
{
	struct fixture f;
	const char *error = NULL;
	enum completion_status status;
	char *argv[] = { NULL, NULL };

	setup(&f);
	argv[0] = (char *)(uintptr_t)in_brackets(&f, from).ptr;
	assert_int_equal(facts_add_recipient(&f.facts, argv), 0);
	status = rewrite_recipient(&f.profile, &f.facts, &error);
	check_status(from, want, status, error);
	if (want != NULL) {
		assert_string_equal(facts_recipient(&f.facts)->path.text.ptr,
		    in_brackets(&f, want).ptr);
		assert_int_equal(f.facts.recipient_count,
		    strcmp(from, want) == 0 ? 1 : 2);
		/* Once more: nothing. */
		assert_int_equal(rewrite_recipient(&f.profile, &f.facts,
		    &error), COMPLETION_OK);
		assert_int_equal(f.facts.recipient_count,
		    strcmp(from, want) == 0 ? 1 : 2);
	}
	fixture_teardown(&f);
}

static void
check_field(const char *from, const char *want)
{
	struct fixture f;
	struct edit_list list;
	const char *error = NULL;
	enum completion_status status;
	char text[300], wanted[300], *got;

	setup(&f);
	edit_list_init(&list, f.arena);
	(void)snprintf(text, sizeof(text), "To: x@example.com,\n "
	    "\"%s\" <%s> (%s), team: %s;\n", "name", from, "note", from);
	(void)snprintf(wanted, sizeof(wanted), "To: x@example.com,\n "
	    "\"%s\" <%s> (%s), team: %s;\n", "name", want, "note", want);
	fixture_message(&f, text);
	status = rewrite_header(&f.profile, &f.facts, &list, &error);
	check_status(from, want, status, error);
	if (want != NULL) {
		got = fixture_leaving(&f);
		assert_string_equal(got, wanted);
		free(got);
		assert_int_equal(list.n, strcmp(from, want) != 0);
		assert_int_equal(rewrite_header(&f.profile, &f.facts, &list,
		    &error), COMPLETION_OK);
		assert_int_equal(list.n, strcmp(from, want) != 0);
	}
	fixture_teardown(&f);
}

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ADDRESSES; i++) {
		const char *from = addresses[i].from;
		const char *want = final(addresses[i].want);

		check_sender(from, want);
		check_recipient(from, want);
		check_field(from, want);
	}
}

/* --- what is never rewritten ---------------------------------------------- */

static void
test_left_alone(void **state)
{
	struct fixture f;
	struct edit_list list;
	const char *error;
	char *got, path[] = "<Postmaster>", *argv[] = { path, NULL };
	const char *text = "From: jru\nSubject: jru@example.net\n"
	    "X-To: jru@example.net\nTo: broken <jru@example.net\n";

	(void)state;
	setup(&f);
	edit_list_init(&list, f.arena);
	fixture_mail(&f, "<>", NULL);
	assert_int_equal(facts_add_recipient(&f.facts, argv), 0);
	fixture_message(&f, text);
	assert_int_equal(rewrite_sender(&f.profile, &f.facts, &error),
	    COMPLETION_OK);
	assert_int_equal(rewrite_recipient(&f.profile, &f.facts, &error),
	    COMPLETION_OK);
	assert_int_equal(rewrite_header(&f.profile, &f.facts, &list, &error),
	    COMPLETION_OK);
	assert_int_equal(envelope_run(&f.facts, &list), 0);
	assert_int_equal(list.n, 0);
	got = fixture_leaving(&f);
	assert_string_equal(got, text);
	free(got);
	fixture_teardown(&f);
}

/* --- switches ------------------------------------------------------------- */

static void
rewrite_all(struct fixture *f, struct edit_list *list)
{
	char path[] = "<jru@example.net>", *argv[] = { path, NULL };
	const char *error;

	edit_list_init(list, f->arena);
	fixture_mail(f, path, NULL);
	assert_int_equal(facts_add_recipient(&f->facts, argv), 0);
	fixture_message(f, "From: jru@example.net\nCc: jru@example.net\n"
	    "Reply-To: jru@example.net\nResent-To: jru@example.net\n");
	assert_int_equal(rewrite_sender(&f->profile, &f->facts, &error),
	    COMPLETION_OK);
	assert_int_equal(rewrite_recipient(&f->profile, &f->facts, &error),
	    COMPLETION_OK);
	assert_int_equal(rewrite_header(&f->profile, &f->facts, list,
	    &error), COMPLETION_OK);
}

static bool
is_rewritten(struct fixture *f, enum field_id id)
{
	return span_eq(span_trim(header_first(&f->facts.leaving, id)->value),
	    SPAN("J.Random.User@example.net"));
}

/* Each of the four for itself; and all of them off. */
static void
test_switches(void **state)
{
	(void)state;
	for (int use = 0; use <= REWRITE_USES; use++) {
		struct fixture f;
		struct edit_list list;

		setup(&f);
		for (int i = 0; i < REWRITE_USES; i++)
			tables[0].uses[i] = tables[1].uses[i] = i == use;
		rewrite_all(&f, &list);
		assert_int_equal(f.facts.leaving_sender.cause != NULL,
		    use == REWRITE_ENVELOPE_SENDER);
		assert_int_equal(f.facts.recipient_count,
		    use == REWRITE_ENVELOPE_RECIPIENTS ? 2 : 1);
		assert_int_equal(is_rewritten(&f, FIELD_FROM),
		    use == REWRITE_HEADER_SENDERS);
		assert_int_equal(is_rewritten(&f, FIELD_REPLY_TO),
		    use == REWRITE_HEADER_SENDERS);
		assert_int_equal(is_rewritten(&f, FIELD_CC),
		    use == REWRITE_HEADER_RECIPIENTS);
		assert_int_equal(is_rewritten(&f, FIELD_RESENT_TO),
		    use == REWRITE_HEADER_RECIPIENTS);
		fixture_teardown(&f);
	}
}

static void
test_profile_switch(void **state)
{
	struct fixture f;
	struct edit_list list;

	(void)state;
	setup(&f);
	f.profile.complete.rewrite = false;
	rewrite_all(&f, &list);
	assert_null(f.facts.leaving_sender.cause);
	assert_int_equal(f.facts.recipient_count, 1);
	assert_int_equal(list.n, 0);
	fixture_teardown(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_switches),
		cmocka_unit_test(test_profile_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
