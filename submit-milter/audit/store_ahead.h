/*
 * store_ahead - the days that a search will come to, looked at beforehand.
 *
 * A look-up waits for the disk a few times in each partition, and for each
 * record: a few threads go ahead of the search, open partitions, ask their
 * indexes and have SQLite read what the search will want, so that it waits
 * for many at a time. The search itself goes from day to day and does what
 * nobody has begun. For store_find.c alone.
 */
#ifndef SUBMIT_AUDIT_STORE_AHEAD_H
#define SUBMIT_AUDIT_STORE_AHEAD_H

#include "audit/store.h"

struct store_day {
	int64_t day;			/* since 1970 */
	enum partition_status status;
	struct partition *partition;	/* NULL: no memory */
	int64_t from, to;		/* places that the query spans */
	struct partition_places places;	/* of the criterion; latest first */
	bool is_ready;			/* under the lock */
};

struct store_ahead_settings {
	const struct store *store;
	const struct query *query;
	const struct criterion *chosen;	/* NULL: the index is not asked */
	bool is_writer;			/* then nothing is done beforehand */
};

struct store_ahead;

/* DAYS, the latest first, and SETTINGS are copied. NULL without memory. */
struct store_ahead *store_ahead_new(
    const struct store_ahead_settings *settings, const int64_t *days,
    size_t count);

/* Closes what is open. Takes NULL; leaves NULL. */
void store_ahead_free(struct store_ahead **ahead);

/* Day I, one after another. Lives until store_ahead_pass(). */
struct store_day *store_ahead_take(struct store_ahead *ahead, size_t i);

void store_ahead_pass(struct store_ahead *ahead, size_t i);

#endif
