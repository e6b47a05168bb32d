/*
 * rewrite - other addresses than those submitted, as tables say.
 *
 * RFC 6409 section 8.8. What is written for an address is written anew until
 * no row has anything else for it, so that a second pass changes nothing; rows
 * that go round in circles are a fault. Pure but for the resolver; one thread
 * at a time.
 */
#ifndef SUBMIT_EDIT_REWRITE_H
#define SUBMIT_EDIT_REWRITE_H

#include "edit/completion.h"

/* The sender as it leaves, after the rules have seen it. */
enum completion_status rewrite_sender(const struct profile *profile,
    struct facts *facts, const char **error_r)
    __attribute__((warn_unused_result));

/*
 * The newest recipient, after the rules have seen it: when another takes its
 * place, they are to be asked about that one.
 */
enum completion_status rewrite_recipient(const struct profile *profile,
    struct facts *facts, const char **error_r)
    __attribute__((warn_unused_result));

/* The address fields of the header that leaves, those of ours included. */
enum completion_status rewrite_header(const struct profile *profile,
    struct facts *facts, struct edit_list *list, const char **error_r)
    __attribute__((warn_unused_result));

#endif
