/*
 * store_ahead.c - see store_ahead.h.
 */
#include "audit/store_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "audit/store_inside.h"

#define THREADS 8u
#define DAYS_MOST 32u		/* that are open at a time */
#define TOUCH_MOST 100u		/* records of a day that are read ahead */

struct store_ahead {
	struct store_ahead_settings settings;
	pthread_mutex_t lock;	/* a leaf; for what follows */
	pthread_cond_t change;
	size_t next;		/* the first day nobody has begun */
	size_t reached;		/* by the search */
	size_t found;		/* places in days it has not passed */
	atomic_bool is_ended;	/* set under the lock */
	pthread_t threads[THREADS];
	size_t thread_count;
	size_t count;
	struct store_day days[];
};

/* --- a day ---------------------------------------------------------------- */

static int
compare_places(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

static void
set_range(const struct query *query, struct store_day *day)
{
	int64_t begin = day->day * DAY_US;

	day->from = query->since_us > begin ? query->since_us - begin : 0;
	/* A place may lie a little after its time. */
	day->to = query->until_us - begin < DAY_US ?
	    query->until_us - begin + 1000000 : 2 * DAY_US;
}

/* So that they need not be waited for one by one. */
static void
touch(struct store_ahead *ahead, struct store_day *day)
{
	size_t limit = ahead->settings.query->limit;

	if (limit == 0 || limit > TOUCH_MOST)
		limit = TOUCH_MOST;
	for (size_t i = 0; i < day->places.n && i < limit &&
	    !atomic_load(&ahead->is_ended); i++)
		partition_touch(day->partition, day->places.v[i]);
}

static void
look_at(struct store_ahead *ahead, struct store_day *day)
{
	const struct store_ahead_settings *s = &ahead->settings;
	const struct partition_settings settings = {
		.vault = s->store->settings.vault,
		.day_us = day->day * DAY_US,
		.is_writer = s->is_writer,
		.cache_kib = s->store->settings.cache_kib,
	};
	char file[PATH_MAX];

	day->status = PARTITION_FAILED;
	if (!store_file(s->store, day->day, file))
		return;
	set_range(s->query, day);
	day->status = partition_open(file, &settings, &day->partition);
	if (s->chosen == NULL)
		return;
	for (size_t i = 0; i < s->chosen->n && day->status == PARTITION_OK;
	    i++)
		day->status = partition_find(day->partition,
		    &s->chosen->any[i], day->from, day->to, &day->places);
	if (day->places.n > 0)
		qsort(day->places.v, day->places.n, sizeof(*day->places.v),
		    compare_places);
}

/* --- threads -------------------------------------------------------------- */

/* The search has not come so far yet, or may not need to. */
static bool
is_far_enough(const struct store_ahead *ahead)
{
	size_t limit = ahead->settings.query->limit;

	return ahead->next >= ahead->reached + DAYS_MOST ||
	    (limit > 0 && ahead->found >= limit);
}

/* Waits for a day to be done; false: there are no more. */
static bool
begin_next(struct store_ahead *ahead, size_t *i_r)
{
	bool has_one;

	(void)pthread_mutex_lock(&ahead->lock);
	while (!ahead->is_ended && ahead->next < ahead->count &&
	    is_far_enough(ahead))
		(void)pthread_cond_wait(&ahead->change, &ahead->lock);
	has_one = !ahead->is_ended && ahead->next < ahead->count;
	if (has_one)
		*i_r = ahead->next++;
	(void)pthread_mutex_unlock(&ahead->lock);
	return has_one;
}

static void *
run(void *context)
{
	struct store_ahead *ahead = context;
	size_t i = 0;

	while (begin_next(ahead, &i)) {
		struct store_day *day = &ahead->days[i];

		look_at(ahead, day);
		(void)pthread_mutex_lock(&ahead->lock);
		ahead->found += day->places.n;
		(void)pthread_mutex_unlock(&ahead->lock);
		if (day->status == PARTITION_OK)
			touch(ahead, day);
		(void)pthread_mutex_lock(&ahead->lock);
		day->is_ready = true;
		(void)pthread_cond_broadcast(&ahead->change);
		(void)pthread_mutex_unlock(&ahead->lock);
	}
	return NULL;
}

/* As many as there are; without any, the search does it all. */
static void
start_threads(struct store_ahead *ahead)
{
	size_t want = ahead->count > THREADS ? THREADS : ahead->count - 1;
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (ahead->thread_count < want && pthread_create(
	    &ahead->threads[ahead->thread_count], NULL, run, ahead) == 0)
		ahead->thread_count++;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct store_ahead *
store_ahead_new(const struct store_ahead_settings *settings,
    const int64_t *days, size_t count)
{
	struct store_ahead *ahead = calloc(1, sizeof(*ahead) +
	    count * sizeof(ahead->days[0]));

	if (ahead == NULL)
		return NULL;
	ahead->settings = *settings;
	ahead->count = count;
	for (size_t i = 0; i < count; i++)
		ahead->days[i].day = days[i];
	(void)pthread_mutex_init(&ahead->lock, NULL);
	(void)pthread_cond_init(&ahead->change, NULL);
	if (count > 1 && !settings->is_writer)
		start_threads(ahead);
	return ahead;
}

void
store_ahead_free(struct store_ahead **ahead)
{
	struct store_ahead *a = *ahead;

	if (a == NULL)
		return;
	(void)pthread_mutex_lock(&a->lock);
	atomic_store(&a->is_ended, true);
	(void)pthread_cond_broadcast(&a->change);
	(void)pthread_mutex_unlock(&a->lock);
	for (size_t i = 0; i < a->thread_count; i++)
		(void)pthread_join(a->threads[i], NULL);
	for (size_t i = 0; i < a->count; i++)
		store_ahead_pass(a, i);
	(void)pthread_cond_destroy(&a->change);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
	*ahead = NULL;
}

/* --- the search ----------------------------------------------------------- */

struct store_day *
store_ahead_take(struct store_ahead *ahead, size_t i)
{
	struct store_day *day = &ahead->days[i];
	bool is_mine;

	(void)pthread_mutex_lock(&ahead->lock);
	ahead->reached = i;
	(void)pthread_cond_broadcast(&ahead->change);
	is_mine = ahead->next == i;
	if (is_mine)
		ahead->next++;
	while (!is_mine && !day->is_ready)
		(void)pthread_cond_wait(&ahead->change, &ahead->lock);
	(void)pthread_mutex_unlock(&ahead->lock);
	if (is_mine)
		look_at(ahead, day);
	return day;
}

void
store_ahead_pass(struct store_ahead *ahead, size_t i)
{
	struct store_day *day = &ahead->days[i];

	(void)pthread_mutex_lock(&ahead->lock);
	if (day->is_ready)
		ahead->found -= day->places.n;
	(void)pthread_mutex_unlock(&ahead->lock);
	partition_close(&day->partition);
	free(day->places.v);
	day->places = (struct partition_places){ NULL, 0, 0 };
}
