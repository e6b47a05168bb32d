/*
 * completion - the message as RFC 6409 section 8 would have it leave.
 *
 * Sections 8.1 (Sender), 8.2 (Date), 8.3 (Message-ID), and a destination
 * field. A valid field is kept to the byte; what is replaced is kept in an
 * X-Original-... field. A second pass changes nothing.
 * Pure but for the resolver; one thread at a time.
 */
#ifndef SUBMIT_EDIT_COMPLETION_H
#define SUBMIT_EDIT_COMPLETION_H

#include "edit/edit.h"

enum completion_status {
	COMPLETION_OK,
	COMPLETION_NO_MEMORY,
	COMPLETION_LOOKUP_FAILED,
	COMPLETION_DNS_FAILED,
};

/*
 * Completes facts->leaving as PROFILE says and notes the edits in LIST.
 * *error_r tells what look-up failed.
 */
enum completion_status completion_run(const struct profile *profile,
    struct facts *facts, struct edit_list *list, const char **error_r)
    __attribute__((warn_unused_result));

#endif
