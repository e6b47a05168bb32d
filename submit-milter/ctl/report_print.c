/*
 * report_print.c - a report for people, and as JSON.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>

#include "audit/text.h"
#include "ctl/ctl.h"
#include "ctl/report.h"

/* --- for people ----------------------------------------------------------- */

/* "2026-11-21 22:04" of "2026-11-21T22:04:10.123456Z" */
static void
put_time(const char *time)
{
	(void)printf("%.10s %.5s", time, time[0] == '\0' ? "" : time + 11);
}

static void
put_padded(struct span text, size_t width)
{
	ctl_put(stdout, text);
	for (size_t i = text.len; i < width; i++)
		(void)putchar(' ');
	(void)fputs("  ", stdout);
}

static struct span
who(const struct tally_row *row)
{
	return row->identity.len == 0 ? SPAN("(nobody)") : row->identity;
}

static size_t
widest(const struct tally_row *const *rows, size_t n, bool is_rule)
{
	size_t width = 8;

	for (size_t i = 0; i < n; i++) {
		size_t len = is_rule ? rows[i]->rule.len : who(rows[i]).len;

		if (len > width && len <= 40)
			width = len;
	}
	return width;
}

static void
put_row(const struct tally_row *row, size_t who_width, size_t rule_width)
{
	(void)printf("%8" PRIu64 "  ", row->count);
	put_padded(who(row), who_width);
	put_padded(row->rule, rule_width);
	ctl_put(stdout, row->reason);
	(void)fputs("\n          ", stdout);
	put_time(row->seen.first);
	if (row->count > 1) {
		(void)fputs(" to ", stdout);
		put_time(row->seen.last);
	}
	(void)fputs("; first: ", stdout);
	if (row->detail.len > 0) {
		ctl_put(stdout, row->detail);
		(void)fputs(", ", stdout);
	}
	if (row->client.len > 0) {
		(void)fputs("from ", stdout);
		ctl_put(stdout, row->client);
		(void)fputs(", ", stdout);
	}
	(void)fputs("id ", stdout);
	ctl_put(stdout, row->id);
	(void)putchar('\n');
}

static void
put_tally(struct tally *tally, const char *title, const char *rule,
    const char *reason)
{
	size_t n, who_width, rule_width;
	const struct tally_row *const *rows = tally_sorted(tally, &n);

	(void)printf("\n%s\n\n", title);
	if (n == 0) {
		(void)puts("  nothing");
		return;
	}
	who_width = widest(rows, n, false);
	rule_width = widest(rows, n, true);
	(void)fputs("messages  ", stdout);
	put_padded(SPAN("identity"), who_width);
	put_padded(span_of(rule), rule_width);
	(void)puts(reason);
	for (size_t i = 0; i < n; i++)
		put_row(rows[i], who_width, rule_width);
	if (tally_omitted(tally) > 0)
		(void)printf("%8" PRIu64 "  more, of others for whom there "
		    "was no room\n", tally_omitted(tally));
}

/* At blanks, below 76 columns, indented by four. */
static void
put_wrapped(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = span_find(span_of(text), ' ');

		if (column > 0 && column + 1 + word > 72) {
			(void)putchar('\n');
			column = 0;
		}
		(void)printf("%s%.*s", column == 0 ? "    " : " ", (int)word,
		    text);
		column += word + 1;
		text += word;
		while (*text == ' ')
			text++;
	}
	(void)putchar('\n');
}

/* What to do about RULE. */
static const char *
advice_on(enum rule rule)
{
	static const char *const advice[RULE_COUNT] = {
#define ADVICE(id, text) [RULE_##id] = text,
#include "ctl/advice.def"
#undef ADVICE
	};

	return rule < RULE_COUNT && advice[rule] != NULL ? advice[rule] : "";
}

static void
put_advice(const struct report_trial *trial, enum rule rule)
{
	(void)printf("  %s: %" PRIu64, rule_info(rule)->name, trial->hit);
	/* Of recipients that pass there is no record. */
	if (trial->judged > trial->hit)
		(void)printf(" of %" PRIu64, trial->judged);
	(void)printf(" message%s\n", trial->judged == 1 ? "" :
	    "s");
	if (trial->hit == 0) {
		put_wrapped("Ready: set it to \"enforce\".");
		return;
	}
	if (trial->undecided > 0)
		(void)printf("    %" PRIu64 " could not be decided: mend what "
		    "the log complains of.\n", trial->undecided);
	put_wrapped(advice_on(rule));
	put_wrapped("When the list is as short as you want it, set the rule "
	    "to \"enforce\"; leave it to \"warn\" for some by an override.");
}

