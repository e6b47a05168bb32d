/*
 * token_field - puts the trace token into the header that leaves.
 *
 * Those that a client sent are removed from every submission: they would
 * speak falsely. One thread at a time.
 */
#ifndef SUBMIT_AUDIT_TOKEN_FIELD_H
#define SUBMIT_AUDIT_TOKEN_FIELD_H

#include "audit/token.h"
#include "edit/edit.h"
#include "policy/facts.h"
#include "policy/profile.h"

/*
 * Changes facts->leaving and notes the edits. MAKER may be NULL, where keys
 * were not to be read: then the field says "-". 0; -1 without memory; -2
 * when there is no token to be had.
 */
int token_field(const struct token_maker *maker, const char *name,
    const struct profile *profile, struct facts *facts,
    struct edit_list *list) __attribute__((warn_unused_result));

#endif
