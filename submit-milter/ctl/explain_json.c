/*
 * explain_json.c - an explanation as one JSON object: the audit record with
 * one member more, "explain". Names are those of submitctl(8).
 *
 * jansson's setters take NULL for a value that could not be made and then
 * return -1, so each function adds up what they return and looks once.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "audit/text.h"
#include "ctl/explain.h"

/* VALUE, or NULL when something was lost on the way. */
static json_t *
finished(json_t *value, int status)
{
	if (status == 0)
		return value;
	json_decref(value);
	return NULL;
}

/* --- look-ups and rights -------------------------------------------------- */

static json_t *
lookup(const struct watch_lookup *from)
{
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "table",
	    json_text(explain_source(from->table)));
	status |= json_object_set_new(o, "key", json_text(from->key));
	status |= json_object_set_new(o, "answer",
	    json_string(explain_lookup_name(from->answer)));
	if (from->answer == LOOKUP_FOUND)
		status |= json_object_set_new(o, "value",
		    json_text(from->value));
	if (from->answer == LOOKUP_FAILED)
		status |= json_object_set_new(o, "error",
		    json_text(span_of(from->error)));
	status |= json_object_set_new(o, "remembered",
	    json_boolean(from->is_remembered));
	return finished(o, status);
}

static json_t *
lookups(const struct witness *witness, size_t from, size_t to)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = from; i < to; i++)
		if (witness->v[i].kind == EVENT_LOOKUP)
			status |= json_array_append_new(array,
			    lookup(&witness->v[i].lookup));
	return finished(array, status);
}

static json_t *
right(const struct watch_right *from, struct arena *arena)
{
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "address", json_text(arena_printf(
	    arena, "%.*s@%.*s", SPAN_ARG(from->local),
	    SPAN_ARG(from->domain))));
	status |= json_object_set_new(o, "right",
	    from->answer == LOOKUP_FAILED ? json_null() :
	    json_string(from->right));
	status |= json_object_set_new(o, "table", from->table == NULL ?
	    json_null() : json_text(span_of(table_name(from->table))));
	status |= json_object_set_new(o, "key", json_text_or_null(from->key));
	return finished(o, status);
}

static json_t *
rights(const struct witness *witness, size_t from, size_t to,
    struct arena *arena)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = from; i < to; i++)
		if (witness->v[i].kind == EVENT_RIGHT)
			status |= json_array_append_new(array,
			    right(&witness->v[i].right, arena));
	return finished(array, status);
}

/* --- rules ---------------------------------------------------------------- */

static json_t *
reply(const struct reply *from)
{
	return json_pack("{s:i, s:o, s:o}", "code", from->code, "enhanced",
	    json_sprintf("%d.%d.%d", from->enhanced.class,
	    from->enhanced.subject, from->enhanced.detail), "text",
	    json_text(from->text));
}

static int
put_verdict(json_t *o, const struct explanation *x,
    const struct verdict *verdict)
{
	int status = json_object_set_new(o, "action",
	    json_string(action_name(verdict->action)));
	struct reply words;

	if (verdict->detail.len > 0)
		status |= json_object_set_new(o, "detail",
		    json_text(verdict->detail));
	if (verdict->shown.len > 0)
		status |= json_object_set_new(o, "shown",
		    json_text(verdict->shown));
	if (verdict->action == ACTION_PASS)
		return status;
	words = explain_reply(x, verdict);
	status |= json_object_set_new(o, "reason",
	    json_string(reason_info(verdict->reason)->name));
	return status | json_object_set_new(o, "reply", reply(&words));
}

static json_t *
rule(const struct explanation *x, const struct verdict_entry *entry,
    size_t from, size_t to)
{
	const struct watch_lookup *row = witness_decisive(x->witness, from,
	    to);
	json_t *o = json_object();
	int status = 0;

	status |= json_object_set_new(o, "rule",
	    json_string(rule_info(entry->rule)->name));
	status |= json_object_set_new(o, "mode",
	    json_string(rule_mode_name(entry->mode)));
	if (entry->mode == RULE_OFF)
		status |= json_object_set_new(o, "action", json_null());
	else
		status |= put_verdict(o, x, &entry->verdict);
	status |= json_object_set_new(o, "rights",
	    rights(x->witness, from, to, x->arena));
	status |= json_object_set_new(o, "lookups",
	    lookups(x->witness, from, to));
	status |= json_object_set_new(o, "row",
	    row == NULL ? json_null() : lookup(row));
	return finished(o, status);
}

/*
 * The rules and look-ups of a stage, from the event after its beginning on;
 * *next_r becomes the event where the next one begins.
 */
static json_t *
stage(const struct explanation *x, size_t begin, size_t rcpt, size_t *next_r)
{
	const struct witness *w = x->witness;
	enum stage which = w->v[begin].stage;
	json_t *o = json_object(), *rules = json_array();
	size_t i = begin + 1, end;
	int status = 0;

	for (;;) {
		end = witness_end(w, i);
		if (end == w->n || w->v[end].kind != EVENT_RULE)
			break;
		status |= json_array_append_new(rules,
		    rule(x, &w->v[end].rule, i, end));
		i = end + 1;
	}
	status |= json_object_set_new(o, "stage",
	    json_string(stage_name(which)));
	status |= json_object_set_new(o, "command",
	    json_text(explain_command(x, which, rcpt)));
	status |= json_object_set_new(o, "rules", rules);
	status |= json_object_set_new(o, "rights", rights(w, i, end,
	    x->arena));
	status |= json_object_set_new(o, "lookups", lookups(w, i, end));
	*next_r = end;
	return finished(o, status);
}

