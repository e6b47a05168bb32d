/*
 * jsonline - one line of JSON (RFC 8259), written from left to right.
 *
 * Mail is octets and JSON wants Unicode: what is no character of UTF-8, and
 * NUL, is written as the text "\xNN". The line is ASCII. Writers never check
 * each step: jsonline_done() tells whether a piece was lost. KEY is NULL in
 * an array. One thread at a time.
 */
#ifndef SUBMIT_BASE_JSONLINE_H
#define SUBMIT_BASE_JSONLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sbuf.h"
#include "base/span.h"

struct jsonline {
	struct sbuf out;
	bool is_first;		/* no comma before what comes next */
};

/* An empty line of at most CEILING octets. Allocates nothing yet. */
void jsonline_init(struct jsonline *line, size_t ceiling);

void jsonline_open_object(struct jsonline *line, const char *key);
void jsonline_close_object(struct jsonline *line);
void jsonline_open_array(struct jsonline *line, const char *key);
void jsonline_close_array(struct jsonline *line);

void jsonline_text(struct jsonline *line, const char *key, struct span text);
/* The same, or null when it is empty. */
void jsonline_text_or_null(struct jsonline *line, const char *key,
    struct span text);
/* A word of ours, NUL-terminated. */
void jsonline_word(struct jsonline *line, const char *key, const char *word);
void jsonline_number(struct jsonline *line, const char *key, int64_t number);
void jsonline_bool(struct jsonline *line, const char *key, bool value);
void jsonline_null(struct jsonline *line, const char *key);

/*
 * The line, NUL-terminated and malloc'ed, the caller's to free; NULL when
 * memory or the ceiling did not suffice. Ends LINE in any case.
 */
char *jsonline_done(struct jsonline *line)
    __attribute__((warn_unused_result));

#endif
