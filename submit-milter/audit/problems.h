/*
 * problems - what the client's program did wrong in a message: by the
 * reasons of rules about form, and what we had to put right (problems.def).
 * Pure; any thread.
 */
#ifndef SUBMIT_AUDIT_PROBLEMS_H
#define SUBMIT_AUDIT_PROBLEMS_H

#include <stddef.h>

#include "audit/record.h"

#define PROBLEMS_MOST 16

/* Each once; what is more than that is left out. */
struct problem_list {
	const char *names[PROBLEMS_MOST];
	size_t n;
};

void problems_find(const struct record *record,
    struct problem_list *list_r);

/* What a help desk says of a problem of problems.def; NULL: none of them. */
const char *problem_text(struct span name);

#endif
