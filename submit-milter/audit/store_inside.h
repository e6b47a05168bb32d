/*
 * store_inside - what store.c and store_find.c share.
 */
#ifndef SUBMIT_AUDIT_STORE_INSIDE_H
#define SUBMIT_AUDIT_STORE_INSIDE_H

#include <limits.h>

#include "audit/store.h"

#define STORE_OPEN_MOST 4

/* A partition that is written. */
struct store_slot {
	int64_t day;		/* since 1970 */
	struct partition *partition;
	unsigned long used;	/* when, counted */
};

struct store {
	struct store_settings settings;
	struct store_slot slots[STORE_OPEN_MOST];
	unsigned long clock;
	struct arena *arena;	/* of the line at hand */
	char error[PATH_MAX + 300];
};

/* DIRECTORY/audit-YYYY-MM-DD.db; false when it is too long. */
bool store_file(const struct store *store, int64_t day,
    char file_r[PATH_MAX]);

/* The days that have partitions, malloc'ed, the latest first. 0 or -1. */
int store_days(struct store *store, int64_t **days_r, size_t *count_r)
    __attribute__((warn_unused_result));

/* Tells the administrator. */
void store_tell(struct store *store, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
