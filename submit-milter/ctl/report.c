/*
 * report.c - submitctl report: what rules on trial would have turned away,
 * and on request what was, counted from audit records.
 *
 * Records are read line by line and forgotten; see submit-milter-audit(5).
 * Exit status 0, whatever was counted.
 */
#include <config.h>

#include "ctl/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <jansson.h>

#include "base/ascii.h"
#include "base/utc.h"
#include "ctl/ctl.h"

#define LINE_CEILING (16u << 20)

struct report_options {
	struct ctl_source source;
	const char *identity;		/* NULL: all; "-": nobody */
	const char *rule;		/* NULL: all */
	char since[UTC_SIZE];	/* empty: from the beginning */
	bool is_all;
	bool is_json;
	bool has_problems;		/* of clients' programs, too */
	bool is_letter;
};

/* --- records -------------------------------------------------------------- */

/* A member that is a string; empty when it is not. */
static struct span
member(const json_t *o, const char *name)
{
	json_t *value = json_object_get(o, name);

	return !json_is_string(value) ? (struct span){ NULL, 0 } :
	    (struct span){ json_string_value(value),
		json_string_length(value) };
}

/* Has an earlier verdict of this record said the same? */
static bool
is_repeated(const json_t *verdicts, size_t index)
{
	const json_t *v = json_array_get(verdicts, index);

	for (size_t i = 0; i < index; i++) {
		const json_t *w = json_array_get(verdicts, i);

		if (span_eq(member(v, "rule"), member(w, "rule")) &&
		    span_eq(member(v, "mode"), member(w, "mode")) &&
		    span_eq(member(v, "reason"), member(w, "reason")))
			return true;
	}
	return false;
}

static void
count_verdict(const struct report *report, const json_t *record,
    const json_t *verdict)
{
	struct span detail = member(verdict, "detail");
	bool is_trial = span_eq(member(verdict, "mode"), SPAN("warn"));
	struct tally *tally = is_trial ? report->trial : report->refused;

	if (detail.len == 0)
		detail = member(verdict, "shown");
	if (tally != NULL)
		tally_add(tally, &(struct tally_row){
			.identity = member(record, "identity"),
			.rule = member(verdict, "rule"),
			.reason = member(verdict, "reason"),
			.detail = detail,
			.client = member(json_object_get(record, "client"),
			    "address"),
			.id = member(record, "id"),
		}, member(record, "time"));
}

/* How each rule on trial did in this message. */
struct trial_of_rule {
	bool is_judged, is_hit, is_undecided;
};

static void
note_trial(struct trial_of_rule trials[RULE_COUNT], const json_t *verdict)
{
	enum rule rule = rule_find(member(verdict, "rule"));
	struct span action = member(verdict, "action");

	if (rule == RULE_COUNT ||
	    !span_eq(member(verdict, "mode"), SPAN("warn")))
		return;
	trials[rule].is_judged = true;
	trials[rule].is_hit |= !span_eq(action, SPAN("pass"));
	trials[rule].is_undecided |= span_eq(action, SPAN("tempfail"));
}

static void
count_verdicts(struct report *report, const struct report_options *o,
    const json_t *record)
{
	const json_t *verdicts = json_object_get(record, "verdicts");
	struct trial_of_rule trials[RULE_COUNT] = { { false, false, false } };
	/* Under the panic switch no rule was on trial. */
	bool is_panic = member(record, "mode").len > 0;

	for (size_t i = 0; i < json_array_size(verdicts); i++) {
		const json_t *v = json_array_get(verdicts, i);

		if (o->rule != NULL &&
		    !span_eq(member(v, "rule"), span_of(o->rule)))
			continue;
		if (is_panic && span_eq(member(v, "mode"), SPAN("warn")))
			continue;
		note_trial(trials, v);
		if (!span_eq(member(v, "action"), SPAN("pass")) &&
		    !is_repeated(verdicts, i))
			count_verdict(report, record, v);
	}
	for (int i = 0; i < RULE_COUNT; i++) {
		report->trials[i].judged += trials[i].is_judged;
		report->trials[i].hit += trials[i].is_hit;
		report->trials[i].undecided += trials[i].is_undecided;
	}
}

