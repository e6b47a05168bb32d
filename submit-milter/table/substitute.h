/*
 * substitute - results of pattern tables with parts of the key in them.
 *
 *	$1 ${1} $(1)	what the first group of the pattern matched, and so
 *			on up to 99; nothing when it took no part
 *	$$		a dollar sign
 *
 * A "$" with anything else after it is an error, "$1x" too: that is
 * "${1}x". For the backends of table/ only. Pure; any thread.
 */
#ifndef SUBMIT_TABLE_SUBSTITUTE_H
#define SUBMIT_TABLE_SUBSTITUTE_H

#include "base/sbuf.h"
#include "base/span.h"

/*
 * Looks at a result. NULL and the highest group in it, 0 when it has none
 * and no "$$" either; or what is wrong.
 */
const char *substitute_check(struct span text, unsigned *highest_r,
    bool *is_plain_r) __attribute__((warn_unused_result));

typedef struct span substitute_group(const void *context, unsigned number);

/* Adds a result that was checked to OUT. */
void substitute_expand(struct span text, substitute_group *group,
    const void *context, struct sbuf *out);

#endif
