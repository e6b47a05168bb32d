/*
 * judge.c - see judge.h.
 */
#include "judge.h"

#include "edit/qualify.h"
#include "edit/rewrite.h"

struct verdict
judge_fault(enum completion_status status, const char *error)
{
	switch (status) {
	case COMPLETION_OK:
		return verdict_pass();
	case COMPLETION_LOOKUP_FAILED:
		return verdict_tempfail(REASON_TEMPORARY, span_of(error));
	case COMPLETION_DNS_FAILED:
		return verdict_tempfail(REASON_DNS_FAILED, span_of(error));
	case COMPLETION_NO_MEMORY:
		break;
	}
	return verdict_tempfail(REASON_MEMORY, SPAN("out of memory"));
}

struct verdict
judge_sender(const struct profile *profile, struct facts *facts,
    struct verdict_log *log)
{
	const char *error = NULL;
	struct verdict verdict = judge_fault(qualify_sender(profile, facts,
	    &error), error);

	if (verdict.action == ACTION_PASS)
		verdict = policy_run(STAGE_MAIL, profile, facts, log);
	if (verdict.action == ACTION_PASS)
		verdict = judge_fault(rewrite_sender(profile, facts, &error),
		    error);
	return verdict;
}

static struct verdict
judge_rewritten(const struct profile *profile, struct facts *facts,
    struct verdict_log *log)
{
	size_t n = facts->recipient_count;
	const char *error = NULL;
	struct verdict verdict = judge_fault(rewrite_recipient(profile, facts,
	    &error), error);

	if (verdict.action != ACTION_PASS || facts->recipient_count == n)
		return verdict;
	return policy_run(STAGE_RCPT, profile, facts, log);
}

struct verdict
judge_recipient(const struct profile *profile, struct facts *facts,
    struct verdict_log *log)
{
	size_t first = facts->recipient_count - 1;
	const char *error = NULL;
	struct verdict verdict = judge_fault(qualify_recipient(profile, facts,
	    &error), error);

	if (verdict.action == ACTION_PASS)
		verdict = policy_run(STAGE_RCPT, profile, facts, log);
	if (verdict.action == ACTION_PASS)
		verdict = judge_rewritten(profile, facts, log);
	for (size_t i = first; i < facts->recipient_count; i++)
		facts->recipients[i].verdict = verdict;
	return verdict;
}
