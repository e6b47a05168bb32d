/*
 * trace.c - submitctl trace: who submitted a message.
 *
 * Exit status 0: found; 1: not found; 2: not found, but not all could be
 * searched.
 */
#include <config.h>

#include "ctl/trace.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/ctl.h"

#define ARENA_MOST (64u << 20)
#define LIMIT 100
#define LOGS_MOST 32
#define CRITERIA_MOST 12

enum { FOUND = 0, NOT_FOUND = 1, NOT_SEARCHED = 2 };

struct criterion_option {
	enum word_kind kind;
	const char *name, *text;
};

struct trace_options {
	struct ctl_source source;
	struct criterion_option criteria[CRITERIA_MOST];
	size_t criterion_count;
	const char *since, *until;
	const char *token;		/* NULL: none */
	const char *message;		/* a file with a header; NULL */
	char *logs[LOGS_MOST];
	size_t log_count;
	bool has_no_log;
	const char *pgsql;
	char **files;			/* to search, instead of the store */
	int file_count;
	size_t limit;
	bool is_json;
};

/* --- times ---------------------------------------------------------------- */

/* IS_END: to the end of what the text names (a day, a second). */
static int
parse_time(const char *option, const char *text, bool is_end, int64_t *us_r)
{
	int64_t more = 1000000;
	size_t n = strcspn(text, "Z");

	if (ctl_time(option, text, us_r) != 0)
		return EX_USAGE;
	if (ctl_duration(text) >= 0)
		return 0;
	if (n == 10)
		more = 86400 * (int64_t)1000000;
	else if (n == 16)
		more = 60 * (int64_t)1000000;
	else if (n > 19)
		more = 1;
	if (is_end)
		*us_r += more - 1;
	return 0;
}

/* --- what is asked -------------------------------------------------------- */

static int
make_query(const struct trace_options *o, struct query *query)
{
	const char *error = NULL;
	int status = 0;

	for (size_t i = 0; i < o->criterion_count; i++)
		if (query_add(query, o->criteria[i].kind,
		    o->criteria[i].text, &error) != 0)
			return ctl_fail(EX_USAGE, "--%s %s: %s",
			    o->criteria[i].name, o->criteria[i].text, error);
	if (o->since != NULL)
		status = parse_time("--since", o->since, false,
		    &query->since_us);
	if (status == 0 && o->until != NULL)
		status = parse_time("--until", o->until, true,
		    &query->until_us);
	return status;
}

static int
open_token(const struct config *config, const char *text,
    struct token *token_r)
{
	if (config->token.maker == NULL)
		return ctl_fail(EX_CONFIG, "%s: trace_token.key_file names no "
		    "keys", config->file);
	switch (token_open(config->token.maker, span_of(text), token_r)) {
	case TOKEN_OK:
		return 0;
	case TOKEN_KEY_UNKNOWN:
		return ctl_fail(NOT_FOUND, "the token was made with a key "
		    "that is not in %s (any more), or is none of ours",
		    config->token.key_file);
	case TOKEN_FORGED:
		return ctl_fail(NOT_FOUND, "the token is damaged or forged: "
		    "it was not made by us");
	case TOKEN_NONE:
	default:
		return ctl_fail(NOT_FOUND, "this is no token of ours");
	}
}

/* --- where ---------------------------------------------------------------- */

static int
search(const struct trace_options *o, const struct config *config,
    const struct query *query, struct trace_answers *answers)
{
	int status = 0;

	if (o->pgsql != NULL)
		return trace_pgsql(o->pgsql, query, answers);
	for (int i = 0; i < o->file_count && status == 0; i++)
		status = trace_file(o->files[i], query, answers);
	if (o->file_count > 0)
		return status;
	if (config->store.directory[0] != '\0')
		return trace_store(config, query, answers);
	if (config->audit.file[0] == '\0')
		return ctl_fail(EX_CONFIG, "%s: neither audit.store.directory "
		    "nor audit.file is set; name a file on the command line",
		    config->file);
	return trace_file(config->audit.file, query, answers);
}

/* Are those of HOST ours? Records tell under what name they were made. */
static void
drop_other_hosts(struct trace_answers *answers, size_t from,
    const char *host)
{
	size_t n = from;

	for (size_t i = from; i < answers->n; i++) {
		const char *name = json_string_value(json_object_get(
		    answers->v[i].record, "host"));

		if (host[0] == '\0' || name == NULL ||
		    span_eq_nocase(span_of(host), span_of(name)))
			answers->v[n++] = answers->v[i];
		else
			json_decref(answers->v[i].record);
	}
	answers->n = n;
}

