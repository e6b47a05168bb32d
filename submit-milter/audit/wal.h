/*
 * wal - a file into which batches of records go before the audit file is
 * known to be on the disk.
 *
 * To write over octets that a file has already costs the disk one write; to
 * make a file longer costs the file system's journal besides, twice the time.
 * So a batch is put at the end of the audit file, unsynced, and its octets
 * into this file, on stable storage. When this one is full the audit file is
 * synced, once for all of them, and it begins anew. What the audit file lost
 * with the power is in here, with its place there, and is put back.
 *
 * It is called .NAME.wal, beside the file NAME, and is there as long as
 * somebody writes to that. Used by the thread of the file's lane.
 */
#ifndef SUBMIT_AUDIT_WAL_H
#define SUBMIT_AUDIT_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct wal;

/* Where a batch stands in the audit file. */
struct wal_place {
	uint64_t inode;
	int64_t offset;
};

/*
 * Opens that of the audit file FILE, of which AUDIT tells; with IS_MADE it is
 * made where there is none. 0 and *wal_r (NULL: there is none); or -1 and
 * errno: EAGAIN when another process has it, EPERM when others own it or may
 * write there, EXDEV when it is not on the same file system, as beside a
 * link.
 */
int wal_open(const char *file, const struct stat *audit, bool is_made,
    struct wal **wal_r) __attribute__((warn_unused_result));

/*
 * Lets go of it; with IS_DONE it is removed: the audit file is on the disk.
 * Takes NULL; leaves NULL. -1 when it could neither be cleared nor removed.
 */
int wal_close(struct wal **wal, bool is_done);

/* Nobody has removed it: it would be found after a crash. */
bool wal_is_named(const struct wal *wal);

/*
 * Puts back into the audit file, or into the rotated one that was it, what
 * was put here since the last wal_clear() or wal_restart(), and syncs it.
 * *octets_r: how many were missing. 0, or -1 and errno.
 */
int wal_restore(struct wal *wal, int64_t *octets_r)
    __attribute__((warn_unused_result));

/* Nothing in it counts any more, and that is on the disk. 0; -1 and errno. */
int wal_clear(struct wal *wal) __attribute__((warn_unused_result));

/*
 * Begins anew: all that was put here is in the audit file and synced. What
 * is here counts until the next wal_put(), and does no harm.
 */
void wal_restart(struct wal *wal);

/* Room for the LEN octets of a batch; NULL: none before it begins anew. */
char *wal_room(struct wal *wal, size_t len);

/* More has never room. */
size_t wal_most(void);

/*
 * Puts the LEN octets that now lie in wal_room() on stable storage. 0; or
 * -1 and errno: then nothing but wal_restore() and wal_clear() follows.
 */
int wal_put(struct wal *wal, const struct wal_place *place,
    size_t len) __attribute__((warn_unused_result));

#endif
