/*
 * witness - keeps what a transaction did, in its order, for "explain".
 *
 * The events point into the transaction and are good until it ends. One
 * thread.
 */
#ifndef SUBMIT_CTL_WITNESS_H
#define SUBMIT_CTL_WITNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "policy/policy.h"
#include "policy/watch.h"

enum event_kind { EVENT_STAGE, EVENT_LOOKUP, EVENT_RIGHT, EVENT_RULE };

/*
 * What a rule asked stands before the rule itself. What comes before the
 * first stage found out who it is; what comes after the last rule of the
 * header served edits and the choice of a signature.
 */
struct event {
	enum event_kind kind;
	union {
		enum stage stage;
		struct watch_lookup lookup;
		struct watch_right right;
		struct verdict_entry rule;
	};
};

struct witness {
	struct arena *arena;
	struct event *v;
	size_t n;
	size_t room;
	bool is_failed;		/* no memory: something was lost */
};

void witness_init(struct witness *witness, struct arena *arena);

/* The watch that tells WITNESS. */
struct watch witness_watch(struct witness *witness);

/* From event FROM on: the first that is no look-up and no right; or n. */
size_t witness_end(const struct witness *witness, size_t from);

/*
 * The look-up among the events FROM to TO (exclusive) that decided: the row
 * that gave a right, else the last one that found or failed. NULL: none.
 */
const struct watch_lookup *witness_decisive(const struct witness *witness,
    size_t from, size_t to);

#endif
