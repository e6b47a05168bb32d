/*
 * top - what the daemon does just now: "submitctl top". One thread.
 *
 * A shot is what it said at a moment, a view what happened between two of
 * them. View and rows point into the later shot, and live as long as it.
 */
#ifndef SUBMIT_CTL_TOP_H
#define SUBMIT_CTL_TOP_H

#include <jansson.h>

#include "ctl/samples.h"
#include "ctl/screen.h"

struct top_shot {
	json_t *status, *identities;	/* the answers; NULL: none yet */
	struct samples samples;
	int64_t taken;			/* milliseconds, deadline_now() */
};

/*
 * Asks the daemon that listens at PATH. 0; or the exit status, and *error_r
 * says why (malloc'ed; NULL without memory). SHOT was empty.
 */
int top_shot_take(const char *path, int patience, struct top_shot *shot,
    char **error_r) __attribute__((warn_unused_result));

/* Empty again. */
void top_shot_free(struct top_shot *shot);

/* Something that is counted. */
struct top_count {
	double total;
	double rate;		/* in a second */
};

#define TOP_LABELS 3
#define TOP_COUNTS 4
#define TOP_ROWS 128		/* more of a kind are not shown */

struct top_row {
	struct span labels[TOP_LABELS];
	struct top_count counts[TOP_COUNTS];
};

struct top_rows {
	struct top_row v[TOP_ROWS];
	size_t n;
};

/* What the counts of messages and rules are. */
enum { TOP_PASSED, TOP_REFUSED, TOP_DEFERRED, TOP_ABORTED };
enum { TOP_TRIAL = TOP_ABORTED };

/* How long something took, in seconds; -1: it did not happen. */
struct top_times {
	const char *name;
	double rate;
	double mean, half, most;	/* of 50, of 99 in a hundred */
};

/* Stages, signing, the wait for the record. */
#define TOP_TIMES 6

struct top_sink {
	struct span name;
	bool is_up;
	double waiting, failures, lost;
	struct top_count records;
	double most;			/* as above, to write a batch */
};

#define TOP_SINKS 8

struct top_view {
	const struct top_shot *shot;
	double seconds;			/* between the shots */
	bool is_since_start;
	struct top_count messages[TOP_COUNTS];
	struct top_count connections, without_mail;
	struct top_rows replies;	/* stage, code, reason */
	struct top_rows rules;		/* rule */
	struct top_times times[TOP_TIMES];
	struct top_sink sinks[TOP_SINKS];
	size_t sink_count;
	bool has_store, is_store_up;
	double store_lag, store_failures;
};

/*
 * BEFORE may be NULL, or of a daemon that has ended since: then all is
 * counted since the start of the one that runs.
 */
void top_view_make(struct top_view *view, const struct top_shot *now,
    const struct top_shot *before);

enum top_order { TOP_BY_RATE, TOP_BY_TOTAL, TOP_BY_NAME, TOP_ORDERS };

extern const char *const top_orders[TOP_ORDERS];

/* What a rule has, or would have, turned away. */
struct top_count top_turned_away(const struct top_row *rule);

void top_sort(struct top_view *view, enum top_order order);

/* For people: as many lines as there is room for, ROOM 0: all. */
void top_page(const struct top_view *view, enum top_order order,
    const char *trouble, size_t room, struct page *page);

/* One object. 0 or -1. */
int top_json(const struct top_view *view);

#endif
