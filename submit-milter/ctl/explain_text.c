/*
 * explain_text.c - an explanation for people.
 */
#include <config.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/explain.h"
#include "syntax/taglist.h"

/* Octets of a key or value that are shown. */
#define VALUE_MOST 200u

static void
put(struct span text)
{
	ctl_put(stdout, text);
}

static void
label(const char *name)
{
	(void)printf("%-15s ", name);
}

static void
row(const char *name, struct span value)
{
	label(name);
	put(value);
	(void)putchar('\n');
}

/* With its quotes, cut when it is long. */
static void
put_quoted(struct span text)
{
	bool is_long = text.len > VALUE_MOST;

	(void)putchar('"');
	put(is_long ? span_slice(text, 0, VALUE_MOST) : text);
	(void)fputs(is_long ? "...\"" : "\"", stdout);
}

/* --- who ------------------------------------------------------------------ */

static void
put_client(const struct explanation *x)
{
	const struct facts *facts = x->record->facts;
	const struct facts_tls *tls = &facts->tls;

	label("client");
	put(facts->client.address);
	if (x->is_client_assumed)
		(void)fputs(" (assumed)", stdout);
	if (facts->client.helo.len > 0) {
		(void)fputs(", helo ", stdout);
		put(facts->client.helo);
	}
	(void)fputs(tls->is_on ? ", " : ", in the clear", stdout);
	if (tls->is_on) {
		put(tls->version);
		(void)printf(" of %u bits%s", tls->bits,
		    x->is_tls_assumed ? " (assumed)" : "");
	}
	(void)putchar('\n');
}

static void
put_listener(const struct explanation *x)
{
	const struct facts_listener *l = &x->record->facts->listener;

	label("listener");
	if (l->daemon_name.len + l->daemon_addr.len + l->daemon_port.len == 0)
		(void)fputs("none named", stdout);
	put(l->daemon_name);
	if (l->daemon_addr.len > 0) {
		(void)fputs(" address ", stdout);
		put(l->daemon_addr);
	}
	if (l->daemon_port.len > 0) {
		(void)fputs(" port ", stdout);
		put(l->daemon_port);
	}
	(void)printf(": profile \"%s\"\n", x->record->profile);
}

static void
put_identity(const struct explanation *x)
{
	const struct facts *facts = x->record->facts;
	const struct identity *identity = &facts->identity;

	row("who", identity->route == ROUTE_NONE ? SPAN("nobody") :
	    identity->name);
	if (facts->identity_error != NULL)
		row("  failed", span_of(facts->identity_error));
	if (identity->route == ROUTE_NONE)
		return;
	row("  by", span_of(explain_route(identity->route)));
	label("  groups");
	for (size_t i = 0; i < identity->group_count; i++) {
		(void)fputs(i == 0 ? "" : ", ", stdout);
		put(identity->groups[i]);
	}
	(void)puts(identity->group_count == 0 ? "none" : "");
	label("  account");
	(void)fputs(explain_account_name(facts->account.state), stdout);
	if (facts->account.text.len > 0) {
		(void)fputs(": ", stdout);
		put(facts->account.text);
	}
	(void)putchar('\n');
}

/* --- rules ---------------------------------------------------------------- */

static void
put_lookup(const struct watch_lookup *lookup)
{
	(void)fputs("      look-up  ", stdout);
	put(explain_source(lookup->table));
	(void)putchar(' ');
	put_quoted(lookup->key);
	(void)printf(" %s", lookup->answer == LOOKUP_NOT_FOUND ? "not found" :
	    explain_lookup_name(lookup->answer));
	if (lookup->answer == LOOKUP_FOUND) {
		(void)putchar(' ');
		put_quoted(lookup->value);
	} else if (lookup->error != NULL &&
	    lookup->answer == LOOKUP_FAILED) {
		(void)fputs(": ", stdout);
		put(span_of(lookup->error));
	}
	(void)puts(lookup->is_remembered ? " (asked before)" : "");
}

static void
put_right(const struct watch_right *right)
{
	(void)fputs("      right    ", stdout);
	put(right->local);
	(void)putchar('@');
	put(right->domain);
	if (right->answer == LOOKUP_FAILED) {
		(void)puts(": cannot be told");
		return;
	}
	(void)printf(": %s", right->right);
	if (right->table != NULL) {
		(void)fputs(", by row ", stdout);
		put_quoted(right->key);
		(void)fputs(" of table ", stdout);
		put(span_of(table_name(right->table)));
	} else if (right->answer == LOOKUP_FOUND) {
		(void)fputs(", the identity is that address", stdout);
	}
	(void)putchar('\n');
}

