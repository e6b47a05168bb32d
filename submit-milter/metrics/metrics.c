/*
 * metrics.c - see metrics.h.
 */
#include "metrics/metrics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/histogram.h"
#include "metrics/exposition.h"
#include "metrics/words.h"

#define ACTIONS (ACTION_TEMPFAIL + 1)
#define RESULTS (RECORD_ABORTED + 1)
#define ALGORITHMS (KEY_ED25519_SHA256 + 1)

typedef atomic_uint_least64_t counter;

_Static_assert(RESULTS <= WORDS_COLUMNS, "a column for each result");

struct metrics {
	struct words profiles;		/* by result */
	struct words unsigned_because;
	counter results[RESULTS];
	counter verdicts[RULE_COUNT][RULE_OFF][ACTIONS];
	counter replies[STAGE_COUNT][REASON_COUNT];
	struct histogram stages[STAGE_COUNT];
	struct histogram signing;
	counter signatures[ALGORITHMS];
	counter connects, disconnects;
	counter reloads[2];		/* failed, ok */
	atomic_bool is_last_reload_bad;
	struct frequent *frequent;
};

static void
count(counter *c, uint64_t by)
{
	(void)atomic_fetch_add_explicit(c, by, memory_order_relaxed);
}

static uint64_t
counted(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

struct metrics *
metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (metrics == NULL)
		return NULL;
	metrics->frequent = frequent_new();
	if (metrics->frequent == NULL)
		metrics_free(&metrics);
	return metrics;
}

void
metrics_free(struct metrics **metrics)
{
	if (*metrics == NULL)
		return;
	words_forget(&(*metrics)->profiles);
	frequent_free(&(*metrics)->frequent);
	free(*metrics);
	*metrics = NULL;
}

void
metrics_learn_profile(struct metrics *metrics, const char *name)
{
	words_learn(&metrics->profiles, name);
}

/* --- counting ------------------------------------------------------------- */

void
metrics_stage(struct metrics *metrics, enum stage stage, int64_t began)
{
	histogram_add(&metrics->stages[stage], histogram_now() - began);
}

void
metrics_reply(struct metrics *metrics, enum stage stage,
    const struct reply *reply)
{
	if (reply->code != 0)
		count(&metrics->replies[stage][reply->reason], 1);
}

static void
count_verdicts(struct metrics *metrics, const struct verdict_log *log)
{
	for (size_t i = 0; i < log->n; i++)
		count(&metrics->verdicts[log->v[i].rule][log->v[i].mode]
		    [log->v[i].verdict.action], 1);
	for (int rule = 0; rule < RULE_COUNT; rule++)
		for (int mode = 0; mode < RULE_OFF; mode++)
			if (log->passed[rule][mode] > 0)
				count(&metrics->verdicts[rule][mode]
				    [ACTION_PASS], log->passed[rule][mode]);
}

static void
count_signatures(struct metrics *metrics, const struct record *record)
{
	for (size_t i = 0; i < record->signature_count; i++)
		count(&metrics->signatures[signing_key_algorithm(
		    record->signatures[i].key)], 1);
	if (record->unsigned_because != NULL)
		words_count(&metrics->unsigned_because,
		    record->unsigned_because, 0);
}

void
metrics_message(struct metrics *metrics, const struct record *record,
    int64_t signing_us)
{
	struct span identity = record->facts->identity.name;

	count(&metrics->results[record->result], 1);
	words_count_known(&metrics->profiles, record->profile,
	    (int)record->result);
	count_verdicts(metrics, record->verdicts);
	if (record->result == RECORD_PASSED && !record->facts->is_transfer)
		count_signatures(metrics, record);
	if (record->signature_count > 0)
		histogram_add(&metrics->signing, signing_us);
	if (identity.len > 0)
		frequent_add(metrics->frequent, identity,
		    record->result == RECORD_REFUSED ||
		    record->result == RECORD_DEFERRED,
		    histogram_now() / 1000000);
}

void
metrics_connect(struct metrics *metrics)
{
	count(&metrics->connects, 1);
}

void
metrics_disconnect(struct metrics *metrics)
{
	count(&metrics->disconnects, 1);
}

/* The end is read first, so that it is never ahead. */
static uint64_t
open_connections(const struct metrics *metrics)
{
	uint64_t ended = counted(&metrics->disconnects);

	return counted(&metrics->connects) - ended;
}

void
metrics_reload(struct metrics *metrics, bool is_ok)
{
	count(&metrics->reloads[is_ok ? 1 : 0], 1);
	atomic_store(&metrics->is_last_reload_bad, !is_ok);
}

bool
metrics_last_reload_ok(const struct metrics *metrics)
{
	return !atomic_load(&metrics->is_last_reload_bad);
}

uint64_t
metrics_messages(const struct metrics *metrics, enum record_result result)
{
	return counted(&metrics->results[result]);
}

