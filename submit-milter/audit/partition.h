/*
 * partition - the records of one day (UTC), in a file of SQLite.
 *
 * A record lies under its time (microseconds of the day; the next free one
 * when two came in the same) with a hash of its name and the packed line.
 * Its words are found in one index of hashes, 27 bits, keyed with a key of
 * the file: what is found by it has to be compared (store_find() does), and
 * it tells nothing to those without the key. A record that was erased stays
 * as a place without content, so that no import brings it back.
 *
 * WAL: readers never stop the writer, nor it them. A writer syncs at each
 * commit. Here and in partition_write.c SQLite is used. One thread at a
 * time for an object.
 */
#ifndef SUBMIT_AUDIT_PARTITION_H
#define SUBMIT_AUDIT_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/vault.h"
#include "audit/words.h"
#include "base/sbuf.h"

#define DAY_US ((int64_t)86400 * 1000000)

enum partition_status {
	PARTITION_OK,
	PARTITION_END,		/* there is no such record, or no more */
	PARTITION_DAMAGED,	/* the file cannot be trusted */
	PARTITION_SEALED,	/* its key is not there */
	PARTITION_FAILED,	/* busy, disk full, no memory ... */
};

struct partition_settings {
	const struct vault *vault;	/* NULL: no keys; outlives it */
	int64_t day_us;			/* when it begins, since 1970 */
	bool is_writer;			/* makes the file when needed */
	int cache_kib;
};

struct partition;

/*
 * Opens FILE. PARTITION_OK and *partition_r, which is made in any case but
 * want of memory (then NULL), so that partition_error() can tell.
 */
enum partition_status partition_open(const char *file,
    const struct partition_settings *settings,
    struct partition **partition_r) __attribute__((warn_unused_result));

/* What was added and not committed is lost. Takes NULL; leaves NULL. */
void partition_close(struct partition **partition);

/* What went wrong last; for people. NULL: no memory. */
const char *partition_error(const struct partition *partition);

/* --- finding -------------------------------------------------------------- */

struct partition_places {
	int64_t *v;		/* malloc'ed; the caller's to free */
	size_t n, room;
};

/* Adds the places from FROM to TO (inclusive) that have WORD. */
enum partition_status partition_find(struct partition *partition,
    const struct word *word, int64_t from, int64_t to,
    struct partition_places *places) __attribute__((warn_unused_result));

/* PARTITION_OK: the record at N has WORD, as far as hashes tell. */
enum partition_status partition_has(struct partition *partition,
    const struct word *word, int64_t n)
    __attribute__((warn_unused_result));

/*
 * The place nearest to N from below, N included; PARTITION_END when there is
 * none.
 */
enum partition_status partition_before(struct partition *partition,
    int64_t n, int64_t *place_r) __attribute__((warn_unused_result));

/*
 * The line at place N, at the end of OUT; PARTITION_END when it is erased
 * or was never there.
 */
enum partition_status partition_read(struct partition *partition, int64_t n,
    struct sbuf *out) __attribute__((warn_unused_result));

/* Has what partition_read() wants of place N in memory, if that can be. */
void partition_touch(struct partition *partition, int64_t n);

/* --- writing -------------------------------------------------------------- */

/* A record of this day, for the next commit. 0, or -1 without memory. */
int partition_add(struct partition *partition, const struct words *words,
    struct span line) __attribute__((warn_unused_result));

/*
 * Writes what was added; a record whose transaction has one already takes
 * its place, unless that was erased. On failure nothing of it is there, and
 * it may be tried again. *added_r counts those that were new.
 */
enum partition_status partition_commit(struct partition *partition,
    size_t *added_r) __attribute__((warn_unused_result));

size_t partition_pending(const struct partition *partition);

/*
 * Puts LINE, with its words NEW, in the place of the record at N, whose
 * words are OLD; an empty LINE erases it. What was there is overwritten in
 * the file. On its own; nothing may be pending.
 */
enum partition_status partition_replace(struct partition *partition,
    int64_t n, const struct words *old, const struct words *new,
    struct span line) __attribute__((warn_unused_result));

/* After replacing: nothing of it stays in the log beside the file. */
enum partition_status partition_settle(struct partition *partition)
    __attribute__((warn_unused_result));

#endif
