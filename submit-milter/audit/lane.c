/*
 * lane.c - see lane.h.
 */
#include "audit/lane.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"

/* Records that may wait, in octets; beyond it they are lost, and counted. */
#define QUEUE_MOST ((size_t)32 << 20)
/* What goes into one batch. */
#define BATCH_MOST 512u
#define BATCH_OCTETS ((size_t)1 << 20)
/* How long a sink that failed is left alone. */
#define RETRY_MS 200

struct lane {
	enum sink_id id;
	const struct sink_kind *kind;
	const struct lane_calls *calls;
	/* The thread's own: */
	void *sink;
	struct audit_entry *batch[BATCH_MOST];
	/* Guards all below; a leaf. */
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	pthread_t thread;
	bool is_running;
	bool must_end;
	bool has_next;			/* the state to be taken */
	struct lane_state next;
	bool is_required, has_sink;
	bool is_writing;		/* or opening, or closing */
	struct audit_entry *first, **last;
	size_t octets;			/* of all that wait */
	bool is_down;			/* to be opened anew */
	int64_t down_since, retry_at;	/* of base/deadline.h */
	uint64_t lost;			/* since it is down */
	struct audit_usage usage;	/* its counts since the start */
	struct histogram commit;	/* without the lock */
};

/* --- the queue; under the lock -------------------------------------------- */

static struct audit_entry **
link_of(const struct lane *lane, struct audit_entry *entry)
{
	return &entry->next[lane->id];
}

static void
put_last(struct lane *lane, struct audit_entry *entry)
{
	*link_of(lane, entry) = NULL;
	*lane->last = entry;
	lane->last = link_of(lane, entry);
	lane->octets += audit_entry_size(entry);
	lane->usage.records++;
}

/* Takes out what LINK points to. */
static struct audit_entry *
take_at(struct lane *lane, struct audit_entry **link)
{
	struct audit_entry *entry = *link;

	*link = *link_of(lane, entry);
	if (*link == NULL)
		lane->last = link;
	lane->octets -= audit_entry_size(entry);
	lane->usage.records--;
	return entry;
}

static size_t
take_batch(struct lane *lane)
{
	size_t n = 0, octets = 0;

	while (lane->first != NULL && n < BATCH_MOST &&
	    (n == 0 || octets + lane->first->line.len <= BATCH_OCTETS)) {
		octets += lane->first->line.len;
		lane->batch[n++] = take_at(lane, &lane->first);
	}
	return n;
}

/* Those of the batch that nobody waits for stand in front again. */
static void
put_back(struct lane *lane, size_t n)
{
	while (n > 0) {
		struct audit_entry *entry = lane->batch[--n];

		if (audit_entry_is_waited(entry, lane->id))
			continue;
		*link_of(lane, entry) = lane->first;
		if (lane->first == NULL)
			lane->last = link_of(lane, entry);
		lane->first = entry;
		lane->octets += audit_entry_size(entry);
		lane->usage.records++;
		lane->batch[n] = NULL;
	}
}

/* A list of all in the queue that are waited for, or of all there are. */
static struct audit_entry *
take_out(struct lane *lane, bool is_all)
{
	struct audit_entry *out = NULL, **end = &out;
	struct audit_entry **link = &lane->first;

	while (*link != NULL) {
		if (!is_all && !audit_entry_is_waited(*link, lane->id)) {
			link = link_of(lane, *link);
			continue;
		}
		*end = take_at(lane, link);
		end = link_of(lane, *end);
		*end = NULL;
	}
	return out;
}

/* --- what becomes of entries; without the lock ---------------------------- */

static void
settle(struct lane *lane, struct audit_entry *entry, bool is_kept)
{
	if (audit_entry_settle(entry, lane->id, is_kept))
		lane->calls->kept(lane->calls->context,
		    audit_entry_ref(entry));
	audit_entry_unref(&entry);
}

/* The entries of a list that will not be kept. */
static void
give_up(struct lane *lane, struct audit_entry *list)
{
	while (list != NULL) {
		struct audit_entry *next = *link_of(lane, list);

		settle(lane, list, false);
		list = next;
	}
}

static void
settle_batch(struct lane *lane, size_t n, bool is_kept)
{
	for (size_t i = 0; i < n; i++)
		if (lane->batch[i] != NULL)
			settle(lane, lane->batch[i], is_kept);
}

void
lane_tell(const struct sink_kind *kind, const struct lane_calls *calls,
    bool is_fault, const struct sink_note *note)
{
	char text[sizeof(note->text) + 40];

	if (note->text[0] == '\0')
		return;
	(void)snprintf(text, sizeof(text), "audit %s: %s", kind->name,
	    note->text);
	calls->notice(is_fault, text);
}

/* --- the thread ----------------------------------------------------------- */

