/*
 * mtaform - address fields in the form in which the MTA will write them.
 *
 * Sendmail writes address fields anew after all filters have run; what is
 * signed must have its form before. Postfix writes them as they are. Pure;
 * one thread at a time.
 */
#ifndef SUBMIT_EDIT_MTAFORM_H
#define SUBMIT_EDIT_MTAFORM_H

#include "edit/edit.h"

enum mtaform_status {
	MTAFORM_OK,
	MTAFORM_UNKNOWN,	/* a field whose later form is not known */
	MTAFORM_NO_MEMORY,
};

/*
 * Brings the address fields that signatures cover into the form that the
 * MTA of FACTS gives them, and notes the edits in LIST. A field that differs
 * in white space only is left alone unless IS_EXACT is true.
 */
enum mtaform_status mtaform_run(struct facts *facts, struct edit_list *list,
    bool is_exact) __attribute__((warn_unused_result));

#endif
