/*
 * store - the records of the last days, indexed: a folder of partitions.
 *
 * One partition for each day (UTC) on which a message came,
 * DIRECTORY/audit-YYYY-MM-DD.db. What it holds can be made anew from the
 * audit files: the store is never the only place of a record.
 *
 * A partition that is damaged is set aside under another name, and said;
 * the others go on. Nothing here logs: what an administrator must know is
 * given to a function of the caller's. One thread at a time for an object;
 * any number of processes for a folder, of which those that read stop
 * nobody.
 */
#ifndef SUBMIT_AUDIT_STORE_H
#define SUBMIT_AUDIT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/partition.h"
#include "audit/query.h"
#include "audit/vault.h"

typedef void store_notice(void *context, const char *text);

struct store_settings {
	const char *directory;
	const struct vault *vault;	/* NULL: nothing is sealed */
	int days;			/* that records are kept */
	int cache_kib;			/* memory for each open partition */
	store_notice *notice;
	void *context;			/* of notice */
};

struct store;

enum store_status {
	STORE_OK,
	STORE_NO_RECORD,	/* the line is none, or none of a message */
	STORE_OLD,		/* it is older than records are kept */
	STORE_DAMAGED,		/* what was added for one day is lost: add
				   again what the audit file has */
	STORE_FAILED,		/* nothing is lost; may be tried again */
};

/* SETTINGS are copied, strings and vault are not. NULL without memory. */
struct store *store_new(const struct store_settings *settings);

/* What was added and not committed is lost. Takes NULL; leaves NULL. */
void store_free(struct store **store);

/* What failed last; for people. */
const char *store_error(const struct store *store);

/* --- writing -------------------------------------------------------------- */

/* The folder is there (it is made, mode 0750) and can be written. 0 or -1. */
int store_prepare(struct store *store) __attribute__((warn_unused_result));

/* A line of an audit file; NOW in seconds since 1970. */
enum store_status store_add(struct store *store, struct span line,
    int64_t now) __attribute__((warn_unused_result));

/* Added and not committed. */
size_t store_pending(const struct store *store);

/* *added_r: how many records were new. */
enum store_status store_commit(struct store *store, size_t *added_r)
    __attribute__((warn_unused_result));

/*
 * Removes partitions that are older than records are kept; *removed_r: how
 * many. -1, with store_error(), when the folder cannot be read.
 */
int store_clean(struct store *store, int64_t now, size_t *removed_r)
    __attribute__((warn_unused_result));

/* --- finding -------------------------------------------------------------- */

struct store_hit {
	struct span line;
	const struct words *words;
	/* To replace it, in store_change() alone. */
	struct partition *partition;
	int64_t n;
};

/* Not 0: enough. What HIT points to does not outlive the call. */
typedef int store_found(void *context, const struct store_hit *hit);

/*
 * The records that match, newest first. 0; or -1: a partition could not be
 * searched, which was said; the others were.
 */
int store_find(struct store *store, const struct query *query,
    store_found *found, void *context) __attribute__((warn_unused_result));

/* The same for a caller that replaces what it finds. */
int store_change(struct store *store, const struct query *query,
    store_found *found, void *context) __attribute__((warn_unused_result));

#endif
