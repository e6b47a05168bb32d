/*
 * unicode - normal form and case of UTF-8 text, free of any locale.
 *
 * Unicode Standard sections 3.11 (normalisation) and 3.13 (case), by
 * libunistring. For the other files of syntax/ only. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_UNICODE_H
#define SUBMIT_SYNTAX_UNICODE_H

#include <stddef.h>

#include "base/span.h"

enum unicode_case {
	UNICODE_KEEP,		/* letters stay as they are */
	UNICODE_LOWER,		/* simple lower case, as IDNA wants it */
	UNICODE_FOLD,		/* simple case folding, to compare */
};

/*
 * S in the case asked for and in NFC, followed by a NUL that *len_r does
 * not count. What is not UTF-8 changes only its ASCII letters. The memory
 * is from malloc() and the caller's; NULL when there is none.
 */
char *unicode_map(struct span s, enum unicode_case how, size_t *len_r)
    __attribute__((warn_unused_result));

/* Offset of the first octet that is not UTF-8, or s.len. */
size_t unicode_find_broken(struct span s);

#endif
