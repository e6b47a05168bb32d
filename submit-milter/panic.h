/*
 * panic - the panic switch: which mode holds, until when, and why.
 *
 * A mode other than "enforce" ends by itself. It outlives a reload, and by
 * a file in the state directory a restart or crash. While the process runs,
 * the end is kept by a clock that nobody can set; the file has the time of
 * day. All calls from any thread; the lock is a leaf.
 */
#ifndef SUBMIT_PANIC_H
#define SUBMIT_PANIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "policy/mode.h"

#define PANIC_REASON_SIZE 512u

struct panic;

struct panic_state {
	enum mode mode;		/* MODE_ENFORCE: nothing else holds */
	int64_t since, until;	/* since 1970 */
	long user;		/* who switched */
	char reason[PANIC_REASON_SIZE];	/* UTF-8; empty: none given */
	bool is_kept;		/* a restart will find it */
};

/* NULL when there is no memory. */
struct panic *panic_new(void);
void panic_free(struct panic **panic);

/*
 * From now on states are kept in FOLDER (empty: nowhere); takes up the one
 * that is there, for MAXIMUM seconds at the most. What cannot be read is
 * logged and does not hold.
 */
void panic_open(struct panic *panic, const char *folder, int maximum);

/* The mode of this moment. Without a lock, but for the moment it ends. */
enum mode panic_mode(struct panic *panic);

/*
 * Switches; SECONDS and REASON do not matter for MODE_ENFORCE. Logs it. It
 * holds in any case; the state tells whether it is kept.
 */
void panic_switch(struct panic *panic, enum mode mode, int seconds,
    long user, struct span reason);

void panic_state(struct panic *panic, struct panic_state *state_r);

/* Now and then: logs that a mode has ended, or still holds. */
void panic_tick(struct panic *panic);

#endif
