/*
 * problems.c - see problems.h.
 */
#include "audit/problems.h"

#include <stdbool.h>
#include <string.h>

enum problem {
#define PROBLEM(id, name, text) PROBLEM_##id,
#include "audit/problems.def"
#undef PROBLEM
};

static const struct {
	const char *name, *text;
} problems[] = {
#define PROBLEM(id, name, text) [PROBLEM_##id] = { name, text },
#include "audit/problems.def"
#undef PROBLEM
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
add(struct problem_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->names[i], name) == 0)
			return;
	if (list->n < PROBLEMS_MOST)
		list->names[list->n++] = name;
}

/* Rules about what a program sends, not about what somebody may do. */
static bool
is_about_form(enum rule rule)
{
	return rule == RULE_TLS_REQUIRED || rule == RULE_ENVELOPE_SYNTAX ||
	    rule == RULE_ENVELOPE_FQDN || rule == RULE_HEADER_SYNTAX ||
	    rule == RULE_HEADER_FQDN || rule == RULE_MESSAGE_SYNTAX;
}

static void
add_edit(struct problem_list *list, const struct edit *edit)
{
	if (edit->kind == EDIT_ADD && strcmp(edit->cause, "date") == 0)
		add(list, problems[PROBLEM_MISSING_DATE].name);
	if (edit->kind == EDIT_ADD && strcmp(edit->cause, "message-id") == 0)
		add(list, problems[PROBLEM_MISSING_MESSAGE_ID].name);
	if (strcmp(edit->cause, "qualify") == 0)
		add(list, problems[PROBLEM_UNQUALIFIED_NAME].name);
}

static bool
is_old(struct span version)
{
	return span_eq(version, SPAN("TLSv1")) ||
	    span_eq(version, SPAN("TLSv1.0")) ||
	    span_eq(version, SPAN("TLSv1.1")) ||
	    span_starts_nocase(version, SPAN("SSL"));
}

void
problems_find(const struct record *record, struct problem_list *list_r)
{
	const struct verdict_log *verdicts = record->verdicts;
	const struct edit_list *edits = record->edits;

	list_r->n = 0;
	if (record->facts->is_transfer)
		return;
	for (size_t i = 0; verdicts != NULL && i < verdicts->n; i++) {
		const struct verdict_entry *e = &verdicts->v[i];

		if (e->verdict.action == ACTION_REFUSE &&
		    is_about_form(e->rule))
			add(list_r, reason_info(e->verdict.reason)->name);
	}
	for (size_t i = 0; edits != NULL && i < edits->n; i++)
		add_edit(list_r, &edits->v[i]);
	if (record->facts->tls.is_on && is_old(record->facts->tls.version))
		add(list_r, problems[PROBLEM_OLD_TLS].name);
}

const char *
problem_text(struct span name)
{
	for (size_t i = 0; i < COUNT(problems); i++)
		if (span_eq(name, span_of(problems[i].name)))
			return problems[i].text;
	return NULL;
}
