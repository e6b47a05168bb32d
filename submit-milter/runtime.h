/*
 * runtime - what outlives a reload.
 *
 * The current configuration, the memory budget, the audit sinks, the metrics
 * and the count of transactions under way. One for the process, shared by all
 * threads. Its lock guards only the pointer to the configuration and is a
 * leaf.
 */
#ifndef SUBMIT_RUNTIME_H
#define SUBMIT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/record.h"
#include "audit/sinks.h"
#include "base/arena.h"
#include "config/config.h"
#include "limit/hush.h"
#include "metrics/metrics.h"
#include "panic.h"
#include "policy/facts.h"
#include "policy/watch.h"

struct runtime;

/*
 * Looks over the shoulder of every transaction: "explain". With an observer
 * no record is written; the observer gets it instead.
 */
struct observer {
	struct watch watch;
	void (*record)(void *context, const struct record *record);
	void *context;
};

/* Takes over the reference to CONFIG. NULL when there is no memory. */
struct runtime *runtime_new(struct config *config);

/* Takes NULL; leaves NULL. No transaction may be under way. */
void runtime_free(struct runtime **runtime);

/*
 * Opens log, audit sinks and state as the current configuration says. 0, or
 * -1 and *error_r (malloc'ed, the caller's to free).
 */
int runtime_open(struct runtime *runtime, char **error_r)
    __attribute__((warn_unused_result));

/*
 * Makes CONFIG the current one: log and audit files are opened anew, the
 * next transaction runs under it. On failure -1 and *error_r (malloc'ed),
 * and all stays as it was. Takes over the reference either way.
 */
int runtime_reload(struct runtime *runtime, struct config *config,
    char **error_r) __attribute__((warn_unused_result));

/* The current configuration; the caller gives the reference back. */
struct config *runtime_config(struct runtime *runtime);

/* Before any transaction; OBSERVER must outlive the runtime. */
void runtime_observe(struct runtime *runtime,
    const struct observer *observer);
const struct observer *runtime_observer(const struct runtime *runtime);

struct arena_budget *runtime_budget(struct runtime *runtime);
struct audit *runtime_audit(struct runtime *runtime);

/* What the log says of clients once in a while. */
struct hush *runtime_hush(struct runtime *runtime);
struct panic *runtime_panic(struct runtime *runtime);
struct metrics *runtime_metrics(struct runtime *runtime);
const struct feed *runtime_feed(const struct runtime *runtime);
struct meter *runtime_meter(struct runtime *runtime);

/* Which configuration is in force: 1, and one more each reload. */
unsigned runtime_generation(const struct runtime *runtime);

/* The store has not taken records for a while, though there is one. */
bool runtime_store_fails(const struct runtime *runtime);

/* When it was made, in seconds since 1970. */
int64_t runtime_started(const struct runtime *runtime);

/* From now on no transaction begins. */
void runtime_stop(struct runtime *runtime);
bool runtime_is_stopping(const struct runtime *runtime);

/*
 * A transaction begins; runtime_end() must follow. False when the daemon is
 * stopping: then the transaction may only be turned away.
 */
bool runtime_begin(struct runtime *runtime);
void runtime_end(struct runtime *runtime);

/* The facts_quota of this process; CONTEXT is the runtime. */
facts_quota runtime_quota;

/* What is counted beyond the records. */
enum count {
	COUNT_CONNECTIONS,	/* that never came to MAIL */
	COUNT_TRANSFERS,	/* messages from outside, on a mixed port */
	COUNT_PANIC,		/* messages under another mode than enforce */
	COUNT_COUNT,
};

void runtime_count(struct runtime *runtime, enum count what);

/* Its name in status: "connections". */
const char *runtime_count_name(enum count what);

/* How many since the start. */
uint64_t runtime_counted(struct runtime *runtime, enum count what);

/*
 * A message on the listener NAME that came to DATA: the MTA showed it to us,
 * or it did not. The latter gives the number of those in a row, every now
 * and then, when there are too many to be chance; else 0.
 */
void runtime_saw_message(struct runtime *runtime, struct span name);
unsigned runtime_missed_message(struct runtime *runtime, struct span name);

/* Transactions under way. */
unsigned runtime_transactions(struct runtime *runtime);

/*
 * A message is about to get its last reply, which libmilter writes after the
 * callback; the next that is heard on its connection shows that it has
 * arrived. One that got lost would make the MTA send the message again.
 */
void runtime_reply(struct runtime *runtime);
void runtime_reply_seen(struct runtime *runtime);

/*
 * Whether a reply may still be on its way: one was given less than GRACE_MS
 * milliseconds ago, and not all have been seen to arrive.
 */
bool runtime_is_replying(struct runtime *runtime, int grace_ms);

#endif