static int
follow_clue(const struct trace_options *o, const struct config *config,
    const struct clue *clue, const struct query *query,
    struct trace_answers *answers)
{
	static const enum word_kind kinds[] = {
		[CLUE_TOKEN] = WORD_ID,
		[CLUE_MESSAGE_ID] = WORD_MESSAGE_ID,
		[CLUE_QUEUE_ID] = WORD_QUEUE_ID,
	};
	struct query own = *query;
	const char *text = clue->text, *error;
	size_t before = answers->n;
	struct token token;
	int status;

	if (clue->kind == CLUE_TOKEN) {
		if (config->token.maker == NULL || token_open(
		    config->token.maker, span_of(text), &token) != TOKEN_OK)
			return 0;
		if (!o->is_json)
			trace_print_token(&token);
		text = token.uid;
	}
	if (query_add(&own, kinds[clue->kind], text, &error) != 0)
		return 0;
	status = search(o, config, &own, answers);
	drop_other_hosts(answers, before, clue->host);
	return status;
}

/* The strongest clues first; weaker ones only if those led nowhere. */
static int
follow_clues(const struct trace_options *o, const struct config *config,
    const struct query *query, struct trace_answers *answers)
{
	struct clues *clues = calloc(1, sizeof(*clues));
	int status = 0;

	if (clues == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	if (trace_read_clues(o->message, config->token.field, clues) != 0)
		status = EX_NOINPUT;
	else if (clues->n == 0)
		status = ctl_fail(EX_DATAERR, "%s: there is no Message-ID, "
		    "Received or token field in it", o->message);
	for (int kind = CLUE_TOKEN; kind <= CLUE_QUEUE_ID && status == 0 &&
	    answers->n == 0; kind++)
		for (size_t i = 0; i < clues->n && status == 0; i++)
			if ((int)clues->v[i].kind == kind)
				status = follow_clue(o, config, &clues->v[i],
				    query, answers);
	free(clues);
	return status;
}

/* --- all ------------------------------------------------------------------ */

static int
add_deliveries(const struct trace_options *o, const struct config *config,
    struct trace_answers *answers)
{
	char *configured = (char *)(uintptr_t)config->store.mta_log;

	if (o->has_no_log || answers->n == 0)
		return 0;
	if (o->log_count > 0)
		return trace_deliveries(o->logs, o->log_count, answers);
	return configured[0] == '\0' ? 0 :
	    trace_deliveries(&configured, 1, answers);
}

static int
answer(const struct trace_options *o, const struct config *config,
    struct trace_answers *answers, const struct token *token)
{
	trace_sort(answers);
	if (add_deliveries(o, config, answers) != 0)
		answers->is_partial = true;
	if (o->is_json) {
		if (trace_print_json(answers, token) != 0)
			return ctl_fail(EX_OSERR, "out of memory");
	} else {
		if (token != NULL)
			trace_print_token(token);
		trace_print(answers);
	}
	if (answers->n > 0)
		return FOUND;
	if (token != NULL)
		return FOUND;	/* it tells who and when by itself */
	return answers->is_partial ? NOT_SEARCHED : NOT_FOUND;
}

static int
trace(const struct trace_options *o, const struct config *config,
    struct arena *arena)
{
	struct trace_answers answers = { .limit = o->limit };
	struct token token;
	struct query query;
	const char *error;
	int status;

	query_init(&query, arena);
	query.veil = config->veil;
	status = make_query(o, &query);
	if (status == 0 && o->token != NULL) {
		status = open_token(config, o->token, &token);
		if (status == 0 && query_add(&query, WORD_ID, token.uid,
		    &error) != 0)
			status = ctl_fail(EX_OSERR, "%s", error);
	}
	if (status == 0 && o->message != NULL)
		status = follow_clues(o, config, &query, &answers);
	else if (status == 0)
		status = search(o, config, &query, &answers);
	if (status == 0)
		status = answer(o, config, &answers,
		    o->token == NULL ? NULL : &token);
	trace_free(&answers);
	return status;
}

static int
run(const struct trace_options *o)
{
	struct config *config = ctl_source_load(&o->source, CTL_TRACE_KEYS);
	struct arena *arena = arena_new(ARENA_MOST, NULL);
	int status;

	if (config == NULL)
		status = EX_CONFIG;
	else if (arena == NULL)
		status = ctl_fail(EX_OSERR, "out of memory");
	else
		status = trace(o, config, arena);
	arena_free(&arena);
	config_unref(&config);
	return status;
}

/* --- options -------------------------------------------------------------- */

static void
print_usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: submitctl trace [OPTION]... [FILE]...\n"
	    "\n"
	    "Who submitted a message. All that is given must hold.\n"
	    "\n"
	    "      --message-id ID      as in the message\n"
	    "      --queue-id ID        of the MTA\n"
	    "      --identity ID        who had logged in\n"
	    "      --client ADDR|NET    address, or network (CIDR)\n"
	    "      --sender ADDR        envelope sender or From\n"
	    "      --recipient ADDR     of the envelope\n"
	    "      --id ID              name of the transaction in the log\n"
	    "      --token TOKEN        the trace token of the message\n"
	    "      --message FILE       header, message or bounce; \"-\":\n"
	    "                           standard input\n"
	    "      --since TIME         2026-11-21, 2026-11-21T10:00:00Z, or\n"
	    "      --until TIME         30m, 12h, 7d ago\n"
	    "      --limit N            most answers; default %d, 0: all\n"
	    "      --mta-log FILE       log of the MTA, or \"journal\"; also\n"
	    "                           several times\n"
	    "      --no-mta-log         not even that of the configuration\n"
	    "      --pgsql CONNINFO     search a table of PostgreSQL\n"
	    "      --json               for programs\n"
	    "  -c, --config FILE        default\n"
	    "                           %s\n"
	    "  -o, --option NAME=VALUE  override an option of that file\n"
	    "\n"
	    "Searched is the store of the configuration, or its audit file,\n"
	    "or the FILEs (JSON lines, compressed or not; \"-\").\n",
	    LIMIT, CTL_CONFIG_FILE);
}

