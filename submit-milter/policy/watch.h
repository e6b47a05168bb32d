/*
 * watch - looks over the shoulder of the rules.
 *
 * "submitctl explain" sees what is asked, judged and decided, in the order
 * in which it happens; the daemon has no watch. What an event points to
 * lives as long as the transaction.
 */
#ifndef SUBMIT_POLICY_WATCH_H
#define SUBMIT_POLICY_WATCH_H

#include <stdbool.h>

#include "base/span.h"
#include "policy/verdict.h"
#include "table/table.h"

struct verdict_entry;

struct watch_lookup {
	const struct table *table;	/* NULL: the DNS */
	struct span key;
	enum lookup answer;
	struct span value;	/* when found */
	const char *error;	/* when failed */
	bool is_remembered;	/* the transaction had asked before */
};

/* The right of the identity to an address, and the row that gave it. */
struct watch_right {
	struct span local;
	struct span domain;
	enum lookup answer;
	const char *right;	/* "own", "acts-for"; "none" */
	const struct table *table;	/* NULL: no row did */
	struct span key;
};

/* All are set. */
struct watch {
	/* The rules of a stage are about to be asked. */
	void (*stage)(void *context, enum stage stage);
	void (*lookup)(void *context, const struct watch_lookup *lookup);
	void (*right)(void *context, const struct watch_right *right);
	/* After each rule, also one that is off; then it passed unasked. */
	void (*rule)(void *context, const struct verdict_entry *entry);
	void *context;
};

#endif
