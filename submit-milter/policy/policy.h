/*
 * policy - runs the rules of a stage and tells what was decided.
 *
 * All rules of a stage are evaluated and recorded; the first enforced one
 * that does not pass decides. Pure; one thread at a time.
 */
#ifndef SUBMIT_POLICY_POLICY_H
#define SUBMIT_POLICY_POLICY_H

#include "policy/facts.h"
#include "policy/profile.h"
#include "policy/verdict.h"

/* A rule: facts in, verdict out. */
typedef struct verdict rule_check(const struct profile *profile,
    struct facts *facts);

struct verdict_entry {
	enum rule rule;
	enum stage stage;
	enum rule_mode mode;
	struct verdict verdict;
};

/* What was recorded so far; grows in the arena of the transaction. */
struct verdict_log {
	struct verdict_entry *v;
	size_t n;
	size_t room;
	/* Passed for a recipient, and so not in the list: by rule and mode. */
	unsigned passed[RULE_COUNT][RULE_OFF];
};

/*
 * On a mixed port, who is unknown may bring mail from outside: what
 * facts->is_transfer is to be.
 */
bool policy_is_transfer(const struct profile *profile,
    const struct facts *facts);

/*
 * Runs STAGE. The verdict that decides, or one that passes. Without memory
 * to record, the answer is a temporary failure.
 */
struct verdict policy_run(enum stage stage, const struct profile *profile,
    struct facts *facts, struct verdict_log *log)
    __attribute__((warn_unused_result));

/* The rights of the identity to every From as it leaves, strictly. */
enum from_rights {
	FROM_RIGHTS_ALL,
	FROM_RIGHTS_NOT_ALL,
	FROM_RIGHTS_UNKNOWN,	/* a table failed */
};

enum from_rights policy_from_rights(struct facts *facts,
    struct header *header, const char **error_r)
    __attribute__((warn_unused_result));

#endif
