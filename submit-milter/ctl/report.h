/*
 * report - what "submitctl report" has counted, for its two printers.
 */
#ifndef SUBMIT_CTL_REPORT_H
#define SUBMIT_CTL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/tally.h"
#include "policy/verdict.h"

/* How often a rule on trial spoke, and how often against. In messages. */
struct report_trial {
	uint64_t judged;
	uint64_t hit;
	uint64_t undecided;	/* of those hit: a fault of ours */
};

struct report {
	uint64_t records;	/* that the options chose */
	uint64_t bad_lines;
	struct tally_period seen;
	struct report_trial trials[RULE_COUNT];
	struct tally *trial;	/* rules on "warn" */
	struct tally *refused;	/* rules on "enforce"; NULL: not asked for */
	/* By problem ("rule") and program ("reason"); NULL: not asked for. */
	struct tally *problems;
};

void report_text(const struct report *report);

/* What a help desk writes to WHO, whose problems alone were counted. */
void report_letter(const struct report *report, const char *who);

/* 0, or -1 without memory. */
int report_json(const struct report *report)
    __attribute__((warn_unused_result));

#endif
