/*
 * sinks - where audit records go: a file of JSON lines, syslog ..., several
 * at once, each by a lane of its own (audit/lane.h).
 *
 * Owned by the runtime and shared by all threads. Settings change only
 * through audit_configure(), which one thread calls at a time.
 */
#ifndef SUBMIT_AUDIT_SINKS_H
#define SUBMIT_AUDIT_SINKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/histogram.h"

struct audit_settings {
	bool sync;		/* kept: on stable storage, not in memory */
	int timeout;		/* most milliseconds that a message waits */
	const char *file;	/* NULL or empty: no file */
	mode_t file_mode;
	bool syslog;
	int facility;		/* of syslog(3) */
	const char *journal;	/* systemd's socket; NULL or empty: none */
};

struct audit;
struct audit_entry;

/* Told, by any thread, what the operator must know: one line, no line end. */
typedef void audit_notice(bool is_fault, const char *text);

struct audit *audit_new(audit_notice *notice);

/* Writes what waits, as far as that works. Takes NULL; leaves NULL. */
void audit_free(struct audit **audit);

/*
 * Opens what SETTINGS name and, if all of it worked, lets go of what was
 * open before (so a rotated file is closed). 0; or -1 and *error_r
 * (malloc'ed, the caller's to free), and all stays as it was.
 */
int audit_configure(struct audit *audit,
    const struct audit_settings *settings, char **error_r)
    __attribute__((warn_unused_result));

/*
 * Both take over the reference to ENTRY; NULL (no memory for one) fails.
 *
 * audit_commit() waits until every sink that keeps records has it: 0. Or -1
 * when one of them failed or took too long: then the message must not be
 * accepted. Other sinks get it only after them, and not when they failed.
 *
 * audit_post() does not wait, and the record is written as soon as that is
 * possible, after those before it. -1 when too many wait already.
 */
int audit_commit(struct audit *audit, struct audit_entry *entry)
    __attribute__((warn_unused_result));
int audit_post(struct audit *audit, struct audit_entry *entry)
    __attribute__((warn_unused_result));

/*
 * Waits until nothing is left to write, at most until DEADLINE (of
 * base/deadline.h). True: nothing is.
 */
bool audit_drain(struct audit *audit, int64_t deadline);

/* The same, and closes the sinks: a record that comes later is not kept. */
bool audit_close(struct audit *audit, int64_t deadline);

/* How long calls of audit_commit() took. */
void audit_waits(const struct audit *audit, struct histogram_view *view_r);

/* How one sink does; counts are since the start. */
struct audit_usage {
	const char *name;		/* "file" */
	bool is_on;			/* it is configured */
	bool is_required;		/* messages wait for it */
	bool is_down;			/* it failed, and is tried again */
	size_t records, octets;		/* that wait */
	uint64_t written, failures, lost;	/* failures: of a batch */
	struct histogram_view commit;	/* time to write a batch */
};

/* Of the sink INDEX, from 0; false when there is none of that number. */
bool audit_usage(struct audit *audit, int index,
    struct audit_usage *usage_r);

#endif
