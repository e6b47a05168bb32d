/*
 * runtime.c - see runtime.h.
 */
#include "runtime.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/deadline.h"
#include "audit/feed.h"
#include "base/log.h"
#include "limit/meter.h"

#define LISTENERS 16
#define MISSED_IN_A_ROW 10
/* How long the sinks get to mend what a crash left; then messages wait. */
#define BEGIN_MS 5000

struct runtime {
	pthread_mutex_t lock;
	struct config *config;		/* under lock */
	struct arena_budget budget;
	struct audit *audit;
	struct feed *feed;		/* of the store */
	struct panic *panic;
	struct metrics *metrics;
	atomic_uint generation;		/* of the configuration */
	struct meter *meter;		/* of mail to postmaster */
	struct hush *hush;
	const struct observer *observer;	/* NULL in the daemon */
	int64_t started;		/* since 1970 */
	atomic_bool is_stopping;
	atomic_uint transactions;
	atomic_uint replies;		/* given, and not seen to arrive */
	atomic_int_least64_t replied_ms;	/* the last one; monotonic */
	atomic_uint_least64_t counts[COUNT_COUNT];
	atomic_uint missed[LISTENERS];	/* messages in a row not shown */
};

static void
notice(bool is_fault, const char *text)
{
	log_write(is_fault ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", text);
}

static void
learn_profiles(struct runtime *runtime, const struct config *config)
{
	metrics_learn_profile(runtime->metrics, config->default_profile.name);
	for (size_t i = 0; i < config->profile_count; i++)
		metrics_learn_profile(runtime->metrics,
		    config->profiles[i].name);
}

struct runtime *
runtime_new(struct config *config)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));

	if (runtime != NULL) {
		runtime->audit = audit_new(notice);
		runtime->feed = feed_new(notice);
		runtime->meter = meter_new();
		runtime->hush = hush_new();
		runtime->panic = panic_new();
		runtime->metrics = metrics_new();
	}
	if (runtime == NULL || runtime->audit == NULL ||
	    runtime->feed == NULL || runtime->meter == NULL ||
	    runtime->hush == NULL || runtime->panic == NULL ||
	    runtime->metrics == NULL) {
		if (runtime != NULL) {
			audit_free(&runtime->audit);
			feed_free(&runtime->feed);
			meter_free(&runtime->meter);
			hush_free(&runtime->hush);
			panic_free(&runtime->panic);
			metrics_free(&runtime->metrics);
		}
		free(runtime);
		config_unref(&config);
		return NULL;
	}
	pthread_mutex_init(&runtime->lock, NULL);
	runtime->started = time(NULL);
	runtime->config = config;
	learn_profiles(runtime, config);
	atomic_init(&runtime->generation, 1);
	runtime->budget.ceiling = (size_t)config->memory.total;
	return runtime;
}

void
runtime_free(struct runtime **runtime)
{
	if (*runtime == NULL)
		return;
	audit_free(&(*runtime)->audit);
	/* After the last record. */
	feed_free(&(*runtime)->feed);
	meter_free(&(*runtime)->meter);
	hush_free(&(*runtime)->hush);
	panic_free(&(*runtime)->panic);
	metrics_free(&(*runtime)->metrics);
	config_unref(&(*runtime)->config);
	pthread_mutex_destroy(&(*runtime)->lock);
	free(*runtime);
	*runtime = NULL;
}

/* The store follows the file, from where it had come to. */
static int
follow(struct runtime *runtime, const struct config *config, char **error_r)
{
	const struct feed_settings settings = {
		.file = config->audit.file,
		.directory = config->store.directory,
		.days = config->store.days,
		.vault = config->store.vault,
	};

	feed_stop(runtime->feed);
	return feed_start(runtime->feed, &settings, error_r);
}

static int
apply(struct runtime *runtime, const struct config *config, char **error_r)
{
	if (audit_configure(runtime->audit, &config->audit, error_r) != 0)
		return -1;
	log_open(config->log.target, config->log.facility, config->log.level);
	return follow(runtime, config, error_r);
}

int
runtime_open(struct runtime *runtime, char **error_r)
{
	const struct config *config = runtime->config;

	if (apply(runtime, config, error_r) != 0)
		return -1;
	(void)audit_drain(runtime->audit, deadline_in(BEGIN_MS));
	panic_open(runtime->panic, config->state_directory,
	    config->panic.maximum);
	return 0;
}

/* As it was before a reload that failed half way. */
static void
restore(struct runtime *runtime)
{
	char *error = NULL;

	if (apply(runtime, runtime->config, &error) != 0)
		log_error("%s", error == NULL ? "out of memory" : error);
	free(error);
}

