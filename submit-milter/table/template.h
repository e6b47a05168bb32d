/*
 * template - texts with a place for the key, as Postfix has them in queries,
 * filters and search bases.
 *
 *	%s	the key
 *	%u	its local part; all of it when it has no "@"
 *	%d	its domain
 *	%%	a percent sign
 *
 * A key that has no part to put there is in no row: the look-up is not made.
 * For the backends of table/ only. Pure; any thread.
 */
#ifndef SUBMIT_TABLE_TEMPLATE_H
#define SUBMIT_TABLE_TEMPLATE_H

#include <stdbool.h>

#include "base/span.h"

enum template_part {
	TEMPLATE_TEXT,		/* as it stands; "%%" comes as "%" */
	TEMPLATE_KEY,
	TEMPLATE_LOCAL,
	TEMPLATE_DOMAIN,
};

/*
 * The next piece of *REST, which moves on; TEXT_R is its text when it is
 * one. 1; 0 at the end; -1 for a "%" that is none of the above.
 */
int template_next(struct span *rest, enum template_part *part_r,
    struct span *text_r) __attribute__((warn_unused_result));

/* What stands in the place of PART; false when KEY has no such part. */
bool template_value(enum template_part part, struct span key,
    struct span *value_r) __attribute__((warn_unused_result));

/* What to tell an administrator when template_next() says -1. */
#define TEMPLATE_FAULT "after % must come s, u, d or another %"

#endif
