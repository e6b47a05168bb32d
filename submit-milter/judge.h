/*
 * judge - sender and recipients: short names written in full, the rules, and
 * other addresses that tables want.
 *
 * What takes the place of a recipient meets the rules for recipients again.
 * Pure but for the resolver; one thread at a time.
 */
#ifndef SUBMIT_JUDGE_H
#define SUBMIT_JUDGE_H

#include "edit/completion.h"
#include "policy/policy.h"

/* The sender of the facts: STAGE_MAIL. */
struct verdict judge_sender(const struct profile *profile,
    struct facts *facts, struct verdict_log *log)
    __attribute__((warn_unused_result));

/*
 * The newest recipient: STAGE_RCPT. The verdict is noted with it and with
 * what takes its place.
 */
struct verdict judge_recipient(const struct profile *profile,
    struct facts *facts, struct verdict_log *log)
    __attribute__((warn_unused_result));

/* What comes of an edit that could not be planned; passes if it could. */
struct verdict judge_fault(enum completion_status status, const char *error);

#endif
