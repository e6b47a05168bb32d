/*
 * repair - all that is mended in envelope and header, in its order.
 *
 * After the rules have judged what was submitted: envelope, concealment,
 * completion, other addresses. Pure but for the resolver; one thread at a
 * time.
 */
#ifndef SUBMIT_EDIT_REPAIR_H
#define SUBMIT_EDIT_REPAIR_H

#include "edit/completion.h"

/* As completion_run(). */
enum completion_status repair_run(const struct profile *profile,
    struct facts *facts, struct edit_list *list, const char **error_r)
    __attribute__((warn_unused_result));

#endif
