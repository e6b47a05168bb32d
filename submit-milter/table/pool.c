/*
 * pool.c - see pool.h.
 *
 * Idle connections are a stack: the one used last is used next, so that in
 * quiet times the others grow old and are closed.
 */
#include "table/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/deadline.h"

/* A server that is well can be expected to take a connection in this time. */
#define FAIR_MS 250

struct idle {
	void *connection;
	int64_t since;
	unsigned breaks;	/* that the pool had seen by then */
};

struct pool {
	const struct pool_driver *driver;
	void *context;
	struct pool_limits limits;

	pthread_mutex_t lock;	/* of all that follows */
	pthread_cond_t changed;
	struct idle *idle;	/* room for limits.size */
	size_t idle_count;
	size_t busy_count;	/* taken, or being connected */
	size_t connecting;	/* of these */
	bool is_suspect;	/* something broke; nothing went well since */
	unsigned breaks;	/* so far; who was idle then is not used */
	void *trial;		/* taken under suspicion; NULL: none is */
	bool had_time;		/* ... by one who could wait */
	int64_t retry_at;	/* connect to nobody before */
	int64_t moved;		/* when last something went well */
	struct failure failure;	/* what made the server suspect */
	uint64_t waits;		/* callers that found none free */
};

static int
init_locks(struct pool *pool)
{
	pthread_condattr_t attributes;
	int rc;

	if (pthread_condattr_init(&attributes) != 0)
		return -1;
	rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (rc == 0)
		rc = pthread_cond_init(&pool->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	if (rc != 0)
		return -1;
	if (pthread_mutex_init(&pool->lock, NULL) == 0)
		return 0;
	(void)pthread_cond_destroy(&pool->changed);
	return -1;
}

struct pool *
pool_new(const struct pool_driver *driver, void *context,
    const struct pool_limits *limits)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	assert(limits->size > 0);
	if (pool == NULL)
		return NULL;
	pool->driver = driver;
	pool->context = context;
	pool->limits = *limits;
	pool->idle = calloc(limits->size, sizeof(*pool->idle));
	if (pool->idle == NULL || init_locks(pool) != 0) {
		free(pool->idle);
		free(pool);
		return NULL;
	}
	return pool;
}

void
pool_free(struct pool **pool)
{
	struct pool *p = *pool;

	if (p == NULL)
		return;
	assert(p->busy_count == 0);
	while (p->idle_count > 0)
		p->driver->disconnect(p->context,
		    p->idle[--p->idle_count].connection, false);
	(void)pthread_cond_destroy(&p->changed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->idle);
	free(p);
	*pool = NULL;
}

/* --- under the lock ------------------------------------------------------- */

/* Until the pool changes. False when that did not happen in time. */
static bool
wait_for_change(struct pool *pool, int64_t deadline)
{
	int64_t until = deadline_min(deadline, pool->moved +
	    pool->limits.stall);
	struct timespec when = { until / 1000, until % 1000 * 1000000 };

	return pthread_cond_timedwait(&pool->changed, &pool->lock, &when) !=
	    ETIMEDOUT;
}

/*
 * What to do for somebody who wants a connection. A new one may take the
 * place of an idle one, which is then *old_r.
 */
enum step { STEP_USE, STEP_CONNECT, STEP_WAIT, STEP_FAIL };

static enum step
next_step(struct pool *pool, bool is_fresh, int64_t now, void **old_r)
{
	bool has_idle = pool->idle_count > 0;
	struct idle *top = pool->idle + (has_idle ? pool->idle_count - 1 : 0);
	bool is_full = pool->busy_count + pool->idle_count ==
	    pool->limits.size;

	*old_r = NULL;
	if (has_idle && !is_fresh && top->breaks == pool->breaks &&
	    now - top->since < pool->limits.idle) {
		pool->idle_count--;
		*old_r = top->connection;
		return STEP_USE;
	}
	if (now < pool->retry_at && pool->busy_count == 0)
		return STEP_FAIL;
	if (now < pool->retry_at || (is_full && !has_idle) ||
	    (pool->is_suspect && (pool->connecting > 0 ||
	    pool->trial != NULL)))
		return STEP_WAIT;
	if (has_idle) {
		pool->idle_count--;
		*old_r = top->connection;
	}
	return STEP_CONNECT;
}

/*
 * A connection broke, or was not made. When that was a trial, or as good as
 * one, nobody tries for a while; but one that failed for want of time says
 * nothing about the server.
 */
