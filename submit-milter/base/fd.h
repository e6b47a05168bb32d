/*
 * fd - what the calls of the system leave to whoever uses a descriptor. Any
 * thread.
 */
#ifndef SUBMIT_BASE_FD_H
#define SUBMIT_BASE_FD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"

/* Writes all of it, however often that is interrupted. 0, or -1 and errno. */
int fd_write(int fd, struct span octets);

/* The same, to OFFSET; where the descriptor appends, that does not count. */
int fd_write_at(int fd, struct span octets, int64_t offset);

/* Reads as many of N octets as there are from OFFSET on; -1 and errno. */
ssize_t fd_read_at(int fd, char *octets, size_t n, int64_t offset);

#endif
