/*
 * pool - the connections to one server: few, used again, and never the
 * reason why everything stands still.
 *
 * Connections are made when they are needed. Who finds none free waits, but
 * not beyond the deadline, and not when the server has answered nobody for
 * a while.
 *
 * When a connection breaks the server is suspected, and one thread alone
 * tries it, with a connection made for that. If that is not answered either,
 * nobody tries for a while: callers are told at once what failed. The first
 * answer ends the suspicion. So a server that hangs holds up as many threads
 * as there are connections, and later on one.
 *
 * Any thread. Its lock is a leaf; nothing is connected, disconnected or
 * asked under it. For the backends of table/ only.
 */
#ifndef SUBMIT_TABLE_POOL_H
#define SUBMIT_TABLE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table/failure.h"

struct pool;

struct pool_limits {
	size_t size;		/* connections at the most */
	int stall;		/* ms to wait for a server that is silent */
	int backoff;		/* ms between two trials */
	int idle;		/* ms that one may lie unused */
};

struct pool_driver {
	/* A connection by DEADLINE, or NULL and *failure. */
	void *(*connect)(void *context, int64_t deadline,
	    struct failure *failure);
	/* IS_BROKEN: without a word, the other side may not listen. */
	void (*disconnect)(void *context, void *connection, bool is_broken);
};

/* Keeps DRIVER and CONTEXT. NULL when there is no memory. */
struct pool *pool_new(const struct pool_driver *driver, void *context,
    const struct pool_limits *limits) __attribute__((warn_unused_result));

/* All connections must have been given back. Takes NULL; leaves NULL. */
void pool_free(struct pool **pool);

/*
 * A connection, which pool_give() must take back; or NULL and *failure. A
 * fresh one was made just now: after another broke, an idle one may be no
 * better.
 */
void *pool_take(struct pool *pool, bool is_fresh, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

/* BROKEN tells why the connection is of no more use; NULL: it is good. */
void pool_give(struct pool *pool, void *connection,
    const struct failure *broken);

/* Connections that are open now, idle ones included. */
size_t pool_count(struct pool *pool);

/* How often somebody had to wait for one so far. */
uint64_t pool_waits(struct pool *pool);

#endif
