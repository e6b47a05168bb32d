/*
 * content - what Content-Type and Content-Disposition fields say.
 *
 * RFC 2045 section 5.1, RFC 2183, RFC 2231. Read as leniently as programs
 * that show mail do: a broken parameter does not hide the others. Pure; any
 * thread.
 */
#ifndef SUBMIT_SYNTAX_CONTENT_H
#define SUBMIT_SYNTAX_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define CONTENT_SECTIONS 64	/* name*0 to name*63 */

/* A value, or a piece of one, as it stands in the field. */
struct content_piece {
	struct span raw;	/* without the quotes */
	bool is_given;
	bool is_quoted;
	bool is_encoded;	/* RFC 2231 section 4 */
};

struct content {
	struct span type;	/* "multipart", "attachment", as written */
	struct span subtype;	/* empty: none */
	struct span parameter;	/* the name of the one that was asked for */
	/* The same parameter may come in three forms, each once. */
	struct content_piece whole;	/* name=value */
	struct content_piece extended;	/* name*=charset'language'value */
	struct content_piece sections[CONTENT_SECTIONS];
};

enum content_form { CONTENT_WHOLE, CONTENT_EXTENDED, CONTENT_SECTIONED };

/*
 * Reads the value of a field, and of its parameters the one of that name.
 * 1, or 0 when there is no type.
 */
int content_parse(struct span value, struct span parameter,
    struct content *content_r);

/*
 * Octets of what the parameter says in that form, quoting undone; 0 when it
 * is not given so. Written to TO unless that is NULL.
 */
size_t content_write(const struct content *content, enum content_form form,
    char *to);

#endif
