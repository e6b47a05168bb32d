/*
 * answer - what came out of octets, beside what a table wants.
 */
#ifndef SUBMIT_UNIT_ANSWER_H
#define SUBMIT_UNIT_ANSWER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/span.h"

/* STATUS 1 and GOT as is WANTed; 0 where WANT is NULL. */
static inline void
answer_check(const char *input, int status, struct span got, const char *want)
{
	if (status != (want != NULL) ||
	    (status == 1 && !span_eq(got, span_of(want))))
		fail_msg("%s: got %d %.*s, want %s", input, status,
		    SPAN_ARG(got), want == NULL ? "none" : want);
}

#endif
