/*
 * test_pool.c - few connections, used again, and an outage that costs
 * little: X44. The server is a struct. Where there is one thread, time is
 * the test's: waiting takes none, and takes exactly as long as it should.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/deadline.h"
#include "table/pool.h"

#define THREADS 12
#define STALL 300		/* ms */
#define BACKOFF 300
#define IDLE 400
#define LONG 3000		/* that a server may hang */
#define ROOM 64

struct server {
	atomic_int connects;
	atomic_int open;
	atomic_int most;	/* at a time */
	atomic_int broken;	/* disconnected as such */
	atomic_bool is_down;
	atomic_int delay;	/* ms that connecting takes */
	char connections[ROOM];	/* their addresses are what is pooled */
};

/* The clock of the tests with one thread, in ms; 0: the real one. */
static int64_t clock_ms;

int __real_clock_gettime(clockid_t clock, struct timespec *now_r);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now_r);
int __real_pthread_cond_timedwait(pthread_cond_t *condition,
    pthread_mutex_t *mutex, const struct timespec *when);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition,
    pthread_mutex_t *mutex, const struct timespec *when);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *now_r)
{
	if (clock_ms == 0)
		return __real_clock_gettime(clock, now_r);
	*now_r = (struct timespec){ clock_ms / 1000,
		clock_ms % 1000 * 1000000 };
	return 0;
}

/* There is nobody else who could end the wait. */
int
__wrap_pthread_cond_timedwait(pthread_cond_t *condition,
    pthread_mutex_t *mutex, const struct timespec *when)
{
	int64_t until = when->tv_sec * 1000 + when->tv_nsec / 1000000;

	if (clock_ms == 0)
		return __real_pthread_cond_timedwait(condition, mutex, when);
	if (until > clock_ms)
		clock_ms = until;
	return ETIMEDOUT;
}

static void
pause_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	if (clock_ms > 0)
		clock_ms += ms;
	else
		(void)nanosleep(&pause, NULL);
}

static int
stop_the_clock(void **state)
{
	(void)state;
	clock_ms = 1000000;
	return 0;
}

static int
start_the_clock(void **state)
{
	(void)state;
	clock_ms = 0;
	return 0;
}

static void *
do_connect(void *context, int64_t deadline, struct failure *failure)
{
	struct server *server = context;
	int left = deadline_left(deadline), delay = server->delay;
	int number = atomic_fetch_add(&server->connects, 1), open;

	pause_ms(delay < left ? delay : left);
	if (server->is_down || delay >= left) {
		failure_set(failure, "down");
		return NULL;
	}
	open = atomic_fetch_add(&server->open, 1) + 1;
	if (open > server->most)
		server->most = open;
	return &server->connections[number % ROOM];
}

static void
do_disconnect(void *context, void *connection, bool is_broken)
{
	struct server *server = context;

	(void)connection;
	atomic_fetch_sub(&server->open, 1);
	if (is_broken)
		atomic_fetch_add(&server->broken, 1);
}

static const struct pool_driver driver = {
	.connect = do_connect,
	.disconnect = do_disconnect,
};

static const struct failure broke = { "broke" };

static struct pool *
make(struct server *server, size_t size)
{
	const struct pool_limits limits = { .size = size, .stall = STALL,
		.backoff = BACKOFF, .idle = IDLE };
	struct pool *pool = pool_new(&driver, server, &limits);

	assert_non_null(pool);
	return pool;
}

/* Takes one that must come. */
static void *
take(struct pool *pool, bool is_fresh)
{
	struct failure failure = { "" };
	void *connection = pool_take(pool, is_fresh, deadline_in(2000),
	    &failure);

	if (connection == NULL)
		fail_msg("got no connection: %s", failure.text);
	return connection;
}

/* Takes one that must not come, within MS at the most. */
static void
take_none(struct pool *pool, int deadline, int ms, const char *want)
{
	struct failure failure = { "" };
	int64_t begin = deadline_now();

	assert_null(pool_take(pool, false, deadline_in(deadline), &failure));
	if (strcmp(failure.text, want) != 0)
		fail_msg("got \"%s\", want \"%s\"", failure.text, want);
	if (deadline_now() - begin > ms)
		fail_msg("took %lld ms, want %d",
		    (long long)(deadline_now() - begin), ms);
}

