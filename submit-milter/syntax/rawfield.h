/*
 * rawfield - the fields of a header that is one run of octets.
 *
 * RFC 5322 section 2.2. For headers within a message, whose lines end as the
 * client has written them. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_RAWFIELD_H
#define SUBMIT_SYNTAX_RAWFIELD_H

#include "base/arena.h"
#include "base/span.h"

struct rawfield {
	struct span whole;	/* all its lines, with their ends */
	struct span name;	/* empty: this is no field */
	struct span value;	/* after the colon, without the last line end */
};

/*
 * Takes the next field off *rest. 1, or 0 before the empty line that ends a
 * header, which stays in *rest, and at the end.
 */
int rawfield_next(struct span *rest, struct rawfield *field_r);

/* The value of the first field of that name; empty: there is none. */
struct span rawfield_find(struct span header, struct span name);

/* VALUE on one line, in ARENA; ptr NULL without memory. */
struct span rawfield_unfold(struct span value, struct arena *arena);

#endif
