/*
 * recording.c - see recording.h.
 */
#include "recording.h"

#include <inttypes.h>

#include "audit/problems.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/sbuf.h"

/* What passes under "pass" is in the log, and in the sinks when they can. */
static void
record_later(struct audit *audit, const struct record *record)
{
	struct audit_entry *entry = record_entry(record);

	log_error("audit record not written: %.*s", SPAN_ARG(entry == NULL ?
	    SPAN("out of memory") : entry->line));
	if (audit_post(audit, entry) != 0)
		log_error("audit record will not be written");
}

int
recording_write(struct runtime *runtime, const struct config *config,
    const struct record *record)
{
	const struct observer *observer = runtime_observer(runtime);
	struct audit *audit = runtime_audit(runtime);

	if (observer != NULL) {
		observer->record(observer->context, record);
		return 0;
	}
	if (record->facts->is_transfer)
		runtime_count(runtime, COUNT_TRANSFERS);
	if (record->facts->is_transfer && !config->audit_transfer)
		return 0;
	if (record->result != RECORD_PASSED)
		return audit_post(audit, record_entry(record));
	if (audit_commit(audit, record_entry(record)) == 0)
		return 0;
	if (record->facts->mode == MODE_PASS)
		record_later(audit, record);
	return -1;
}

/* "rule/reason" of each rule on trial that would have turned it away */
static struct span
trial_text(const struct record *record)
{
	struct span text = { NULL, 0 };
	struct sbuf out;

	sbuf_init(&out, record->facts->arena, 1000);
	for (size_t i = 0; i < record->verdicts->n; i++) {
		const struct verdict_entry *e = &record->verdicts->v[i];

		if (e->mode != RULE_WARN || e->verdict.action == ACTION_PASS)
			continue;
		sbuf_addf(&out, "%s%s/%s", out.len == 0 ? " would-refuse=" :
		    ",", rule_info(e->rule)->name,
		    reason_info(e->verdict.reason)->name);
	}
	if (sbuf_done(&out, &text) != 0)
		return SPAN(" would-refuse=...");
	return text;
}

/*
 * What the client's program does wrong: one line for each problem of a client
 * in a while, with the number of those in between.
 */
static void
log_problems(struct runtime *runtime, const struct config *config,
    const struct record *record)
{
	const struct facts *facts = record->facts;
	struct problem_list list;
	uint64_t held;

	if (config->log.problem_interval == 0 ||
	    runtime_observer(runtime) != NULL)
		return;
	problems_find(record, &list);
	for (size_t i = 0; i < list.n; i++) {
		if (!hush_may_tell(runtime_hush(runtime),
		    facts->client.address, list.names[i],
		    config->log.problem_interval, deadline_now() / 1000,
		    &held))
			continue;
		log_info("%.*s/%.*s: client problem %s client=%.*s "
		    "identity=%.*s held-back=%" PRIu64,
		    SPAN_ARG(record->session), SPAN_ARG(facts->id),
		    list.names[i], SPAN_ARG(facts->client.address),
		    SPAN_ARG(facts->identity.name.len > 0 ?
		    facts->identity.name : SPAN("-")), held);
	}
}

void
recording_log(struct runtime *runtime, const struct config *config,
    const struct record *record, const struct verdict *decision)
{
	const struct facts *facts = record->facts;
	struct span identity = facts->identity.name;
	struct span detail = decision->detail;

	if (identity.len == 0)
		identity = SPAN("-");
	log_write(decision->action == ACTION_TEMPFAIL ? LOG_LEVEL_WARNING :
	    LOG_LEVEL_INFO,
	    "%.*s/%.*s: %s queue=%.*s identity=%.*s client=%.*s sender=%.*s"
	    "%s%s%s%.*s%s%s%.*s", SPAN_ARG(record->session),
	    SPAN_ARG(facts->id), record_result_name(record->result),
	    SPAN_ARG(record->queue_id.len > 0 ? record->queue_id :
	    SPAN("-")), SPAN_ARG(identity), SPAN_ARG(facts->client.address),
	    SPAN_ARG(facts->sender.text),
	    decision->reason == REASON_NONE ? "" : " reason=",
	    reason_info(decision->reason)->name,
	    detail.len == 0 ? "" : " detail=", SPAN_ARG(detail),
	    facts->mode == MODE_ENFORCE ? "" : " mode=",
	    facts->mode == MODE_ENFORCE ? "" : mode_name(facts->mode),
	    SPAN_ARG(trial_text(record)));
	log_problems(runtime, config, record);
}
