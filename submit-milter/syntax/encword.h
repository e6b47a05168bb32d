/*
 * encword - 8-bit text in header fields, written in ASCII and read back.
 *
 * RFC 2047 (encoded words), RFC 2231 section 4 (parameters of MIME fields).
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_ENCWORD_H
#define SUBMIT_SYNTAX_ENCWORD_H

#include "base/arena.h"
#include "base/span.h"

struct encword_style {
	const char *charset;	/* of what is not UTF-8 */
	const char *line_end;	/* in folding: LF or CRLF */
};

/*
 * The value of a field of that name, in which octets above 127 stand, without
 * any: in words of text, names in address fields, comments and parameters.
 * *text_r is in ARENA. 1; 0 when some stand where nothing can be encoded (an
 * address, a message id), or when encoded words stand among them already;
 * -1 without memory.
 */
int encword_encode(struct span name, struct span value,
    const struct encword_style *style, struct arena *arena,
    struct span *text_r) __attribute__((warn_unused_result));

/*
 * Text in which encoded words are replaced by the octets that they stand
 * for, in whatever charset; ptr NULL without memory.
 */
struct span encword_decode(struct span text, struct arena *arena);

#endif