/* What led to a right and was shown before is not shown again. */
static void
put_events(const struct explanation *x, size_t from, size_t to)
{
	bool has_right = false;

	for (size_t i = from; i < to; i++)
		has_right |= x->witness->v[i].kind == EVENT_RIGHT;
	for (size_t i = from; i < to; i++) {
		const struct event *e = &x->witness->v[i];

		if (e->kind == EVENT_LOOKUP &&
		    !(has_right && e->lookup.is_remembered))
			put_lookup(&e->lookup);
		else if (e->kind == EVENT_RIGHT)
			put_right(&e->right);
	}
}

/* Code, enhanced code and text; lines of it below one another. */
static void
put_reply(const struct reply *reply, const char *indent)
{
	struct span rest = reply->text;

	do {
		size_t end = span_find(rest, '\n');

		(void)printf("%d%c%d.%d.%d ", reply->code,
		    end < rest.len ? '-' : ' ', reply->enhanced.class,
		    reply->enhanced.subject, reply->enhanced.detail);
		put(span_slice(rest, 0, end));
		(void)putchar('\n');
		rest = span_slice(rest, end < rest.len ? end + 1 : end,
		    rest.len);
		if (rest.len > 0)
			(void)fputs(indent, stdout);
	} while (rest.len > 0);
}

static void
put_rule(const struct explanation *x, const struct verdict_entry *entry,
    size_t from, size_t to)
{
	const struct verdict *verdict = &entry->verdict;
	struct reply reply;

	(void)printf("  %-17s ", rule_info(entry->rule)->name);
	if (entry->mode == RULE_OFF) {
		(void)puts(rule_mode_name(entry->mode));
		return;
	}
	(void)printf("%-7s %s%s%s\n", rule_mode_name(entry->mode),
	    action_name(verdict->action),
	    verdict->reason == REASON_NONE ? "" : "  ",
	    reason_info(verdict->reason)->name);
	if (verdict->action != ACTION_PASS) {
		reply = explain_reply(x, verdict);
		(void)printf("      %s", entry->mode == RULE_ENFORCE ?
		    "reply    " : "would be ");
		put_reply(&reply, "               ");
	}
	if (verdict->detail.len > 0) {
		(void)fputs("      detail   ", stdout);
		put(verdict->detail);
		(void)putchar('\n');
	}
	put_events(x, from, to);
}

static void
put_stages(const struct explanation *x)
{
	const struct witness *w = x->witness;
	size_t rcpt = 0, first = witness_end(w, 0);

	put_events(x, 0, first);
	for (size_t i = first; i < w->n; i++) {
		const struct event *e = &w->v[i];
		size_t end = witness_end(w, i);

		if (e->kind == EVENT_STAGE) {
			(void)putchar('\n');
			put(explain_command(x, e->stage, rcpt));
			(void)putchar('\n');
			rcpt += e->stage == STAGE_RCPT;
			continue;
		}
		if (end < w->n && w->v[end].kind == EVENT_RULE) {
			put_rule(x, &w->v[end].rule, i, end);
		} else {
			(void)puts("  edits and choice of a signature");
			put_events(x, i, end);
			end--;
		}
		i = end;
	}
}

/* --- what becomes of it --------------------------------------------------- */

static void
put_trials(const struct verdict_log *log)
{
	const char *before = "  on trial, would not have passed: ";

	for (size_t i = 0; i < log->n; i++) {
		const struct verdict_entry *e = &log->v[i];

		if (e->mode != RULE_WARN || e->verdict.action == ACTION_PASS)
			continue;
		(void)printf("%s%s (%s)", before, rule_info(e->rule)->name,
		    reason_info(e->verdict.reason)->name);
		before = ", ";
	}
	if (before[0] == ',')
		(void)putchar('\n');
}

static void
put_result(const struct explanation *x)
{
	const struct record *record = x->record;
	const struct reply *reply = &record->reply;

	(void)printf("\nresult\n  %s", record_result_name(record->result));
	if (reply->code == 0) {
		(void)putchar('\n');
	} else {
		const struct reason_info *info = reason_info(reply->reason);

		(void)printf(": %s%s%s\n  ", info->rule == RULE_COUNT ? "" :
		    rule_info(info->rule)->name, info->rule == RULE_COUNT ?
		    "" : ", ", info->name);
		put_reply(reply, "  ");
	}
	put_trials(record->verdicts);
}

static void
put_envelope_edit(const struct edit *edit)
{
	(void)printf("  %s, for %s: ", edit_kind_name(edit->kind),
	    edit->cause);
	put(edit->value);
	if (edit->params.len > 0) {
		(void)putchar(' ');
		put(edit->params);
	}
	(void)putchar('\n');
}

