/*
 * query - what somebody looks for in the records.
 *
 * Criteria that all must hold, each with alternatives of which one must.
 * Strings live in the arena that was given. One thread at a time.
 */
#ifndef SUBMIT_AUDIT_QUERY_H
#define SUBMIT_AUDIT_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/veil.h"
#include "audit/words.h"
#include "base/arena.h"
#include "syntax/cidr.h"

#define QUERY_MOST 16

struct criterion {
	enum word_kind kind;
	struct word *any;	/* none: too wide for an index */
	size_t n;
	struct cidr network;	/* WORD_CLIENT */
};

struct query {
	struct criterion v[QUERY_MOST];
	size_t n;
	int64_t since_us, until_us;	/* since 1970; both inclusive */
	size_t limit;			/* most answers; 0: all */
	struct arena *arena;
	/* Recipients may be hashed with its keys; NULL: they are not. */
	const struct veil *veil;
};

void query_init(struct query *query, struct arena *arena);

/*
 * One more criterion. An identity without type is one of any type; a client
 * is an address or network. 0; or -1 and *error_r, a few words.
 */
int query_add(struct query *query, enum word_kind kind, const char *text,
    const char **error_r) __attribute__((warn_unused_result));

bool query_matches(const struct query *query, const struct words *words);

/* Does one of the alternatives hold? */
bool criterion_matches(const struct criterion *criterion,
    const struct words *words);

#endif