/* A reply that no rule gave: a fault of ours. */
static void
count_fault(const struct report *report, const struct report_options *o,
    const json_t *record)
{
	const json_t *reply = json_object_get(record, "reply");
	enum reason reason = reason_find(member(reply, "reason"));
	const json_t *verdicts = json_object_get(record, "verdicts");

	if (report->refused == NULL || o->rule != NULL ||
	    reason == REASON_NONE || reason_info(reason)->rule != RULE_COUNT)
		return;
	for (size_t i = 0; i < json_array_size(verdicts); i++) {
		const json_t *v = json_array_get(verdicts, i);

		if (span_eq(member(v, "mode"), SPAN("enforce")) && span_eq(
		    member(v, "reason"), member(reply, "reason")))
			return;		/* counted as that rule's */
	}
	tally_add(report->refused, &(struct tally_row){
		.identity = member(record, "identity"),
		.rule = SPAN("-"),
		.reason = member(reply, "reason"),
		.client = member(json_object_get(record, "client"),
		    "address"),
		.id = member(record, "id"),
	}, member(record, "time"));
}

/* What the client's program did wrong, by what it says that it is. */
static void
count_problems(const struct report *report, const json_t *record)
{
	const json_t *problems = json_object_get(record, "problems");

	for (size_t i = 0; report->problems != NULL &&
	    i < json_array_size(problems); i++) {
		const json_t *name = json_array_get(problems, i);

		if (!json_is_string(name))
			continue;
		tally_add(report->problems, &(struct tally_row){
			.identity = member(record, "identity"),
			.rule = span_of(json_string_value(name)),
			.reason = member(record, "software"),
			.client = member(json_object_get(record, "client"),
			    "address"),
			.id = member(record, "id"),
		}, member(record, "time"));
	}
}

/* The identity as in the record; a login may come without its type. */
static bool
is_wanted(const struct report_options *o, const json_t *record)
{
	struct span identity = member(record, "identity");
	struct span want = span_of(o->identity);
	struct span type = SPAN("sasl:");

	if (strcmp(member(record, "time").ptr, o->since) < 0)
		return false;
	if (o->identity == NULL)
		return true;
	if (span_eq(want, SPAN("-")))
		return identity.len == 0;
	return span_eq_nocase(identity, want) ||
	    (span_starts_nocase(identity, type) &&
	    span_eq_nocase(span_slice(identity, type.len, identity.len),
	    want));
}

static void
count_line(struct report *report, const struct report_options *o,
    const char *line, size_t len)
{
	json_t *record = json_loadb(line, len, 0, NULL);

	if (record == NULL || member(record, "time").len == 0 ||
	    !json_is_array(json_object_get(record, "verdicts"))) {
		report->bad_lines++;
	} else if (is_wanted(o, record)) {
		tally_period_add(&report->seen, member(record, "time"));
		report->records++;
		count_verdicts(report, o, record);
		count_fault(report, o, record);
		count_problems(report, record);
	}
	json_decref(record);
}

/* --- files ---------------------------------------------------------------- */

/*
 * The next line without its LF in LINE, of LINE_CEILING octets. 1; 0 at the
 * end; -1 when it was too long and is passed over.
 */
static int
read_line(FILE *in, char *line, size_t *len_r)
{
	bool is_long = false;
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		is_long |= n == LINE_CEILING;
		if (!is_long)
			line[n++] = (char)c;
	}
	if (c == EOF && n == 0)
		return 0;
	*len_r = n;
	return is_long ? -1 : 1;
}

static int
count_file(struct report *report, const struct report_options *o,
    const char *file, char *line)
{
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "rb");
	int status = 0, got;
	size_t len = 0;

	if (in == NULL)
		return ctl_fail(EX_NOINPUT, "%s: %s", file, strerror(errno));
	while ((got = read_line(in, line, &len)) != 0) {
		if (got < 0)
			report->bad_lines++;
		else if (len > 0)
			count_line(report, o, line, len);
	}
	if (ferror(in))
		status = ctl_fail(EX_IOERR, "%s: %s", file, strerror(errno));
	if (in != stdin)
		(void)fclose(in);
	return status;
}

/* The file that the configuration names. */
static int
count_configured(struct report *report, const struct report_options *o,
    char *line)
{
	struct config *config = ctl_source_load(&o->source, CTL_TABLES);
	int status;

	if (config == NULL)
		return EX_CONFIG;
	if (config->audit.file == NULL || config->audit.file[0] == '\0')
		status = ctl_fail(EX_CONFIG, "%s: audit.file names no file; "
		    "name one on the command line", config->file);
	else
		status = count_file(report, o, config->audit.file, line);
	config_unref(&config);
	return status;
}

