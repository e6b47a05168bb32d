/*
 * taglist - the tag=value lists of DKIM and ARC fields.
 *
 * RFC 6376 section 3.2. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_TAGLIST_H
#define SUBMIT_SYNTAX_TAGLIST_H

#include "base/span.h"

/* The value of the first tag of that name, trimmed; ptr NULL: none. */
struct span taglist_find(struct span list, struct span name);

#endif
