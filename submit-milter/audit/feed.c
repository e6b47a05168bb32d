/*
 * feed.c - see feed.h.
 *
 * A round reads what the file has, a batch at a time, commits it, and then
 * writes down how far it came: so the place is never ahead of the store. A
 * store that fails is tried again; one whose partition was damaged is fed
 * the file once more from its beginning.
 */
#include "audit/feed.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/follow.h"
#include "audit/store.h"

#define BATCH 16384u		/* records in one commit */
#define PAUSE 1			/* seconds between rounds */
#define RETRY 5			/* seconds after a failure */
#define CLEAN_INTERVAL 600	/* seconds */
#define PATIENCE 60		/* seconds until a failure counts */
#define CACHE_KIB 16384

struct feed {
	feed_notice *notice;
	struct feed_settings settings;
	pthread_t thread;
	pthread_mutex_t lock;	/* for is_stopping; a leaf */
	pthread_cond_t wake;
	bool is_stopping;
	bool is_running;
	atomic_bool is_failing;
	atomic_bool is_fed;
	atomic_int_least64_t complete;	/* when it last was; since 1970 */
	atomic_uint_least64_t failures;

	/* The thread's own. */
	struct store *store;
	struct follow *follow;
	time_t failed_since;	/* 0: it works */
	time_t cleaned;
	bool is_told;		/* of this failure */
};

struct feed *
feed_new(feed_notice *notice)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	pthread_condattr_t attributes;

	if (feed == NULL)
		return NULL;
	feed->notice = notice;
	(void)pthread_mutex_init(&feed->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&feed->wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return feed;
}

void
feed_free(struct feed **feed)
{
	if (*feed == NULL)
		return;
	feed_stop(*feed);
	(void)pthread_cond_destroy(&(*feed)->wake);
	(void)pthread_mutex_destroy(&(*feed)->lock);
	free(*feed);
	*feed = NULL;
}

bool
feed_is_failing(const struct feed *feed)
{
	return atomic_load(&feed->is_failing);
}

static void
hear_store(void *context, const char *text)
{
	const struct feed *feed = context;
	char line[PATH_MAX + 400];

	(void)snprintf(line, sizeof(line), "audit store: %s", text);
	feed->notice(true, line);
}

/* --- what goes wrong ------------------------------------------------------ */

static void
note_failure(struct feed *feed, const char *what, const char *why)
{
	char text[PATH_MAX + 400];
	time_t now = time(NULL);

	(void)atomic_fetch_add(&feed->failures, 1);
	if (feed->failed_since == 0)
		feed->failed_since = now;
	if (now - feed->failed_since >= PATIENCE)
		atomic_store(&feed->is_failing, true);
	if (feed->is_told)
		return;
	(void)snprintf(text, sizeof(text), "audit store: %s%s%s; records "
	    "stay in the audit file, and it is tried again", what,
	    what[0] == '\0' ? "" : ": ", why);
	feed->notice(true, text);
	feed->is_told = true;
}

static void
note_success(struct feed *feed)
{
	if (feed->is_told)
		feed->notice(false, "audit store: works again");
	feed->failed_since = 0;
	feed->is_told = false;
	atomic_store(&feed->is_failing, false);
	atomic_store(&feed->complete, (int64_t)time(NULL));
}

bool
feed_usage(const struct feed *feed, int64_t *lag_r, uint64_t *failures_r)
{
	int64_t lag = (int64_t)time(NULL) - atomic_load(&feed->complete);

	*lag_r = lag > 0 ? lag : 0;
	*failures_r = atomic_load(&feed->failures);
	return atomic_load(&feed->is_fed);
}

/* --- a round -------------------------------------------------------------- */

/* Into the store with it. 0; or -1: what was read is to be read again. */
static int
commit(struct feed *feed)
{
	struct follow_place place;
	size_t added;

	switch (store_commit(feed->store, &added)) {
	case STORE_DAMAGED:
		follow_forget_place(feed->settings.directory);
		return -1;
	case STORE_OK:
		place = follow_place(feed->follow);
		follow_write_place(feed->settings.directory, &place);
		return 0;
	case STORE_NO_RECORD:
	case STORE_OLD:
	case STORE_FAILED:
	default:
		note_failure(feed, "", store_error(feed->store));
		return -1;
	}
}

/* 0; -1 as commit(). A line that is no record is passed over. */
static int
add(struct feed *feed, struct span line)
{
	if (line.len == 0)
		return 0;
	switch (store_add(feed->store, line, (int64_t)time(NULL))) {
	case STORE_DAMAGED:
		follow_forget_place(feed->settings.directory);
		return -1;
	case STORE_FAILED:
		note_failure(feed, "", store_error(feed->store));
		return -1;
	case STORE_OK:
	case STORE_NO_RECORD:
	case STORE_OLD:
	default:
		return 0;
	}
}

static bool
is_stopping(struct feed *feed)
{
	bool is;

	(void)pthread_mutex_lock(&feed->lock);
	is = feed->is_stopping;
	(void)pthread_mutex_unlock(&feed->lock);
	return is;
}

