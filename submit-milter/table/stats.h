/*
 * stats - what is counted of the look-ups in a table.
 *
 * They belong to the name of a table: one that is opened under the name of
 * an open one counts on where that is, so a reload loses nothing. The list
 * of names has a lock, which is a leaf and taken to open and close tables
 * only. For table.c only.
 */
#ifndef SUBMIT_TABLE_STATS_H
#define SUBMIT_TABLE_STATS_H

#include "base/histogram.h"
#include "table/table.h"

struct table_stats {
	struct table_stats *next;	/* of the list */
	unsigned references;		/* under its lock */
	atomic_uint_least64_t answers[LOOKUP_FAILED + 1];
	struct histogram time;
	char name[];
};

/* NULL when there is no memory. */
struct table_stats *table_stats_open(const char *name);

/* Takes NULL; leaves NULL. */
void table_stats_close(struct table_stats **stats);

#endif