struct frequent *
metrics_frequent(struct metrics *metrics)
{
	return metrics->frequent;
}

/* --- exposition ----------------------------------------------------------- */

static void
expose_profile(const struct metrics *metrics, struct sbuf *out,
    const char *name, size_t row)
{
	for (int i = 0; i < RESULTS; i++)
		exposition_number(out, FAMILY_MESSAGES, LABELS(name,
		    record_result_name((enum record_result)i)),
		    words_counted(&metrics->profiles, row, i));
}

static void
expose_messages(const struct metrics *metrics, struct sbuf *out)
{
	const char *name;
	size_t row;

	exposition_family(out, FAMILY_MESSAGES);
	for (row = 0; (name = words_name(&metrics->profiles, row)) != NULL;
	    row++)
		expose_profile(metrics, out, name, row);
	if (row == WORDS_MOST)
		expose_profile(metrics, out, "other", WORDS_MOST);
}

/* All of them, so that the first of a kind shows as a rise from zero. */
static void
expose_verdicts(const struct metrics *metrics, struct sbuf *out)
{
	exposition_family(out, FAMILY_VERDICTS);
	for (int r = 0; r < RULE_COUNT; r++)
		for (int m = 0; m < RULE_OFF; m++)
			for (int a = 0; a < ACTIONS; a++)
				exposition_number(out, FAMILY_VERDICTS,
				    LABELS(rule_info((enum rule)r)->name,
				    rule_mode_name((enum rule_mode)m),
				    action_name((enum action)a)),
				    counted(&metrics->verdicts[r][m][a]));
}

static void
expose_reply(struct sbuf *out, enum stage stage, enum reason reason,
    uint64_t number)
{
	char code[16];

	(void)snprintf(code, sizeof(code), "%d", reason_info(reason)->code);
	exposition_number(out, FAMILY_REPLIES, LABELS(stage_name(stage),
	    code, reason_info(reason)->name), number);
}

/* Only those that came up: most stages know few of all the reasons. */
static void
expose_replies(const struct metrics *metrics, struct sbuf *out)
{
	exposition_family(out, FAMILY_REPLIES);
	for (int s = 0; s < STAGE_COUNT; s++)
		for (int r = REASON_NONE + 1; r < REASON_COUNT; r++)
			if (counted(&metrics->replies[s][r]) > 0)
				expose_reply(out, (enum stage)s,
				    (enum reason)r,
				    counted(&metrics->replies[s][r]));
}

static void
expose_histogram(struct sbuf *out, enum family family, const char *label,
    const struct histogram *histogram)
{
	struct histogram_view view;

	histogram_read(histogram, &view);
	exposition_histogram(out, family, LABELS(label), &view);
}

static void
expose_times(const struct metrics *metrics, struct sbuf *out)
{
	exposition_family(out, FAMILY_STAGE);
	for (int s = 0; s < STAGE_COUNT; s++)
		expose_histogram(out, FAMILY_STAGE,
		    stage_name((enum stage)s), &metrics->stages[s]);
	exposition_family(out, FAMILY_SIGNING);
	expose_histogram(out, FAMILY_SIGNING, NULL, &metrics->signing);
}

static void
expose_signer(const struct metrics *metrics, struct sbuf *out)
{
	const char *word;

	exposition_family(out, FAMILY_SIGNATURES);
	for (int i = 0; i < ALGORITHMS; i++)
		exposition_number(out, FAMILY_SIGNATURES,
		    LABELS(key_algorithm_name((enum key_algorithm)i)),
		    counted(&metrics->signatures[i]));
	exposition_family(out, FAMILY_UNSIGNED);
	for (size_t row = 0; (word = words_name(&metrics->unsigned_because,
	    row)) != NULL; row++)
		exposition_number(out, FAMILY_UNSIGNED, LABELS(word),
		    words_counted(&metrics->unsigned_because, row, 0));
}

void
metrics_expose(const struct metrics *metrics, struct sbuf *out)
{
	exposition_family(out, FAMILY_RELOADS);
	exposition_number(out, FAMILY_RELOADS, LABELS("ok"),
	    counted(&metrics->reloads[1]));
	exposition_number(out, FAMILY_RELOADS, LABELS("failed"),
	    counted(&metrics->reloads[0]));
	exposition_single(out, FAMILY_RELOAD_OK,
	    metrics_last_reload_ok(metrics) ? 1 : 0);
	exposition_single(out, FAMILY_CONNECTIONS,
	    counted(&metrics->connects));
	exposition_single(out, FAMILY_OPEN, open_connections(metrics));
	expose_messages(metrics, out);
	expose_verdicts(metrics, out);
	expose_replies(metrics, out);
	expose_times(metrics, out);
	expose_signer(metrics, out);
}