static void
put_edits(const struct edit_list *edits)
{
	(void)puts("\nedits");
	if (edits->n == 0)
		(void)puts("  none");
	for (size_t i = 0; i < edits->n; i++) {
		const struct edit *edit = &edits->v[i];

		if (edit_is_of_envelope(edit->kind)) {
			put_envelope_edit(edit);
			continue;
		}
		(void)printf("  %-8s ", edit_kind_name(edit->kind));
		put(edit->kind == EDIT_BODY ? SPAN("the body") : edit->name);
		if (edit->occurrence > 1)
			(void)printf(" number %zu", edit->occurrence);
		(void)printf(", for %s", edit->cause);
		if (edit->kind == EDIT_BODY) {
			(void)printf(": %ju octets",
			    (uintmax_t)spool_size(edit->body));
		} else if (edit->kind != EDIT_DELETE &&
		    edit->kind != EDIT_PREPEND) {
			(void)fputs(": ", stdout);
			put(span_trim(edit->value));
		}
		(void)putchar('\n');
	}
}

static void
put_signed_before(const struct header *header)
{
	for (size_t i = 0; i < header->n; i++) {
		if (header->v[i].id != FIELD_DKIM_SIGNATURE)
			continue;
		(void)fputs("  signed before by ", stdout);
		put(taglist_find(header->v[i].value, SPAN("d")));
		(void)putchar('\n');
	}
}

static void
put_signing(const struct explanation *x)
{
	const struct record *record = x->record;
	bool is_made = record->signature_count > 0;

	(void)puts("\nsignatures");
	put_signed_before(&record->facts->submitted);
	for (size_t i = 0; i < record->keys.n; i++) {
		const struct signing_key *key = record->keys.v[i];

		(void)printf("  %s, selector %s", signing_key_domain(key),
		    signing_key_selector(key));
		if (is_made)
			(void)printf(", %s\n",
			    signing_key_algorithm_name(key));
		else
			(void)puts(": would sign (private keys were not "
			    "read)");
	}
	if (record->unsigned_because != NULL)
		(void)printf("  %s: %s\n", record->keys.n == 0 ? "none" :
		    "not by the domain of the author",
		    record->unsigned_because);
}

/* A line of the message, its tabs as what they are. */
static void
put_line(struct span line)
{
	for (;;) {
		size_t tab = span_find(line, '\t');

		put(span_slice(line, 0, tab));
		if (tab == line.len)
			break;
		(void)putchar('\t');
		line = span_slice(line, tab + 1, line.len);
	}
	(void)putchar('\n');
}

static void
put_field(struct span name, struct span value)
{
	size_t end = span_find(value, '\n');

	put(name);
	(void)putchar(':');
	put_line(span_slice(value, 0, end));
	while (end < value.len) {
		value = span_slice(value, end + 1, value.len);
		end = span_find(value, '\n');
		put_line(span_slice(value, 0, end));
	}
}

static void
put_body(struct span body)
{
	while (body.len > 0) {
		size_t end = span_find(body, '\n');
		size_t cr = end > 0 && end < body.len &&
		    body.ptr[end - 1] == '\r';

		put_line(span_slice(body, 0, end - cr));
		body = span_slice(body, end < body.len ? end + 1 : end,
		    body.len);
	}
}

static void
put_message(const struct explanation *x)
{
	const struct edit_list *edits = x->record->edits;
	const struct header *header = &x->record->facts->leaving;
	struct spool *changed = edit_new_body(edits);
	struct span body;
	char *memory;

	(void)puts("\nthe message as it leaves\n");
	for (size_t i = edits->n; i > 0; i--)
		if (edits->v[i - 1].kind == EDIT_PREPEND)
			put_field(edits->v[i - 1].name,
			    edits->v[i - 1].value);
	for (size_t i = 0; i < header->n; i++)
		put_field(header->v[i].name, header->v[i].value);
	if (!x->is_body_wanted) {
		(void)printf("\n(the body: %ju octets, %s)\n",
		    changed == NULL ? (uintmax_t)x->letter->body.len :
		    (uintmax_t)spool_size(changed),
		    changed == NULL ? "unchanged" : "changed");
		return;
	}
	(void)putchar('\n');
	memory = explain_body(x, &body);
	if (body.ptr == NULL)
		(void)puts("(cannot be shown)");
	else
		put_body(body);
	free(memory);
}

void
explain_text(const struct explanation *x)
{
	row("configuration", span_of(x->config->file));
	put_listener(x);
	put_client(x);
	put_identity(x);
	put_stages(x);
	put_result(x);
	if (x->record->result == RECORD_PASSED) {
		put_edits(x->record->edits);
		put_signing(x);
		put_message(x);
	}
}