static void
suspect(struct pool *pool, bool is_trial, bool had_time,
    const struct failure *failure)
{
	pool->is_suspect = true;
	pool->breaks++;
	pool->failure = *failure;
	if (is_trial && had_time)
		pool->retry_at = deadline_in(pool->limits.backoff);
}

/* The server has answered: all is well. */
static void
put_back(struct pool *pool, void *connection)
{
	pool->moved = deadline_now();
	pool->is_suspect = false;
	pool->idle[pool->idle_count++] = (struct idle){ connection,
		pool->moved, pool->breaks };
}

/* Begins and ends with the lock held; lets go of it in between. */
static void *
connect_one(struct pool *pool, void *old, int64_t deadline,
    struct failure *failure)
{
	bool had_time = deadline_left(deadline) >= FAIR_MS;
	void *connection;

	pool->busy_count++;
	pool->connecting++;
	if (!pool->is_suspect)
		pool->moved = deadline_now();
	(void)pthread_mutex_unlock(&pool->lock);
	if (old != NULL)
		pool->driver->disconnect(pool->context, old, false);
	connection = pool->driver->connect(pool->context, deadline, failure);
	(void)pthread_mutex_lock(&pool->lock);
	pool->connecting--;
	if (connection == NULL) {
		pool->busy_count--;
		suspect(pool, true, had_time, failure);
	} else if (pool->is_suspect && pool->trial == NULL) {
		pool->trial = connection;
		pool->had_time = had_time;
	}
	(void)pthread_cond_broadcast(&pool->changed);
	return connection;
}

static void *
fail_wait(struct pool *pool, struct failure *failure)
{
	if (pool->is_suspect)
		*failure = pool->failure;
	else
		failure_set(failure, "no connection is free and the server "
		    "answers nobody");
	/* It may have been this one that a change was signalled to. */
	(void)pthread_cond_signal(&pool->changed);
	return NULL;
}

static void *
take(struct pool *pool, bool is_fresh, int64_t deadline,
    struct failure *failure)
{
	bool is_late = false, has_waited = false;
	void *old;

	for (;;) {
		switch (next_step(pool, is_fresh, deadline_now(), &old)) {
		case STEP_USE:
			pool->busy_count++;
			pool->moved = deadline_now();
			return old;
		case STEP_CONNECT:
			return connect_one(pool, old, deadline, failure);
		case STEP_FAIL:
			*failure = pool->failure;
			return NULL;
		case STEP_WAIT:
			if (is_late)
				return fail_wait(pool, failure);
			pool->waits += has_waited ? 0 : 1;
			has_waited = true;
			is_late = !wait_for_change(pool, deadline);
			break;
		}
	}
}

/* -------------------------------------------------------------------------- */

void *
pool_take(struct pool *pool, bool is_fresh, int64_t deadline,
    struct failure *failure)
{
	void *connection;

	if (deadline_left(deadline) == 0) {
		failure_set(failure, "no time is left");
		return NULL;
	}
	(void)pthread_mutex_lock(&pool->lock);
	connection = take(pool, is_fresh, deadline, failure);
	(void)pthread_mutex_unlock(&pool->lock);
	return connection;
}

void
pool_give(struct pool *pool, void *connection, const struct failure *broken)
{
	bool is_trial, was_suspect;

	(void)pthread_mutex_lock(&pool->lock);
	is_trial = connection == pool->trial;
	was_suspect = pool->is_suspect;
	if (is_trial)
		pool->trial = NULL;
	if (broken == NULL) {
		put_back(pool, connection);
	} else {
		suspect(pool, is_trial, pool->had_time, broken);
		(void)pthread_mutex_unlock(&pool->lock);
		pool->driver->disconnect(pool->context, connection, true);
		(void)pthread_mutex_lock(&pool->lock);
	}
	pool->busy_count--;
	if (was_suspect)
		(void)pthread_cond_broadcast(&pool->changed);
	else
		(void)pthread_cond_signal(&pool->changed);
	(void)pthread_mutex_unlock(&pool->lock);
}

size_t
pool_count(struct pool *pool)
{
	size_t count;

	(void)pthread_mutex_lock(&pool->lock);
	count = pool->idle_count + pool->busy_count;
	(void)pthread_mutex_unlock(&pool->lock);
	return count;
}

uint64_t
pool_waits(struct pool *pool)
{
	uint64_t waits;

	(void)pthread_mutex_lock(&pool->lock);
	waits = pool->waits;
	(void)pthread_mutex_unlock(&pool->lock);
	return waits;
}
