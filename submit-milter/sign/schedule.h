/*
 * schedule - when a key may sign.
 *
 * Selectors overlap: the next key waits for its time, the last one is kept
 * until nobody verifies its signatures any more. Times are UTC, seconds
 * since 1970. Pure; any thread.
 */
#ifndef SUBMIT_SIGN_SCHEDULE_H
#define SUBMIT_SIGN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct schedule {
	int64_t not_before;
	int64_t not_after;	/* its last second */
};

#define SCHEDULE_ALWAYS ((struct schedule){ INT64_MIN, INT64_MAX })
/* As not_before: made, but not to sign until somebody says so. */
#define SCHEDULE_NEVER INT64_MAX

/*
 * time = date [ "T" hour ":" minute ":" second "Z" ]
 * date = 4DIGIT "-" 2DIGIT "-" 2DIGIT	; RFC 3339, UTC
 *
 * A date alone is its first second, or its last when IS_END. 1, or -1 when
 * it is none.
 */
int schedule_parse_time(struct span text, bool is_end, int64_t *seconds_r)
    __attribute__((warn_unused_result));

/*
 * What stands beside a key, in its file of dates: lines
 *
 *	not-before: time / "never"
 *	not-after: time
 *
 * each at most once; empty ones and those that begin with "#" say nothing.
 * 0, or -1 and *error_r (static).
 */
int schedule_parse(struct span text, struct schedule *schedule_r,
    const char **error_r) __attribute__((warn_unused_result));

bool schedule_holds(const struct schedule *schedule, int64_t now);

#endif
