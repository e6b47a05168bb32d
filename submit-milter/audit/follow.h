/*
 * follow - reads the whole lines of a file that grows and is rotated.
 *
 * Rotated is: renamed, and another one made under its name. As long as
 * nothing stands in the new one the old one may still grow. A place is kept
 * as the inode, the octets that were read, and a hash of the last of them.
 * One thread at a time.
 */
#ifndef SUBMIT_AUDIT_FOLLOW_H
#define SUBMIT_AUDIT_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"

struct follow_place {
	uint64_t inode;		/* 0: none */
	int64_t offset;
	uint64_t check;		/* of the octets in front of the offset */
};

struct follow;

enum follow_status {
	FOLLOW_LINE,
	FOLLOW_WAIT,		/* nothing more for now */
	FOLLOW_FAILED,
};

/* NULL without memory. */
struct follow *follow_new(const char *file);

/* Takes NULL; leaves NULL. */
void follow_free(struct follow **follow);

/*
 * Goes to PLACE, in the file or in one beside it that was once it. False
 * when it is nowhere to be found; then, and for a place without inode, at
 * the beginning of the file.
 */
bool follow_seek(struct follow *follow, const struct follow_place *place);

/* The next line, without its end, that lives until the next call. */
enum follow_status follow_line(struct follow *follow, struct span *line_r)
    __attribute__((warn_unused_result));

/* Behind the last line that was given. */
struct follow_place follow_place(const struct follow *follow);

/*
 * What DIRECTORY/position says; a place without inode when there is none.
 * Writing is atomic, and a failure costs nothing but reading again.
 */
struct follow_place follow_read_place(const char *directory);
void follow_write_place(const char *directory,
    const struct follow_place *place);
void follow_forget_place(const char *directory);

/* For FOLLOW_FAILED: an error number. */
int follow_error(const struct follow *follow);

#endif
