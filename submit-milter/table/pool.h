/*
 * pool - the connections to one server: few, used again, and never the
 * reason why everything stands still.
 *
 * At most SIZE connections are open, made when they are needed. Who finds
 * none free waits, but not beyond the deadline, and not when the server has
 * answered nobody for POOL_STALL_MS. After a failed attempt to connect,
 * nobody tries again for POOL_BACKOFF_MS: callers are told at once what
 * failed. Then one tries, and the others follow when that went well. So a
 * server that hangs holds up as many threads as there are connections, and
 * one later on.
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

#define POOL_STALL_MS 1000
#define POOL_BACKOFF_MS 1000
/* Who was idle for so long may have been forgotten by a firewall. */
#define POOL_IDLE_MS 60000

struct pool;

struct pool_driver {
	/* A connection by DEADLINE, or NULL and *failure. */
	void *(*connect)(void *context, int64_t deadline,
	    struct failure *failure);
	/* IS_BROKEN: without a word, the other side may not listen. */
	void (*disconnect)(void *context, void *connection, bool is_broken);
};

/* Keeps DRIVER and CONTEXT. NULL when there is no memory. */
struct pool *pool_new(const struct pool_driver *driver, void *context,
    size_t size) __attribute__((warn_unused_result));

/* All connections must have been given back. Takes NULL; leaves NULL. */
void pool_free(struct pool **pool);

/*
 * A connection, which pool_give() must take back; or NULL and *failure. A
 * fresh one was made just now: after another broke, an idle one may be no
 * better.
 */
void *pool_take(struct pool *pool, bool is_fresh, int64_t deadline,
    struct failure *failure) __attribute__((warn_unused_result));

void pool_give(struct pool *pool, void *connection, bool is_broken);

/* Connections that are open now, idle ones included. */
size_t pool_count(struct pool *pool);

#endif