enum {
	OPT_SINCE = 256, OPT_UNTIL, OPT_TOKEN, OPT_MESSAGE, OPT_LIMIT,
	OPT_MTA_LOG, OPT_NO_MTA_LOG, OPT_PGSQL, OPT_JSON,
	OPT_KIND,		/* plus enum word_kind; the last */
};

static int
set_limit(struct trace_options *o, const char *value)
{
	int64_t limit = span_number(span_of(value), INT32_MAX);

	o->limit = (size_t)limit;
	return limit >= 0 ? 0 :
	    ctl_fail(EX_USAGE, "--limit %s: a number is needed", value);
}

static const struct option option_names[] = {
	CTL_NAMES,
	{ "client", required_argument, NULL, OPT_KIND + WORD_CLIENT },
	{ "id", required_argument, NULL, OPT_KIND + WORD_ID },
	{ "identity", required_argument, NULL,
	    OPT_KIND + WORD_IDENTITY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "message", required_argument, NULL, OPT_MESSAGE },
	{ "message-id", required_argument, NULL,
	    OPT_KIND + WORD_MESSAGE_ID },
	{ "mta-log", required_argument, NULL, OPT_MTA_LOG },
	{ "no-mta-log", no_argument, NULL, OPT_NO_MTA_LOG },
	{ "pgsql", required_argument, NULL, OPT_PGSQL },
	{ "queue-id", required_argument, NULL,
	    OPT_KIND + WORD_QUEUE_ID },
	{ "recipient", required_argument, NULL,
	    OPT_KIND + WORD_RECIPIENT },
	{ "sender", required_argument, NULL, OPT_KIND + WORD_SENDER },
	{ "session", required_argument, NULL,
	    OPT_KIND + WORD_SESSION },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "token", required_argument, NULL, OPT_TOKEN },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ NULL, 0, NULL, 0 },
};

static const char *
name_of(int id)
{
	const struct option *option = option_names;

	while (option->val != id)
		option++;
	return option->name;
}

static int
take_option(void *context, int id, char *value)
{
	struct trace_options *o = context;

	switch (id) {
	case OPT_SINCE: o->since = value; return 0;
	case OPT_UNTIL: o->until = value; return 0;
	case OPT_TOKEN: o->token = value; return 0;
	case OPT_MESSAGE: o->message = value; return 0;
	case OPT_LIMIT: return set_limit(o, value);
	case OPT_NO_MTA_LOG: o->has_no_log = true; return 0;
	case OPT_PGSQL: o->pgsql = value; return 0;
	case OPT_JSON: o->is_json = true; return 0;
	case OPT_MTA_LOG:
		if (o->log_count == LOGS_MOST)
			return ctl_fail(EX_USAGE, "too many --mta-log");
		o->logs[o->log_count++] = value;
		return 0;
	default:
		break;
	}
	if (o->criterion_count == CRITERIA_MOST)
		return ctl_fail(EX_USAGE, "too many criteria");
	o->criteria[o->criterion_count++] = (struct criterion_option){
		(enum word_kind)(id - OPT_KIND), name_of(id), value };
	return 0;
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct trace_options *o)
{
	static const struct ctl_syntax syntax = { "trace", CTL_LETTERS,
		option_names, print_usage, take_option };
	int status = ctl_options(&syntax, argc, argv, &o->source, o);

	if (status >= 0)
		return status;
	if (o->criterion_count == 0 && o->token == NULL &&
	    o->message == NULL && o->since == NULL && o->until == NULL)
		return ctl_fail(EX_USAGE, "say what to look for: trace --help "
		    "tells the options");
	o->files = argv + optind;
	o->file_count = argc - optind;
	return -1;
}

int
ctl_trace(int argc, char **argv)
{
	struct trace_options o = { .limit = LIMIT };
	int status = parse_options(argc, argv, &o);

	return status >= 0 ? status : run(&o);
}
