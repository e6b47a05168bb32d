/*
 * qualify - names that are short by local convention, written in full.
 *
 * RFC 6409 section 4.2: a single label, or a bare local part, that a table
 * knows gets its domain; a name of several labels never does. What no table
 * knows is left for the rules to refuse. Pure but for the resolver; one
 * thread at a time.
 */
#ifndef SUBMIT_EDIT_QUALIFY_H
#define SUBMIT_EDIT_QUALIFY_H

#include "edit/completion.h"

/* The sender of the facts, before the rules see it. */
enum completion_status qualify_sender(const struct profile *profile,
    struct facts *facts, const char **error_r)
    __attribute__((warn_unused_result));

/* The newest recipient, likewise: it may be replaced. */
enum completion_status qualify_recipient(const struct profile *profile,
    struct facts *facts, const char **error_r)
    __attribute__((warn_unused_result));

/* The address fields of the header that leaves, likewise. */
enum completion_status qualify_header(const struct profile *profile,
    struct facts *facts, struct edit_list *list, const char **error_r)
    __attribute__((warn_unused_result));

#endif