int
runtime_reload(struct runtime *runtime, struct config *config, char **error_r)
{
	struct config *old;

	if (apply(runtime, config, error_r) != 0) {
		feed_stop(runtime->feed);
		config_unref(&config);
		restore(runtime);
		return -1;
	}
	learn_profiles(runtime, config);
	pthread_mutex_lock(&runtime->lock);
	old = runtime->config;
	/* A key that broke meanwhile stays what it was. */
	keystore_adopt(config->keystore, old->keystore);
	runtime->config = config;
	atomic_fetch_add(&runtime->generation, 1);
	pthread_mutex_unlock(&runtime->lock);
	config_unref(&old);
	return 0;
}

bool
runtime_store_fails(const struct runtime *runtime)
{
	return feed_is_failing(runtime->feed);
}

struct config *
runtime_config(struct runtime *runtime)
{
	struct config *config;

	pthread_mutex_lock(&runtime->lock);
	config = config_ref(runtime->config);
	pthread_mutex_unlock(&runtime->lock);
	return config;
}

void
runtime_observe(struct runtime *runtime, const struct observer *observer)
{
	runtime->observer = observer;
}

const struct observer *
runtime_observer(const struct runtime *runtime)
{
	return runtime->observer;
}

struct arena_budget *
runtime_budget(struct runtime *runtime)
{
	return &runtime->budget;
}

struct hush *
runtime_hush(struct runtime *runtime)
{
	return runtime->hush;
}

struct audit *
runtime_audit(struct runtime *runtime)
{
	return runtime->audit;
}

struct panic *
runtime_panic(struct runtime *runtime)
{
	return runtime->panic;
}

struct metrics *
runtime_metrics(struct runtime *runtime)
{
	return runtime->metrics;
}

const struct feed *
runtime_feed(const struct runtime *runtime)
{
	return runtime->feed;
}

struct meter *
runtime_meter(struct runtime *runtime)
{
	return runtime->meter;
}

unsigned
runtime_generation(const struct runtime *runtime)
{
	return atomic_load(&runtime->generation);
}

void
runtime_stop(struct runtime *runtime)
{
	atomic_store(&runtime->is_stopping, true);
}

bool
runtime_is_stopping(const struct runtime *runtime)
{
	return atomic_load(&runtime->is_stopping);
}

int64_t
runtime_started(const struct runtime *runtime)
{
	return runtime->started;
}

/*
 * Counted first, the flag looked at afterwards: whoever sees the count at
 * zero after runtime_stop() knows that no message will pass any more.
 */
bool
runtime_begin(struct runtime *runtime)
{
	atomic_fetch_add(&runtime->transactions, 1);
	return !atomic_load(&runtime->is_stopping);
}

void
runtime_end(struct runtime *runtime)
{
	atomic_fetch_sub(&runtime->transactions, 1);
}

bool
runtime_quota(void *context, struct span client, int per_hour)
{
	struct runtime *runtime = context;

	return meter_take(runtime->meter, client, per_hour, time(NULL));
}

void
runtime_count(struct runtime *runtime, enum count what)
{
	atomic_fetch_add(&runtime->counts[what], 1);
}

const char *
runtime_count_name(enum count what)
{
	static const char *const names[] = {
		[COUNT_CONNECTIONS] = "connections",
		[COUNT_TRANSFERS] = "transfers",
		[COUNT_PANIC] = "panic",
	};

	return names[what];
}

uint64_t
runtime_counted(struct runtime *runtime, enum count what)
{
	return atomic_load(&runtime->counts[what]);
}

void
runtime_reply(struct runtime *runtime)
{
	atomic_store(&runtime->replied_ms, deadline_now());
	atomic_fetch_add(&runtime->replies, 1);
}

void
runtime_reply_seen(struct runtime *runtime)
{
	atomic_fetch_sub(&runtime->replies, 1);
}

bool
runtime_is_replying(struct runtime *runtime, int grace_ms)
{
	return atomic_load(&runtime->replies) > 0 &&
	    deadline_now() < atomic_load(&runtime->replied_ms) + grace_ms;
}

/* Of listeners that share a place, one that shows messages is enough. */
static atomic_uint *
missed_on(struct runtime *runtime, struct span name)
{
	size_t place = 0;

	for (size_t i = 0; i < name.len; i++)
		place = place * 31 + (unsigned char)name.ptr[i];
	return &runtime->missed[place % LISTENERS];
}

void
runtime_saw_message(struct runtime *runtime, struct span name)
{
	atomic_uint *missed = missed_on(runtime, name);

	if (atomic_load(missed) != 0)
		atomic_store(missed, 0);
}

unsigned
runtime_missed_message(struct runtime *runtime, struct span name)
{
	unsigned count = atomic_fetch_add(missed_on(runtime, name), 1) + 1;

	return count % MISSED_IN_A_ROW == 0 ? count : 0;
}

unsigned
runtime_transactions(struct runtime *runtime)
{
	return atomic_load(&runtime->transactions);
}
