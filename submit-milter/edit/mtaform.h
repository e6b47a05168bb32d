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

/* What a signature covers, and how. */
struct mtaform_signature {
	bool (*covers)(const void *context, struct span name);
	const void *context;
	bool is_exact;		/* white space as it stands, too */
};

/*
 * Brings the address fields that SIGNATURE covers into the form that the
 * MTA of FACTS gives them, and notes the edits in LIST. A field that differs
 * in white space only is left alone unless the signature is exact.
 */
enum mtaform_status mtaform_run(struct facts *facts, struct edit_list *list,
    const struct mtaform_signature *signature)
    __attribute__((warn_unused_result));

#endif