static json_t *
stages(const struct explanation *x)
{
	const struct witness *w = x->witness;
	json_t *array = json_array();
	size_t rcpt = 0, next;
	int status = 0;

	for (size_t i = witness_end(w, 0); i < w->n; i = next) {
		status |= json_array_append_new(array,
		    stage(x, i, rcpt, &next));
		rcpt += w->v[i].stage == STAGE_RCPT;
	}
	return finished(array, status);
}

/* --- who ------------------------------------------------------------------ */

static json_t *
groups(const struct identity *identity)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < identity->group_count; i++)
		status |= json_array_append_new(array,
		    json_text(identity->groups[i]));
	return finished(array, status);
}

static json_t *
assumed(const struct explanation *x)
{
	const struct {
		bool is_assumed;
		const char *name;
	} facts[] = {
		{ x->is_client_assumed, "client" },
		{ x->is_tls_assumed, "tls" },
		{ x->submission->is_sender_assumed, "sender" },
		{ x->submission->are_recipients_assumed, "recipients" },
	};
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (facts[i].is_assumed)
			status |= json_array_append_new(array,
			    json_string(facts[i].name));
	return finished(array, status);
}

static int
put_who(json_t *o, const struct explanation *x)
{
	const struct facts *facts = x->record->facts;
	bool is_known = facts->identity.route != ROUTE_NONE;
	int status = 0;

	status |= json_object_set_new(o, "configuration",
	    json_text(span_of(x->config->file)));
	status |= json_object_set_new(o, "assumed", assumed(x));
	status |= json_object_set_new(o, "groups", groups(&facts->identity));
	status |= json_object_set_new(o, "account", is_known ? json_string(
	    explain_account_name(facts->account.state)) : json_null());
	status |= json_object_set_new(o, "identity_error",
	    json_text_or_null(span_of(facts->identity_error)));
	status |= json_object_set_new(o, "lookups",
	    lookups(x->witness, 0, witness_end(x->witness, 0)));
	return status;
}

/* --- what becomes of it --------------------------------------------------- */

static json_t *
field(struct span name, struct span value)
{
	return json_pack("{s:o, s:o}", "name", json_text(name), "value",
	    json_text(value));
}

/* Null for the value of a field that goes, and for what is no field's. */
static json_t *
text_or_null(struct span text)
{
	return text.ptr == NULL ? json_null() : json_text(text);
}

static json_t *
envelope_edit(const struct edit *edit)
{
	return json_pack("{s:s, s:o, s:o, s:s}",
	    "edit", edit_kind_name(edit->kind),
	    "path", json_text(edit->value),
	    "params", json_text(edit->params),
	    "cause", edit->cause);
}

static json_t *
edits(const struct edit_list *list)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct edit *edit = &list->v[i];

		if (edit_is_of_envelope(edit->kind)) {
			status |= json_array_append_new(array,
			    envelope_edit(edit));
			continue;
		}
		status |= json_array_append_new(array, json_pack(
		    "{s:s, s:o, s:o, s:I, s:s}",
		    "edit", edit_kind_name(edit->kind),
		    "field", text_or_null(edit->name),
		    "value", text_or_null(edit->value),
		    "number", (json_int_t)edit->occurrence,
		    "cause", edit->cause));
	}
	return finished(array, status);
}

/* As it leaves; null when it does not. */
static json_t *
header(const struct explanation *x)
{
	const struct edit_list *list = x->record->edits;
	const struct header *leaving = &x->record->facts->leaving;
	json_t *array;
	int status = 0;

	if (x->record->result != RECORD_PASSED)
		return json_null();
	array = json_array();
	for (size_t i = list->n; i > 0; i--)
		if (list->v[i - 1].kind == EDIT_PREPEND)
			status |= json_array_append_new(array, field(
			    list->v[i - 1].name, list->v[i - 1].value));
	for (size_t i = 0; i < leaving->n; i++)
		status |= json_array_append_new(array, field(
		    leaving->v[i].name, leaving->v[i].value));
	return finished(array, status);
}

/* The keys that sign, or would if they had been read. */
static json_t *
keys(const struct explanation *x)
{
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; x->record->result == RECORD_PASSED &&
	    i < x->record->keys.n; i++) {
		const struct signing_key *key = x->record->keys.v[i];

		status |= json_array_append_new(array, json_pack("{s:s, s:s}",
		    "domain", signing_key_domain(key),
		    "selector", signing_key_selector(key)));
	}
	return finished(array, status);
}

/* NULL when there is no memory. */
static json_t *
body(const struct explanation *x)
{
	struct span text;
	char *memory = explain_body(x, &text);
	json_t *value = text.ptr == NULL ? NULL : json_text(text);

	free(memory);
	return value;
}

static int
put_outcome(json_t *o, const struct explanation *x)
{
	int status = 0;

	status |= json_object_set_new(o, "edits", edits(x->record->edits));
	status |= json_object_set_new(o, "keys", keys(x));
	status |= json_object_set_new(o, "keys_read", json_boolean(
	    !keyring_is_nominal(x->config->keyring)));
	status |= json_object_set_new(o, "header", header(x));
	if (x->is_body_wanted)
		status |= json_object_set_new(o, "body", body(x));
	return status;
}

int
explain_json(const struct explanation *x)
{
	char *line = record_json(x->record);
	json_t *record = line == NULL ? NULL : json_loads(line, 0, NULL);
	json_t *o = json_object();
	int status = 0;

	status |= put_who(o, x);
	status |= json_object_set_new(o, "stages", stages(x));
	status |= put_outcome(o, x);
	status |= json_object_set_new(record, "explain", o);
	if (status == 0)
		status = json_dumpf(record, stdout, JSON_INDENT(1) |
		    JSON_ENSURE_ASCII);
	(void)putchar('\n');
	json_decref(record);
	free(line);
	return status == 0 ? 0 : -1;
}
