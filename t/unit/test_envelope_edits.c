/*
 * test_envelope_edits - what the MTA is told of another sender and of other
 * recipients.
 * Proves: D8.8 (NOTIFY and ORCPT go with the recipient), X6 (nothing to do is
 * nothing done).
 */
#include "facts_fixture.h"

#include "base/sbuf.h"
#include "edit/envelope.h"

/* A recipient of the client's, its parameters, and what stands for it. */
struct rcpt {
	const char *path;
	const char *param, *second_param;
	const char *instead;	/* NULL: nothing does */
	bool is_refused;	/* what stands for it, or itself */
};

#define RCPT_MOST 4

struct envelope_case {
	const char *name;
	const char *sender;	/* that leaves; NULL: the submitted one */
	struct rcpt rcpt[RCPT_MOST];
	const char *want;
};

static const struct envelope_case cases[] = {
	{ "nothing to do", NULL, { { .path = "<a@x.example>" } }, "" },
	{ "the same sender", "<alice@example.org>",
	    { { .path = "<a@x.example>" } }, "" },
	{ "another sender", "<a@other.example>",
	    { { .path = "<a@x.example>" } },
	    "change-sender <a@other.example> for test\n" },
	{ "the null sender", "<>", { { .path = "<a@x.example>" } },
	    "change-sender <> for test\n" },
	{ "another recipient", NULL,
	    { { .path = "<a@x.example>", .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <b@x.example> for test\n" },
	{ "with its parameters", NULL,
	    { { .path = "<a@x.example>", .param = "NOTIFY=SUCCESS,DELAY",
	    .second_param = "orcpt=rfc822;a+2Bb@x.example",
	    .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <b@x.example> NOTIFY=SUCCESS,DELAY "
	    "orcpt=rfc822;a+2Bb@x.example for test\n" },
	{ "but not with others", NULL,
	    { { .path = "<a@x.example>", .param = "RRVS=2026-01-01",
	    .second_param = "NOTIFY=NEVER", .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <b@x.example> NOTIFY=NEVER for test\n" },
	{ "one for two", NULL,
	    { { .path = "<a@x.example>", .instead = "<c@x.example>" },
	    { .path = "<b@x.example>", .instead = "<c@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <c@x.example> for test\n"
	    "delete-recipient <b@x.example> for test\n" },
	{ "one that is there", NULL,
	    { { .path = "<b@x.example>" },
	    { .path = "<a@x.example>", .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n" },
	{ "one that comes later", NULL,
	    { { .path = "<a@x.example>", .instead = "<b@x.example>" },
	    { .path = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n" },
	{ "each for the other", NULL,
	    { { .path = "<a@x.example>", .instead = "<b@x.example>" },
	    { .path = "<b@x.example>", .instead = "<a@x.example>" } }, "" },
	{ "named twice", NULL,
	    { { .path = "<a@x.example>", .instead = "<b@x.example>" },
	    { .path = "<a@x.example>", .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <b@x.example> for test\n" },
	{ "refused", NULL,
	    { { .path = "<a@x.example>", .instead = "<b@x.example>",
	    .is_refused = true }, { .path = "<c@x.example>" } }, "" },
	{ "refused as submitted", NULL,
	    { { .path = "<b@x.example>", .is_refused = true },
	    { .path = "<a@x.example>", .instead = "<b@x.example>" } },
	    "delete-recipient <a@x.example> for test\n"
	    "add-recipient <b@x.example> for test\n" },
};

static void
take_recipient(struct fixture *f, const struct rcpt *rcpt)
{
	char *argv[] = { (char *)(uintptr_t)rcpt->path,
		(char *)(uintptr_t)rcpt->param,
		(char *)(uintptr_t)rcpt->second_param, NULL };
	struct verdict refused = verdict_refuse(REASON_RECIPIENT_NOT_ALLOWED,
	    SPAN(""), SPAN(""));
	size_t n = f->facts.recipient_count;

	assert_int_equal(facts_add_recipient(&f->facts, argv), 0);
	if (rcpt->instead != NULL)
		assert_int_equal(facts_replace_recipient(&f->facts,
		    span_of(rcpt->instead), "test"), 0);
	for (; rcpt->is_refused && n < f->facts.recipient_count; n++)
		f->facts.recipients[n].verdict = refused;
}

static struct span
edits_text(struct fixture *f, const struct edit_list *list)
{
	struct sbuf out;
	struct span text;

	sbuf_init(&out, f->arena, 10000);
	for (size_t i = 0; i < list->n; i++) {
		const struct edit *e = &list->v[i];

		assert_true(edit_is_of_envelope(e->kind));
		sbuf_addf(&out, "%s %.*s%s%.*s for %s\n",
		    edit_kind_name(e->kind), SPAN_ARG(e->value),
		    e->params.len > 0 ? " " : "", SPAN_ARG(e->params),
		    e->cause);
	}
	assert_int_equal(sbuf_done(&out, &text), 0);
	return text;
}

static void
check_case(const struct envelope_case *c)
{
	struct edit_list list;
	struct fixture f;
	struct span got;

	fixture_setup(&f);
	edit_list_init(&list, f.arena);
	fixture_mail(&f, "<alice@example.org>", "SIZE=100");
	if (c->sender != NULL)
		assert_int_equal(facts_replace_sender(&f.facts,
		    span_of(c->sender), "test"), 0);
	for (size_t i = 0; i < RCPT_MOST && c->rcpt[i].path != NULL; i++)
		take_recipient(&f, &c->rcpt[i]);
	assert_int_equal(envelope_run(&f.facts, &list), 0);
	got = edits_text(&f, &list);
	if (!span_eq(got, span_of(c->want)))
		fail_msg("%s: got\n%.*swant\n%s", c->name, SPAN_ARG(got),
		    c->want);
	fixture_teardown(&f);
}

static void
test_edits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