/* All that the file has now. 0, or -1. */
static int
run_round(struct feed *feed)
{
	enum follow_status status;
	struct span line;
	size_t lines = 0;

	while ((status = follow_line(feed->follow, &line)) == FOLLOW_LINE) {
		if (add(feed, line) != 0)
			return -1;
		if (++lines < BATCH)
			continue;
		lines = 0;
		if (commit(feed) != 0)
			return -1;
		if (is_stopping(feed))
			return 0;
	}
	if (lines > 0 && commit(feed) != 0)
		return -1;
	if (status == FOLLOW_FAILED) {
		note_failure(feed, feed->settings.file,
		    strerror(follow_error(feed->follow)));
		return -1;
	}
	return 0;
}

/* 0, or -1. */
static int
clean(struct feed *feed)
{
	time_t now = time(NULL);
	char text[100];
	size_t removed;

	if (now - feed->cleaned < CLEAN_INTERVAL && now >= feed->cleaned)
		return 0;
	if (store_clean(feed->store, (int64_t)now, &removed) != 0) {
		note_failure(feed, "", store_error(feed->store));
		return -1;
	}
	feed->cleaned = now;
	if (removed == 0)
		return 0;
	(void)snprintf(text, sizeof(text), "audit store: %zu days removed "
	    "that are older than %d days", removed, feed->settings.days);
	feed->notice(false, text);
	return 0;
}

/* A store and a reader, new: nothing of a failed batch is in them. */
static int
open_all(struct feed *feed)
{
	const struct store_settings settings = {
		.directory = feed->settings.directory,
		.vault = feed->settings.vault,
		.days = feed->settings.days,
		.cache_kib = CACHE_KIB,
		.notice = hear_store,
		.context = feed,
	};
	struct follow_place place;

	store_free(&feed->store);
	follow_free(&feed->follow);
	feed->store = store_new(&settings);
	feed->follow = follow_new(feed->settings.file);
	if (feed->store == NULL || feed->follow == NULL) {
		note_failure(feed, "", "out of memory");
		return -1;
	}
	if (store_prepare(feed->store) != 0) {
		note_failure(feed, "", store_error(feed->store));
		return -1;
	}
	place = follow_read_place(feed->settings.directory);
	if (!follow_seek(feed->follow, &place))
		feed->notice(true, "audit store: the audit file it had come "
		    "to is gone: \"submitctl store import\" brings what is "
		    "missing, if anything, from the rotated files");
	return 0;
}

/* --- the thread ----------------------------------------------------------- */

static void
wait_for(struct feed *feed, int seconds)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	(void)pthread_mutex_lock(&feed->lock);
	while (!feed->is_stopping && pthread_cond_timedwait(&feed->wake,
	    &feed->lock, &until) != ETIMEDOUT)
		;
	(void)pthread_mutex_unlock(&feed->lock);
}

static void *
run(void *context)
{
	struct feed *feed = context;
	bool is_open = false, is_last;

	do {
		is_last = is_stopping(feed);
		if (!is_open)
			is_open = open_all(feed) == 0;
		if (is_open && (run_round(feed) != 0 || clean(feed) != 0))
			is_open = false;
		if (is_open)
			note_success(feed);
		if (!is_last)
			wait_for(feed, is_open ? PAUSE : RETRY);
	} while (!is_last);
	store_free(&feed->store);
	follow_free(&feed->follow);
	return NULL;
}

static int
start_fail(char **error_r, const char *directory, const char *why)
{
	char text[PATH_MAX + 400];

	(void)snprintf(text, sizeof(text), "audit store %s: %s", directory,
	    why);
	*error_r = strdup(text);
	return -1;
}

/* The folder can be used, while somebody is there to be told. */
static int
try_folder(struct feed *feed, char **error_r)
{
	const struct store_settings settings = {
		.directory = feed->settings.directory,
		.notice = hear_store,
		.context = feed,
	};
	struct store *store = store_new(&settings);
	int status = 0;

	if (store == NULL)
		status = start_fail(error_r, settings.directory,
		    "out of memory");
	else if (store_prepare(store) != 0)
		status = start_fail(error_r, settings.directory,
		    store_error(store) + strlen(settings.directory) + 2);
	store_free(&store);
	return status;
}

int
feed_start(struct feed *feed, const struct feed_settings *settings,
    char **error_r)
{
	sigset_t all, before;
	int error;

	*error_r = NULL;
	feed->settings = *settings;
	if (settings->directory == NULL || settings->directory[0] == '\0')
		return 0;
	if (try_folder(feed, error_r) != 0)
		return -1;
	feed->is_stopping = false;
	feed->failed_since = 0;
	feed->is_told = false;
	feed->cleaned = 0;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&feed->thread, NULL, run, feed);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return start_fail(error_r, settings->directory,
		    strerror(error));
	feed->is_running = true;
	atomic_store(&feed->complete, (int64_t)time(NULL));
	atomic_store(&feed->is_fed, true);
	return 0;
}

void
feed_stop(struct feed *feed)
{
	if (!feed->is_running)
		return;
	(void)pthread_mutex_lock(&feed->lock);
	feed->is_stopping = true;
	(void)pthread_cond_signal(&feed->wake);
	(void)pthread_mutex_unlock(&feed->lock);
	(void)pthread_join(feed->thread, NULL);
	feed->is_running = false;
	atomic_store(&feed->is_fed, false);
	atomic_store(&feed->is_failing, false);
}
