/*
 * file_inside - what the parts of the sink that is a file know of each other.
 */
#ifndef SUBMIT_AUDIT_FILE_INSIDE_H
#define SUBMIT_AUDIT_FILE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "audit/entry.h"
#include "audit/sink.h"
#include "audit/wal.h"

struct file {
	char *name;
	mode_t mode;
	int fd;
	bool is_regular;	/* and the next two: once it has begun */
	dev_t device;
	ino_t inode;
	off_t reserved;		/* up to there disk is set aside; 0: none */
	bool is_synced;		/* records are to be on stable storage */
	struct wal *wal;	/* NULL: none */
	bool is_doubtful;	/* a sync failed: what it holds is not sure */
	off_t end;		/* where we left it */
	/* What a failed batch left: from GOOD on to BAD nothing counts. */
	bool is_spoilt;
	off_t good, bad;
};

/* Says in NOTE what errno says; -1. */
int file_fail(const struct file *file, struct sink_note *note);

/* Goes on with what has the name now, instead of what was open. */
int file_replace(struct file *file, struct sink_note *note)
    __attribute__((warn_unused_result));

/* Of struct sink_kind. */
int file_commit(void *sink, struct audit_entry *const *batch, size_t n,
    struct sink_note *note);

#endif