/* Under the lock; says what there is to tell. */
static bool
came_down(struct lane *lane, struct sink_note *note)
{
	int64_t now = deadline_now();
	size_t n = strlen(note->text);

	lane->retry_at = now + RETRY_MS;
	if (lane->is_down)
		return false;
	lane->is_down = true;
	lane->down_since = now;
	(void)snprintf(note->text + n, sizeof(note->text) - n, "; %s",
	    lane->is_required ?
	    "messages are deferred until it can be written" :
	    "records wait until it can be written");
	return true;
}

static bool
came_back(struct lane *lane, struct sink_note *note)
{
	uint64_t lost = lane->lost;

	if (lane->is_down)
		(void)snprintf(note->text, sizeof(note->text),
		    "works again after %" PRId64 " s; %" PRIu64
		    " records were lost",
		    (deadline_now() - lane->down_since) / 1000, lost);
	else if (lost > 0)
		(void)snprintf(note->text, sizeof(note->text),
		    "too slow; %" PRIu64 " records were lost", lost);
	lane->is_down = false;
	lane->lost = 0;
	return note->text[0] != '\0';
}

/* A state that was put there is the state now. Gives the lock up meanwhile. */
static void
take_next(struct lane *lane)
{
	struct lane_state next = lane->next;
	struct audit_entry *left = NULL;
	void *before = lane->sink;
	struct sink_note note = { "" };
	bool is_told = false;
	int status = 0;

	lane->has_next = false;
	lane->is_writing = true;
	lane->sink = next.sink;
	lane->has_sink = next.sink != NULL;
	lane->is_required = next.is_required;
	if (!lane->has_sink) {
		lane->is_down = false;
		left = take_out(lane, true);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	give_up(lane, left);
	if (before != NULL)
		lane->kind->close(before);
	if (next.sink != NULL && lane->kind->begin != NULL)
		status = lane->kind->begin(next.sink, &note);
	(void)pthread_mutex_lock(&lane->lock);
	lane->retry_at = 0;
	if (status != 0)
		is_told = came_down(lane, &note);
	(void)pthread_mutex_unlock(&lane->lock);
	if (is_told || status == 0)
		lane_tell(lane->kind, lane->calls, status != 0, &note);
	(void)pthread_mutex_lock(&lane->lock);
	lane->is_writing = false;
}

/* One batch. Gives the lock up meanwhile. */
static void
write_batch(struct lane *lane)
{
	struct sink_note note = { "" };
	struct audit_entry *failed = NULL;
	size_t n = take_batch(lane);
	bool was_down = lane->is_down;
	bool is_told;
	int status = 0;
	int64_t began = histogram_now();

	lane->is_writing = true;
	(void)pthread_mutex_unlock(&lane->lock);
	if (was_down)
		status = lane->kind->reopen(lane->sink, &note);
	if (status == 0)
		status = lane->kind->commit(lane->sink, lane->batch, n,
		    &note);
	if (status == 0)
		histogram_add(&lane->commit, histogram_now() - began);
	(void)pthread_mutex_lock(&lane->lock);
	lane->usage.written += status == 0 ? n : 0;
	lane->usage.failures += status == 0 ? 0 : 1;
	if (status != 0) {
		is_told = came_down(lane, &note);
		put_back(lane, n);
		failed = take_out(lane, false);
	} else {
		is_told = came_back(lane, &note);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	settle_batch(lane, n, status == 0);
	give_up(lane, failed);
	if (is_told)
		lane_tell(lane->kind, lane->calls, status != 0, &note);
	(void)pthread_mutex_lock(&lane->lock);
	lane->is_writing = false;
}

/* Until there is something to do that can be done. */
static void
wait_for_work(struct lane *lane)
{
	while (!lane->has_next && !lane->must_end) {
		struct timespec until = { .tv_sec = lane->retry_at / 1000,
			.tv_nsec = lane->retry_at % 1000 * 1000000 };

		if (lane->first == NULL) {
			(void)pthread_cond_broadcast(&lane->idle);
			(void)pthread_cond_wait(&lane->work, &lane->lock);
		} else if (lane->is_down && deadline_left(lane->retry_at) > 0) {
			(void)pthread_cond_timedwait(&lane->work, &lane->lock,
			    &until);
		} else {
			return;
		}
	}
}

static void *
run(void *context)
{
	struct lane *lane = context;

	(void)pthread_mutex_lock(&lane->lock);
	for (;;) {
		wait_for_work(lane);
		if (lane->has_next)
			take_next(lane);
		else if (lane->first != NULL &&
		    !(lane->must_end && lane->is_down))
			write_batch(lane);
		else if (lane->must_end)
			break;
	}
	(void)pthread_mutex_unlock(&lane->lock);
	return NULL;
}

/* --- the outside ---------------------------------------------------------- */

static int
init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	int status;

	if (pthread_condattr_init(&attributes) != 0)
		return -1;
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	status = pthread_cond_init(condition, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return status == 0 ? 0 : -1;
}

struct lane *
lane_new(enum sink_id id, const struct sink_kind *kind,
    const struct lane_calls *calls)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		return NULL;
	if (init_condition(&lane->work) != 0 ||
	    init_condition(&lane->idle) != 0 ||
	    pthread_mutex_init(&lane->lock, NULL) != 0) {
		free(lane);
		return NULL;
	}
	lane->id = id;
	lane->kind = kind;
	lane->calls = calls;
	lane->last = &lane->first;
	return lane;
}

void
lane_free(struct lane **lane)
{
	struct lane *l = *lane;

	*lane = NULL;
	if (l == NULL)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->must_end = true;
	(void)pthread_cond_signal(&l->work);
	(void)pthread_mutex_unlock(&l->lock);
	if (l->is_running)
		(void)pthread_join(l->thread, NULL);
	give_up(l, take_out(l, true));
	if (l->sink != NULL)
		l->kind->close(l->sink);
	(void)pthread_mutex_destroy(&l->lock);
	(void)pthread_cond_destroy(&l->work);
	(void)pthread_cond_destroy(&l->idle);
	free(l);
}

int
lane_start(struct lane *lane)
{
	sigset_t all, before;

	if (lane->is_running)
		return 0;
	/* Signals are for the main thread. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	lane->is_running = pthread_create(&lane->thread, NULL, run, lane) ==
	    0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return lane->is_running ? 0 : -1;
}

void
lane_change(struct lane *lane, const struct lane_state *state)
{
	void *unused = NULL;

	if (!lane->is_running)
		return;
	(void)pthread_mutex_lock(&lane->lock);
	if (lane->has_next)
		unused = lane->next.sink;
	lane->next = *state;
	lane->has_next = true;
	(void)pthread_cond_signal(&lane->work);
	(void)pthread_mutex_unlock(&lane->lock);
	if (unused != NULL)
		lane->kind->close(unused);
}

/* Under the lock. */
static bool
may_push(struct lane *lane, const struct audit_entry *entry)
{
	bool is_on = lane->has_next ? lane->next.sink != NULL :
	    lane->has_sink;

	if (!is_on)
		return false;
	if (audit_entry_is_waited(entry, lane->id))
		return !lane->is_down || deadline_left(lane->retry_at) == 0;
	if (lane->octets + audit_entry_size(entry) <= QUEUE_MOST)
		return true;
	lane->lost++;
	lane->usage.lost++;
	return false;
}

int
lane_push(struct lane *lane, struct audit_entry *entry)
{
	bool is_in;

	(void)pthread_mutex_lock(&lane->lock);
	is_in = may_push(lane, entry);
	if (is_in) {
		put_last(lane, entry);
		(void)pthread_cond_signal(&lane->work);
	}
	(void)pthread_mutex_unlock(&lane->lock);
	if (!is_in)
		settle(lane, entry, false);
	return is_in ? 0 : -1;
}

void
lane_withdraw(struct lane *lane, struct audit_entry *entry)
{
	struct audit_entry **link = &lane->first;
	bool is_out = false;

	(void)pthread_mutex_lock(&lane->lock);
	while (*link != NULL && *link != entry)
		link = link_of(lane, *link);
	is_out = *link != NULL;
	if (is_out)
		(void)take_at(lane, link);
	(void)pthread_mutex_unlock(&lane->lock);
	if (is_out)
		settle(lane, entry, false);
}

bool
lane_drain(struct lane *lane, int64_t deadline)
{
	struct timespec until = { .tv_sec = deadline / 1000,
		.tv_nsec = deadline % 1000 * 1000000 };
	bool is_empty;
	int status = 0;

	(void)pthread_mutex_lock(&lane->lock);
	while (lane->is_running && status == 0 &&
	    (lane->first != NULL || lane->is_writing || lane->has_next))
		status = pthread_cond_timedwait(&lane->idle, &lane->lock,
		    &until);
	is_empty = lane->first == NULL && !lane->is_writing &&
	    !lane->has_next;
	(void)pthread_mutex_unlock(&lane->lock);
	return is_empty;
}

void
lane_usage(struct lane *lane, struct audit_usage *usage_r)
{
	(void)pthread_mutex_lock(&lane->lock);
	*usage_r = lane->usage;
	usage_r->is_on = lane->has_sink;
	usage_r->is_required = lane->is_required;
	usage_r->is_down = lane->is_down;
	usage_r->octets = lane->octets;
	(void)pthread_mutex_unlock(&lane->lock);
	histogram_read(&lane->commit, &usage_r->commit);
}
