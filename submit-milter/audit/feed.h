/*
 * feed - brings the records of the audit file into the store.
 *
 * The file is what mail waits for and the only truth; the store follows it
 * by a thread of its own, at most a second behind, and never holds anybody
 * up. How far it came is kept in DIRECTORY/position: after a crash it goes
 * on from there, through files that were rotated meanwhile, too, as long as
 * they lie beside the file and are not compressed. What comes twice is kept
 * once.
 *
 * One for the process. All calls from one thread but feed_is_failing() and
 * feed_usage(), which any may ask.
 */
#ifndef SUBMIT_AUDIT_FEED_H
#define SUBMIT_AUDIT_FEED_H

#include <stdbool.h>

#include "audit/vault.h"

struct feed_settings {
	const char *file;
	const char *directory;		/* empty: no store */
	int days;
	const struct vault *vault;	/* NULL: nothing is sealed */
};

/* Told what the operator must know: one line, without line end. */
typedef void feed_notice(bool is_fault, const char *text);

struct feed;

struct feed *feed_new(feed_notice *notice);

/* As feed_stop(). Takes NULL; leaves NULL. */
void feed_free(struct feed **feed);

/*
 * Begins to follow. SETTINGS and what they point to outlive feed_stop().
 * The folder is made, if need be, now. 0; or -1 and *error_r (malloc'ed;
 * NULL without memory): then nothing is followed.
 */
int feed_start(struct feed *feed, const struct feed_settings *settings,
    char **error_r) __attribute__((warn_unused_result));

/* Ends the thread once what it has read is in the store. */
void feed_stop(struct feed *feed);

/* The store has not taken what it should for some time. */
bool feed_is_failing(const struct feed *feed);

/*
 * False when nothing is followed. Else seconds since the store last had all
 * that the file has, and failures since the start. Any thread.
 */
bool feed_usage(const struct feed *feed, int64_t *lag_r,
    uint64_t *failures_r);

#endif
