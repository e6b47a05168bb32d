/*
 * refold - lines of an address field that are too long, folded.
 *
 * RFC 5322 sections 2.1.1 and 2.2.3. A line that grew beyond what MTAs leave
 * unbroken could not be signed. Lines are parted at blanks between tokens,
 * and after commas, where a blank is put in; no other octet changes, and
 * lines that are short enough stay as they are. Pure.
 */
#ifndef SUBMIT_EDIT_REFOLD_H
#define SUBMIT_EDIT_REFOLD_H

#include "base/arena.h"
#include "base/span.h"

/*
 * VALUE is all after the colon of the field NAME, folded with LF. *value_r is
 * VALUE itself when no line is too long. A line with no place to part it
 * stays. 0, or -1 when there is no memory.
 */
int refold_addresses(struct span name, struct span value,
    struct arena *arena, struct span *value_r)
    __attribute__((warn_unused_result));

#endif
