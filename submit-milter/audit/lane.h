/*
 * lane - one sink, the records that wait for it, and the thread that writes
 * them there.
 *
 * The thread takes all that wait and commits them as one batch; meanwhile
 * the next batch gathers. When the sink fails, those who wait are told at
 * once, and records that nobody waits for stay and are tried again until it
 * works. Any thread may push; one thread at a time changes the sink.
 */
#ifndef SUBMIT_AUDIT_LANE_H
#define SUBMIT_AUDIT_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/entry.h"
#include "audit/sink.h"

struct lane;

struct lane_calls {
	audit_notice *notice;
	/* An entry that all have who must have it; the callee's reference. */
	void (*kept)(void *context, struct audit_entry *entry);
	void *context;
};

/* What a lane is to be from now on. */
struct lane_state {
	void *sink;		/* open; NULL: none */
	bool is_required;	/* it decides about the fate of entries */
};

/* CALLS outlive it. NULL when there is no memory. */
struct lane *lane_new(enum sink_id id, const struct sink_kind *kind,
    const struct lane_calls *calls);

/* Writes what waits, closes the sink. Takes NULL; leaves NULL. */
void lane_free(struct lane **lane);

/* Its thread; once is enough. -1 when there is none to be had. */
int lane_start(struct lane *lane) __attribute__((warn_unused_result));

/*
 * From the next batch on STATE holds; the sink of before is closed. Takes
 * over the sink. A lane that was never started has none.
 */
void lane_change(struct lane *lane, const struct lane_state *state);

/* Tells the operator of NOTE, if there is anything in it. */
void lane_tell(const struct sink_kind *kind, const struct lane_calls *calls,
    bool is_fault, const struct sink_note *note);

/*
 * Takes over the reference. -1 when there is no room or no sink, or when it is
 * known to fail: then it is settled, and counted.
 */
int lane_push(struct lane *lane, struct audit_entry *entry);

/* Takes ENTRY back, unless it is being written. */
void lane_withdraw(struct lane *lane, struct audit_entry *entry);

/* Fills all but the name. */
void lane_usage(struct lane *lane, struct audit_usage *usage_r);

/* Until nothing waits, no state either, or DEADLINE. True: nothing does. */
bool lane_drain(struct lane *lane, int64_t deadline);

#endif
