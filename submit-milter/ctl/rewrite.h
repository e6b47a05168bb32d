/*
 * rewrite - another content in the place of a file, whole or not at all.
 *
 * The new file has owner, mode and times of the old one, and is compressed
 * if its name ends in ".gz". One thread.
 */
#ifndef SUBMIT_CTL_REWRITE_H
#define SUBMIT_CTL_REWRITE_H

#include <stdbool.h>

#include "base/span.h"

struct rewrite;

/* NULL after a complaint. FILE outlives it. */
struct rewrite *rewrite_begin(const char *file);

/* LINE and a line end. What fails is said by rewrite_end(). */
void rewrite_line(struct rewrite *rewrite, struct span line);

/*
 * Puts it in the place of the file, on stable storage; or, without
 * IS_WANTED, leaves all as it was. 0, or -1 after a complaint. Frees.
 */
int rewrite_end(struct rewrite **rewrite, bool is_wanted)
    __attribute__((warn_unused_result));

#endif