#define STALLED "no connection is free and the server answers nobody"

static void
test_used_again(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 3);
	void *a, *b;

	(void)state;
	assert_int_equal(pool_count(pool), 0);
	a = take(pool, false);
	pool_give(pool, a, NULL);
	assert_ptr_equal(take(pool, false), a);
	b = take(pool, false);
	assert_ptr_not_equal(a, b);
	pool_give(pool, a, NULL);
	pool_give(pool, b, NULL);
	assert_ptr_equal(take(pool, false), b);
	pool_give(pool, b, NULL);
	assert_int_equal(server.connects, 2);
	assert_int_equal(pool_count(pool), 2);
	pool_free(&pool);
	assert_null(pool);
	assert_int_equal(server.open, 0);
	assert_int_equal(server.broken, 0);
	pool_free(&pool);
}

static void
test_fresh(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 1);
	void *a, *b;

	(void)state;
	a = take(pool, false);
	pool_give(pool, a, NULL);
	b = take(pool, true);
	assert_ptr_not_equal(a, b);
	assert_int_equal(server.open, 1);
	pool_give(pool, b, NULL);
	pool_free(&pool);
	assert_int_equal(server.most, 1);
}

/* One that is broken goes, and with it those that were idle then. */
static void
test_broken(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 3);
	void *a, *b, *c;

	(void)state;
	a = take(pool, false);
	b = take(pool, false);
	pool_give(pool, a, NULL);
	pool_give(pool, b, &broke);
	assert_int_equal(server.broken, 1);
	c = take(pool, false);
	assert_int_equal(server.connects, 3);
	pool_give(pool, c, NULL);
	assert_ptr_equal(take(pool, false), c);
	pool_give(pool, c, NULL);
	pool_free(&pool);
	assert_int_equal(server.open, 0);
}

/* One that lay too long is not used. */
static void
test_idle(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 2);
	void *a, *b;

	(void)state;
	a = take(pool, false);
	pool_give(pool, a, NULL);
	pause_ms(IDLE / 2);
	assert_ptr_equal(take(pool, false), a);
	pool_give(pool, a, NULL);
	pause_ms(IDLE);
	b = take(pool, false);
	assert_ptr_not_equal(a, b);
	assert_int_equal(server.open, 1);
	pool_give(pool, b, NULL);
	pool_free(&pool);
}

static void
test_limit(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 2);
	void *a, *b;

	(void)state;
	a = take(pool, false);
	b = take(pool, false);
	take_none(pool, 50, 50, STALLED);
	take_none(pool, 5000, STALL, STALLED);
	/* By now it is known that nobody is answered. */
	take_none(pool, 5000, 0, STALLED);
	pool_give(pool, a, NULL);
	assert_ptr_equal(take(pool, false), a);
	pool_give(pool, a, NULL);
	pool_give(pool, b, NULL);
	assert_int_equal(server.most, 2);
	pool_free(&pool);
}

static void
test_no_time(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 2);

	(void)state;
	take_none(pool, 0, 0, "no time is left");
	take_none(pool, -1000, 0, "no time is left");
	assert_int_equal(server.connects, 0);
	pool_free(&pool);
}

/* After a failure nobody tries for a while; then it is well by itself. */
static void
test_down(void **state)
{
	struct server server = { .is_down = true };
	struct pool *pool = make(&server, 2);
	void *a;

	(void)state;
	for (int i = 0; i < 1000; i++)
		take_none(pool, 1000, 0, "down");
	assert_int_equal(server.connects, 1);
	pause_ms(BACKOFF);
	take_none(pool, 1000, 0, "down");
	assert_int_equal(server.connects, 2);
	server.is_down = false;
	take_none(pool, 1000, 0, "down");
	pause_ms(BACKOFF);
	a = take(pool, false);
	pool_give(pool, a, NULL);
	pool_free(&pool);
}

/* Who had no time to connect says nothing about the server. */
static void
test_impatient(void **state)
{
	struct server server = { .delay = 100 };
	struct pool *pool = make(&server, 2);
	void *a;

	(void)state;
	take_none(pool, 20, 20, "down");
	a = take(pool, false);
	pool_give(pool, a, NULL);
	pool_free(&pool);
}

