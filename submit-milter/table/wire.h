/*
 * wire - a stream to a server, every step of which ends at a deadline.
 *
 * For protocols whose library has no deadlines of its own. Sockets do not
 * block. For the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_WIRE_H
#define SUBMIT_TABLE_WIRE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"
#include "table/endpoint.h"
#include "table/failure.h"

/*
 * Waits for EVENTS of poll(2). 0; or -1 and *failure when the deadline has
 * passed.
 */
int wire_wait(int fd, short events, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

/* A socket, or -1 and *failure. */
int wire_connect(const struct endpoint_address *address, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

/* All of it. 0, or -1 and *failure. */
int wire_send(int fd, struct span octets, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

/*
 * Some octets, at least 1 and at most SIZE: their number. -1 and *failure,
 * also when the other side has closed.
 */
ssize_t wire_receive(int fd, char *buffer, size_t size, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

#endif
