/*
 * rules - files of patterns that are tried one after the other, as Postfix's
 * pcre_table(5), regexp_table(5) and cidr_table(5) have them.
 *
 *	line    = rule / if / "endif"
 *	rule    = ["!"] pattern space result	the first that matches counts
 *	if      = "if" ["!"] pattern		else on after its "endif"
 *
 * Lines are those of lines.h; "if" may be nested. What a pattern is, an
 * engine knows. What Postfix skips with a warning is an error here. For the
 * backends of table/ only. Immutable once open; any thread.
 */
#ifndef SUBMIT_TABLE_RULES_H
#define SUBMIT_TABLE_RULES_H

#include "table/backend.h"

/* One look-up. */
struct matcher {
	struct span key;
	struct arena *arena;
	unsigned groups;	/* the highest that any result wants */
	void *state;		/* of the engine, for this look-up */
};

enum match {
	MATCH_YES,
	MATCH_NO,
	MATCH_NEITHER,		/* not even with "!": not this kind of key */
	MATCH_FAILED,
};

struct rules_engine {
	/* Results have places for groups (substitute.h). */
	bool has_groups;
	/*
	 * Cuts a pattern off the front of *REST, which is not empty. NULL
	 * and *why_r (malloc'ed; NULL: no memory) when it is wrong.
	 */
	void *(*parse)(struct span *rest, unsigned *groups_r, char **why_r);
	void (*free)(void *pattern);
	/* 1; 0 when no pattern can match the key; -1 and *error_r. */
	int (*begin)(struct matcher *matcher, const char **error_r);
	/* After MATCH_FAILED *error_r lives in the arena or for ever. */
	enum match (*match)(const void *pattern, struct matcher *matcher,
	    const char **error_r);
	/* Of the last match; empty when the group took no part. */
	struct span (*group)(const struct matcher *matcher, unsigned number);
	void (*end)(struct matcher *matcher);
};

struct rules;

/* In a struct table_backend: the handle is a struct rules. */
#define RULES_BACKEND(engine) \
	.kind = (engine), \
	.open = rules_open, \
	.lookup = rules_lookup, \
	.close = rules_close

void *rules_open(const void *engine, const struct table_spec *spec,
    char **error_r) __attribute__((warn_unused_result));
enum lookup rules_lookup(const void *handle, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r) __attribute__((warn_unused_result));
void rules_close(void *handle);

/*
 * Cuts "/regex/flags" off the front of *REST, with any sign in the place
 * of "/". A backslash keeps the sign after it. NULL, or what is wrong.
 */
const char *rules_cut_regex(struct span *rest, struct span *regex_r,
    struct span *flags_r) __attribute__((warn_unused_result));

#endif
