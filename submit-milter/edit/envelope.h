/*
 * envelope - what the MTA is told of sender and recipients.
 *
 * The edits that make the submitted envelope of the facts the one that
 * leaves. Pure; one thread at a time.
 */
#ifndef SUBMIT_EDIT_ENVELOPE_H
#define SUBMIT_EDIT_ENVELOPE_H

#include "edit/edit.h"

/*
 * Notes the edits in LIST. A recipient that leaves is added only if the
 * client did not name it too, and only once. 0, or -1 without memory.
 */
int envelope_run(const struct facts *facts, struct edit_list *list)
    __attribute__((warn_unused_result));

#endif
