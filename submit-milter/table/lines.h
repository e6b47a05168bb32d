/*
 * lines - the logical lines of a file in the way of Postfix's tables.
 *
 * Lines that are empty, white, or begin with "#" (white space may come
 * before it) do not count; any other line that begins with white space
 * continues the one before it. A carriage return is white space.
 *
 * Postfix skips what it cannot read with a warning; here a NUL, text that is
 * not UTF-8, or a continuation of nothing is an error. A line has at most
 * 1 MB with its continuations, a file 512 MB. For the backends of table/
 * and for submitctl; one thread at a time.
 */
#ifndef SUBMIT_TABLE_LINES_H
#define SUBMIT_TABLE_LINES_H

#include <stdbool.h>

#include "base/span.h"

#define LINES_LINE_CEILING (1u << 20)

struct lines;

/*
 * NULL and *error_r (malloc'ed; NULL: no memory) when FILE cannot be opened.
 * FILE must outlive it.
 */
struct lines *lines_open(const char *file, char **error_r)
    __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void lines_close(struct lines **lines);

/*
 * The next logical line, without white space at its front; it lives until
 * the next call. 1; 0 at the end of the file; -1 and *error_r as above.
 */
int lines_next(struct lines *lines, struct span *line_r, char **error_r)
    __attribute__((warn_unused_result));

/* Where the line of lines_next() begins. */
unsigned lines_number(const struct lines *lines);

/* Puts "FILE:LINE: WHAT" into *error_r. -1. */
int lines_fault(const struct lines *lines, const char *what, char **error_r);

/* isspace(3) of the C locale, as Postfix has it */
static inline bool
lines_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without white space at both ends. */
struct span lines_trim(struct span s);

/* Cuts the text up to the first white space off *REST and trims the rest. */
struct span lines_word(struct span *rest);

#endif
