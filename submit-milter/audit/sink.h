/*
 * sink - what a place for audit records is to those that write there.
 *
 * A sink is used by one thread at a time: its lane's (audit/lane.h), or the
 * main thread, which opens it. It may take its time in every call; only
 * those wait whose records must be kept there.
 */
#ifndef SUBMIT_AUDIT_SINK_H
#define SUBMIT_AUDIT_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "audit/entry.h"
#include "audit/sinks.h"

/* Why a call failed; or, where it did not, what is worth telling of it. */
struct sink_note {
	char text[400];		/* empty: nothing */
};

struct sink_kind {
	const char *name;	/* as the log names it: "file" */
	/*
	 * It can say whether a record is on stable storage: a message may
	 * have to wait for it.
	 */
	bool is_keeper;
	bool (*is_wanted)(const struct audit_settings *settings);
	/*
	 * Opens it, and leaves what is in it alone: another one may still be
	 * writing there. 0 and *SINK_R, or -1. SETTINGS do not outlive the
	 * call.
	 */
	int (*open)(const struct audit_settings *settings, void **sink_r,
	    struct sink_note *note);
	/*
	 * Closes off what a crash left undone, before the first commit, when
	 * nobody else writes there any more. 0, or -1; then reopen() follows.
	 * NULL: there is nothing to be done.
	 */
	int (*begin)(void *sink, struct sink_note *note);
	/*
	 * Puts the N records there, in order; where the settings say "sync",
	 * they are on stable storage when it returns. All or none: 0, or -1
	 * when none is there, as far as what was written could be taken
	 * back. No other commit follows a failed one before reopen() was
	 * successful.
	 */
	int (*commit)(void *sink, struct audit_entry *const *batch, size_t n,
	    struct sink_note *note);
	/*
	 * Opens anew what failed, and takes back what a failed commit could
	 * not. 0, or -1; then it is called again later.
	 */
	int (*reopen)(void *sink, struct sink_note *note);
	void (*close)(void *sink);
};

extern const struct sink_kind sink_file, sink_syslog, sink_journal;

#endif
