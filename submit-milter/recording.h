/*
 * recording - what becomes known of a transaction's end: the record to the
 * sinks or the observer, the line in the log, the counts.
 *
 * Called by the thread of the transaction.
 */
#ifndef SUBMIT_RECORDING_H
#define SUBMIT_RECORDING_H

#include "audit/record.h"
#include "config/config.h"
#include "policy/verdict.h"
#include "runtime.h"

/*
 * That of a message that passes is waited for, others are written in their
 * turn. 0, or -1 when the record is not where it should be.
 */
int recording_write(struct runtime *runtime, const struct config *config,
    const struct record *record) __attribute__((warn_unused_result));

/* The line in the log, and what the client does wrong, with DECISION. */
void recording_log(struct runtime *runtime, const struct config *config,
    const struct record *record, const struct verdict *decision);

#endif
