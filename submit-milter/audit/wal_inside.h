/*
 * wal_inside - what the parts of audit/wal.h know of each other.
 */
#ifndef SUBMIT_AUDIT_WAL_INSIDE_H
#define SUBMIT_AUDIT_WAL_INSIDE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "audit/wal.h"

#define WAL_BLOCK 4096u

/* Of a frame. */
struct wal_head {
	char magic[8];
	uint64_t check;		/* of all that follows, without the padding */
	uint64_t generation;
	uint64_t number;	/* in its generation, from 0 */
	uint64_t inode;		/* of the audit file */
	int64_t offset;		/* there */
	uint64_t len;		/* of the octets behind this head */
};

struct wal {
	char *file;		/* the audit file */
	char *name;
	int fd;
	uint64_t generation;
	uint64_t number;	/* of the next frame */
	size_t used;		/* octets of frames that count */
	char *frame;		/* for all that is read or written */
};

/*
 * The frame NUMBER, at OFFSET, into wal->frame: the octets it takes; 0 when
 * there is none that counts; -1 and errno.
 */
ssize_t wal_read_frame(struct wal *wal, uint64_t number, size_t offset)
    __attribute__((warn_unused_result));

#endif
