/*
 * fd - what the calls of the system leave to whoever uses a descriptor. Any
 * thread.
 */
#ifndef SUBMIT_BASE_FD_H
#define SUBMIT_BASE_FD_H

#include "base/span.h"

/* Writes all of it, however often that is interrupted. 0, or -1 and errno. */
int fd_write(int fd, struct span octets);

#endif
