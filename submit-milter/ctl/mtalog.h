/*
 * mtalog - lines of the log of Postfix and Sendmail, taken apart.
 *
 * Pure but for the zone of the process, in which syslog writes its times.
 */
#ifndef SUBMIT_CTL_MTALOG_H
#define SUBMIT_CTL_MTALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum mtalog_kind {
	MTALOG_OTHER,		/* tells nothing of where the message is */
	MTALOG_DELIVERY,	/* an attempt, for one recipient or several */
	MTALOG_BOUNCE,		/* "said" is the queue id of the bounce */
	MTALOG_REFUSED,		/* by another filter, or by the MTA */
	MTALOG_REQUEUED,	/* "said" is the queue id it had before */
	MTALOG_END,		/* gone from the queue */
};

/* All spans lie within the line. */
struct mtalog_line {
	int64_t time;		/* seconds since 1970 */
	struct span queue_id;
	enum mtalog_kind kind;
	struct span recipient, relay, dsn;
	struct span status;	/* "sent", "Deferred" ... */
	struct span said;	/* by the next hop, or why not */
	struct span next_id;	/* that a local next hop gave; or empty */
};

/*
 * NEAR, seconds since 1970, tells the year, which syslog leaves out. False
 * when it is no line of an MTA about a message.
 */
bool mtalog_parse(struct span line, int64_t near,
    struct mtalog_line *line_r);

#endif