static int
count_all(struct report *report, const struct report_options *o, int argc,
    char **argv)
{
	char *line = malloc(LINE_CEILING);
	int status = 0;

	if (line == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	if (argc == 0)
		status = count_configured(report, o, line);
	for (int i = 0; i < argc && status == 0; i++)
		status = count_file(report, o, argv[i], line);
	free(line);
	return status;
}

/* --- options -------------------------------------------------------------- */

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl report [OPTION]... [FILE | -]...\n"
	    "\n"
	    "  -c, --config FILE        names the audit file when no FILE is\n"
	    "                           given; default\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of that file\n"
	    "      --since TIME         2026-11-21, 2026-11-21T10:00:00Z, or\n"
	    "                           30m, 12h, 7d ago\n"
	    "      --identity ID        only this one; \"-\": nobody\n"
	    "      --rule RULE          only this one\n"
	    "      --all                also what was refused and deferred\n"
	    "      --problems           also what clients' programs do wrong\n"
	    "      --letter             text to send to the one of --identity\n"
	    "      --json               one JSON object\n",
	    CTL_CONFIG_FILE);
}

static int
set_since(struct report_options *o, const char *text)
{
	int64_t us;

	if (ctl_time("--since", text, &us) != 0)
		return EX_USAGE;
	utc_print_us(us, o->since);
	return 0;
}

enum { OPT_ALL = 256, OPT_IDENTITY, OPT_JSON, OPT_LETTER, OPT_PROBLEMS,
	OPT_RULE, OPT_SINCE };

static int
take_option(void *context, int id, char *value)
{
	struct report_options *o = context;

	switch (id) {
	case OPT_ALL:
		o->is_all = true;
		return 0;
	case OPT_IDENTITY:
		o->identity = value;
		return 0;
	case OPT_JSON:
		o->is_json = true;
		return 0;
	case OPT_LETTER:
		o->is_letter = true;
		o->has_problems = true;
		return 0;
	case OPT_PROBLEMS:
		o->has_problems = true;
		return 0;
	case OPT_RULE:
		o->rule = value;
		return rule_find(span_of(value)) != RULE_COUNT ? 0 :
		    ctl_fail(EX_USAGE, "--rule %s: there is no such rule",
		    value);
	case OPT_SINCE:
	default:
		return set_since(o, value);
	}
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct report_options *o)
{
	static const struct option names[] = {
		CTL_NAMES,
		{ "all", no_argument, NULL, OPT_ALL },
		{ "identity", required_argument, NULL, OPT_IDENTITY },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "letter", no_argument, NULL, OPT_LETTER },
		{ "problems", no_argument, NULL, OPT_PROBLEMS },
		{ "rule", required_argument, NULL, OPT_RULE },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ NULL, 0, NULL, 0 },
	};
	static const struct ctl_syntax syntax = { "report", CTL_LETTERS,
		names, print_usage, take_option };
	int status = ctl_options(&syntax, argc, argv, &o->source, o);

	if (status == -1 && o->is_letter && (o->identity == NULL ||
	    strcmp(o->identity, "-") == 0))
		return ctl_fail(EX_USAGE, "--letter: name the one whom it is "
		    "for by --identity");
	return status;
}

int
ctl_report(int argc, char **argv)
{
	struct report_options o = { .identity = NULL };
	struct report report = { .records = 0 };
	int status;

	status = parse_options(argc, argv, &o);
	if (status >= 0)
		return status;
	report.trial = tally_new();
	report.refused = o.is_all ? tally_new() : NULL;
	report.problems = o.has_problems ? tally_new() : NULL;
	if (report.trial == NULL || (o.is_all && report.refused == NULL) ||
	    (o.has_problems && report.problems == NULL))
		status = ctl_fail(EX_OSERR, "out of memory");
	else
		status = count_all(&report, &o, argc - optind, argv + optind);
	if (status == 0 && o.is_letter)
		report_letter(&report, o.identity);
	else if (status == 0 && !o.is_json)
		report_text(&report);
	else if (status == 0 && report_json(&report) != 0)
		status = ctl_fail(EX_OSERR, "out of memory");
	tally_free(&report.trial);
	tally_free(&report.refused);
	tally_free(&report.problems);
	return status;
}
