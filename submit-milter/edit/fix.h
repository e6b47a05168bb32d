/*
 * fix - From put right instead of refused.
 *
 * Where a profile says from = "fix": a From that is somebody else's becomes
 * the identity's own address; the old one is kept where answers and people
 * find it. Pure but for the resolver; one thread at a time.
 */
#ifndef SUBMIT_EDIT_FIX_H
#define SUBMIT_EDIT_FIX_H

#include "edit/completion.h"

/* Does nothing unless rule from-rights has set facts->is_from_to_fix. */
enum completion_status fix_from(struct facts *facts, struct edit_list *list,
    const char **error_r) __attribute__((warn_unused_result));

#endif