static void
put_next(const struct report *report)
{
	bool is_any = false;

	for (int i = 0; i < RULE_COUNT; i++) {
		if (report->trials[i].judged == 0)
			continue;
		if (!is_any)
			(void)puts("\nWhat to do next");
		is_any = true;
		(void)putchar('\n');
		put_advice(&report->trials[i], (enum rule)i);
	}
	if (!is_any)
		(void)puts("\nNo rule is on trial (\"warn\") in these "
		    "records.");
}

void
report_text(const struct report *report)
{
	(void)printf("%" PRIu64 " records", report->records);
	if (report->records > 0) {
		(void)fputs(", ", stdout);
		put_time(report->seen.first);
		(void)fputs(" to ", stdout);
		put_time(report->seen.last);
		(void)fputs(" UTC", stdout);
	}
	if (report->bad_lines > 0)
		(void)printf("; %" PRIu64 " lines are no records",
		    report->bad_lines);
	(void)putchar('\n');
	put_tally(report->trial,
	    "What rules on trial (\"warn\") would not have let pass",
	    "rule", "reason");
	put_next(report);
	if (report->refused != NULL)
		put_tally(report->refused,
		    "What was refused or deferred (\"enforce\")",
		    "rule", "reason");
	if (report->problems != NULL)
		put_tally(report->problems,
		    "What clients' programs do wrong", "problem",
		    "program");
}

/* --- as JSON -------------------------------------------------------------- */

static json_t *
row_json(const struct tally_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s, s:{s:o, s:o, s:o}}",
	    "identity", json_text_or_null(row->identity),
	    "rule", json_text(row->rule),
	    "reason", json_text(row->reason),
	    "messages", (json_int_t)row->count,
	    "first", row->seen.first,
	    "last", row->seen.last,
	    "example",
	    "detail", json_text_or_null(row->detail),
	    "client", json_text_or_null(row->client),
	    "id", json_text_or_null(row->id));
}

static json_t *
problem_json(const struct tally_row *row)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:s, s:s, s:{s:o, s:o}}",
	    "identity", json_text_or_null(row->identity),
	    "problem", json_text(row->rule),
	    "software", json_text_or_null(row->reason),
	    "messages", (json_int_t)row->count,
	    "first", row->seen.first,
	    "last", row->seen.last,
	    "example",
	    "client", json_text_or_null(row->client),
	    "id", json_text_or_null(row->id));
}

static int
put_rows(json_t *o, const char *name, struct tally *tally,
    json_t *(*form)(const struct tally_row *))
{
	size_t n;
	const struct tally_row *const *rows = tally_sorted(tally, &n);
	json_t *array = json_array();
	int status = 0;

	for (size_t i = 0; i < n; i++)
		status |= json_array_append_new(array, form(rows[i]));
	return status | json_object_set_new(o, name, array);
}

static json_t *
rules_json(const struct report *report)
{
	json_t *array = json_array();

	for (int i = 0; i < RULE_COUNT; i++) {
		const struct report_trial *trial = &report->trials[i];

		if (trial->judged > 0 && json_array_append_new(array,
		    json_pack("{s:s, s:I, s:I, s:I, s:s}",
			"rule", rule_info((enum rule)i)->name,
			"judged", (json_int_t)trial->judged,
			"hit", (json_int_t)trial->hit,
			"undecided", (json_int_t)trial->undecided,
			"advice", advice_on((enum rule)i))) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

int
report_json(const struct report *report)
{
	uint64_t omitted = tally_omitted(report->trial) +
	    (report->refused == NULL ? 0 : tally_omitted(report->refused)) +
	    (report->problems == NULL ? 0 : tally_omitted(report->problems));
	json_t *o = json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}",
	    "records", (json_int_t)report->records,
	    "bad_lines", (json_int_t)report->bad_lines,
	    "omitted", (json_int_t)omitted,
	    "first", json_text_or_null(span_of(report->seen.first)),
	    "last", json_text_or_null(span_of(report->seen.last)),
	    "rules", rules_json(report));
	int status = put_rows(o, "trial", report->trial, row_json);

	if (report->refused != NULL)
		status |= put_rows(o, "refused", report->refused, row_json);
	if (report->problems != NULL)
		status |= put_rows(o, "problems", report->problems,
		    problem_json);
	if (status == 0)
		status = json_dumpf(o, stdout, JSON_INDENT(1) |
		    JSON_ENSURE_ASCII);
	(void)putchar('\n');
	json_decref(o);
	return status == 0 ? 0 : -1;
}
