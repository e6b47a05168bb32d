/*
 * sbuf - text put together piece by piece, with a ceiling from birth.
 *
 * Writers never check each step: once a piece does not fit, the buffer is
 * failed and stays so, and the one who wanted the text looks at the end
 * (sbuf_done()). Memory comes from an arena, or from the heap when the
 * arena is NULL; then sbuf_free() gives it back. One thread at a time.
 */
#ifndef SUBMIT_BASE_SBUF_H
#define SUBMIT_BASE_SBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

struct sbuf {
	char *ptr;		/* NUL-terminated once anything was added */
	size_t len;
	size_t size;		/* octets allocated */
	size_t ceiling;		/* most octets of text */
	struct arena *arena;	/* NULL: heap */
	bool is_failed;
};

/* Makes an empty buffer. Allocates nothing yet. */
void sbuf_init(struct sbuf *sbuf, struct arena *arena, size_t ceiling);

/* Gives heap memory back; the buffer is empty again. */
void sbuf_free(struct sbuf *sbuf);

/* Empties the buffer, keeps its memory, forgets a failure. */
void sbuf_clear(struct sbuf *sbuf);

void sbuf_add(struct sbuf *sbuf, struct span s);
void sbuf_addc(struct sbuf *sbuf, char c);
void sbuf_adds(struct sbuf *sbuf, const char *s);
void sbuf_addf(struct sbuf *sbuf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * 0 and the text (owned by the buffer or its arena, followed by a NUL), or
 * -1 when a piece was lost.
 */
int sbuf_done(struct sbuf *sbuf, struct span *text_r)
    __attribute__((warn_unused_result));

#endif
