/*
 * conceal - fields that leave the house no longer: what tells of client and
 * user, what the site wants gone, and what others could forge.
 *
 * RFC 6409 section 8; RFC 8601 section 5 (Authentication-Results of our
 * own), RFC 5321 section 4.4 (Return-Path), RFC 6376, RFC 8617. Pure but for
 * the resolver; one thread at a time.
 */
#ifndef SUBMIT_EDIT_CONCEAL_H
#define SUBMIT_EDIT_CONCEAL_H

#include "edit/completion.h"

/*
 * Takes fields out of facts->leaving, or gives them other values, as PROFILE
 * says, and notes the edits in LIST. *error_r tells what look-up failed.
 */
enum completion_status conceal_run(const struct profile *profile,
    struct facts *facts, struct edit_list *list, const char **error_r)
    __attribute__((warn_unused_result));

#endif