/* It takes connections but answers nothing: the second time counts. */
static void
test_trial(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 3);
	void *a, *b;

	(void)state;
	a = take(pool, false);
	pool_give(pool, a, &broke);
	a = take(pool, false);
	/* While one tries, the others wait; nothing moves. */
	pause_ms(STALL);
	take_none(pool, 5000, 0, "broke");
	pool_give(pool, a, &broke);
	take_none(pool, 5000, 0, "broke");
	assert_int_equal(server.connects, 2);
	pause_ms(BACKOFF);
	a = take(pool, false);
	pool_give(pool, a, NULL);
	a = take(pool, false);
	b = take(pool, false);
	pool_give(pool, a, NULL);
	pool_give(pool, b, NULL);
	pool_free(&pool);
}

/* A limit of the server's is not an outage: those that there are serve. */
static void
test_no_more(void **state)
{
	struct server server = { .connects = 0 };
	struct pool *pool = make(&server, 3);
	void *a;

	(void)state;
	a = take(pool, false);
	server.is_down = true;
	take_none(pool, 1000, 0, "down");
	take_none(pool, 50, 50, "down");
	pool_give(pool, a, NULL);
	for (int i = 0; i < 100; i++) {
		a = take(pool, false);
		pool_give(pool, a, NULL);
	}
	assert_int_equal(server.connects, 2);
	pool_free(&pool);
}

struct crowd {
	struct pool *pool;
	struct server *server;
	atomic_int failed;
	atomic_int late;	/* waited for an answer */
};

static void *
use(void *context)
{
	struct crowd *crowd = context;

	for (int i = 0; i < 100; i++) {
		struct failure failure = { "" };
		void *connection = pool_take(crowd->pool, i % 17 == 0,
		    deadline_in(3000), &failure);

		if (connection == NULL) {
			atomic_fetch_add(&crowd->failed, 1);
			continue;
		}
		pause_ms(i % 3);
		pool_give(crowd->pool, connection, i % 23 == 0 ? &broke :
		    NULL);
	}
	return NULL;
}

static void *
hang(void *context)
{
	struct crowd *crowd = context;
	struct failure failure = { "" };
	int64_t begin = deadline_now();
	void *connection = pool_take(crowd->pool, false, deadline_in(LONG),
	    &failure);

	if (connection != NULL) {
		pause_ms(LONG);
		pool_give(crowd->pool, connection, &broke);
	}
	if (deadline_now() - begin > LONG - 1000)
		atomic_fetch_add(&crowd->late, 1);
	return NULL;
}

static void
run_crowd(struct crowd *crowd, void *(*act)(void *))
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, act,
		    crowd), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void
test_threads(void **state)
{
	struct server server = { .connects = 0 };
	struct crowd crowd = { .server = &server };

	(void)state;
	crowd.pool = make(&server, 4);
	run_crowd(&crowd, use);
	assert_int_equal(pool_count(crowd.pool), server.open);
	pool_free(&crowd.pool);
	assert_int_equal(server.open, 0);
	/* Only where two trials in a row broke may somebody be refused. */
	assert_true(crowd.failed < THREADS * 100);
	assert_true(server.most <= 4);
}

/* As many threads as there are connections are held up, then one. */
static void
test_hanging(void **state)
{
	struct server server = { .connects = 0 };
	struct crowd crowd = { .server = &server };

	(void)state;
	crowd.pool = make(&server, 3);
	run_crowd(&crowd, hang);
	assert_int_equal(crowd.late, 3);
	run_crowd(&crowd, hang);
	assert_int_equal(crowd.late, 3 + 1);
	assert_int_equal(server.connects, 3 + 1);
	pool_free(&crowd.pool);
	assert_int_equal(server.open, 0);
}

#define timeless(test) \
	cmocka_unit_test_setup_teardown(test, stop_the_clock, start_the_clock)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		timeless(test_used_again),
		timeless(test_fresh),
		timeless(test_broken),
		timeless(test_idle),
		timeless(test_limit),
		timeless(test_no_time),
		timeless(test_down),
		timeless(test_impatient),
		timeless(test_trial),
		timeless(test_no_more),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_hanging),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
