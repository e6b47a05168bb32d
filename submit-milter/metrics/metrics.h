/*
 * metrics - what is counted of messages, for those who watch from outside.
 *
 * Owned by the runtime, so a reload changes nothing of it. Counting is a few
 * relaxed atomic additions a message; nothing here can fail. Labels are
 * words of our own vocabulary and names of profiles, never who or where
 * from. Any thread.
 */
#ifndef SUBMIT_METRICS_METRICS_H
#define SUBMIT_METRICS_METRICS_H

#include <stdint.h>

#include "audit/record.h"
#include "base/sbuf.h"
#include "metrics/frequent.h"
#include "policy/policy.h"
#include "policy/verdict.h"
#include "sign/signer.h"

struct metrics;

/* NULL when there is no memory. */
struct metrics *metrics_new(void);

/* Takes NULL; leaves NULL. */
void metrics_free(struct metrics **metrics);

/* There is a profile of that name. Main thread. */
void metrics_learn_profile(struct metrics *metrics, const char *name);

/* A stage has been dealt with; BEGAN is of histogram_now(). */
void metrics_stage(struct metrics *metrics, enum stage stage, int64_t began);

/* Somebody was told so. */
void metrics_reply(struct metrics *metrics, enum stage stage,
    const struct reply *reply);

/*
 * The end of a message, with all that its rules said and the time spent on
 * its signatures. Who submitted it counts as well, but no metric shows that.
 */
void metrics_message(struct metrics *metrics, const struct record *record,
    int64_t signing_us);

/* A connection, from the first that is heard of it to its end. */
void metrics_connect(struct metrics *metrics);
void metrics_disconnect(struct metrics *metrics);

/* A reload, that of the start not included. */
void metrics_reload(struct metrics *metrics, bool is_ok);
bool metrics_last_reload_ok(const struct metrics *metrics);

/* How many messages ended so, all profiles together. */
uint64_t metrics_messages(const struct metrics *metrics,
    enum record_result result);

struct frequent *metrics_frequent(struct metrics *metrics);

/* All of it as exposition. */
void metrics_expose(const struct metrics *metrics, struct sbuf *out);

#endif
