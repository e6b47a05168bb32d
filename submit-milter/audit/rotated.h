/*
 * rotated - finds a file again that logrotate has renamed.
 */
#ifndef SUBMIT_AUDIT_ROTATED_H
#define SUBMIT_AUDIT_ROTATED_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The regular file with that INODE: FILE itself, or one beside it whose name
 * begins with its name. False when there is none. Any thread.
 */
bool rotated_find(const char *file, uint64_t inode, char path_r[PATH_MAX]);

#endif
