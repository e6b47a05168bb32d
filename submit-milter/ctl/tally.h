/*
 * tally - counts by identity, rule and reason, in bounded memory.
 *
 * Rows beyond the ceiling are not kept but counted as omitted. One thread.
 */
#ifndef SUBMIT_CTL_TALLY_H
#define SUBMIT_CTL_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "base/utc.h"

/* Times as records have them, which sort as text. Empty: none was seen. */
struct tally_period {
	char first[UTC_SIZE];
	char last[UTC_SIZE];
};

struct tally_row {
	/* Empty: nobody had authenticated. */
	struct span identity;
	struct span rule;
	struct span reason;
	uint64_t count;		/* of messages */
	struct tally_period seen;
	/* Of the first message. */
	struct span detail;
	struct span client;
	struct span id;
};

/* Makes it reach to TIME. */
void tally_period_add(struct tally_period *period, struct span time);

struct tally;

/* NULL when there is no memory. */
struct tally *tally_new(void);

/* Takes NULL; leaves NULL. */
void tally_free(struct tally **tally);

/*
 * Counts one: ROW without count and period, seen at TIME. All is
 * copied, long texts cut.
 */
void tally_add(struct tally *tally, const struct tally_row *row,
    struct span time);

/* Most frequent first. The rows live as long as the tally. */
const struct tally_row *const *tally_sorted(struct tally *tally,
    size_t *count_r);

/* Messages that found no room. */
uint64_t tally_omitted(const struct tally *tally);

#endif
