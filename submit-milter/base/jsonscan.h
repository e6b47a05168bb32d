/*
 * jsonscan - reads one JSON text (RFC 8259) from left to right.
 *
 * For the lines that jsonline writes, where a tree of the whole would cost
 * more than all else that is done with it: the reader is told of each string
 * and number with the way to it, and keeps what it wants. Strict: what is no
 * JSON is said to be none. Pure; any thread.
 */
#ifndef SUBMIT_BASE_JSONSCAN_H
#define SUBMIT_BASE_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sbuf.h"
#include "base/span.h"

/* Deeper nesting is refused. */
#define JSONSCAN_DEPTH 16

/*
 * The names of the members that lead to a value; those of arrays are empty.
 * "envelope.recipients[].address" is { "envelope", "recipients", "",
 * "address" }. Names are as they stand in the text, escapes and all.
 */
struct jsonscan_way {
	struct span name[JSONSCAN_DEPTH];
	size_t depth;
};

/*
 * Gets a string (unescaped, as UTF-8) or number (as written). Neither WAY
 * nor VALUE outlives the call. Not 0: the scan ends.
 */
typedef int jsonscan_value(void *context, const struct jsonscan_way *way,
    struct span value, bool is_string);

/*
 * Scans TEXT, which is one object and nothing else but blanks. SCRATCH (on
 * the heap or in an arena) keeps unescaped strings; its ceiling is that of
 * a string. 1; 0 when the reader ended it; -1 when it is no JSON or there
 * was no memory.
 */
int jsonscan_object(struct span text, struct sbuf *scratch,
    jsonscan_value *value, void *context)
    __attribute__((warn_unused_result));

/*
 * Is WAY the one that PATH, such as "client.address", names? Asked of each
 * value many times, and mostly answered by the first octet: hence inline.
 */
static inline bool
jsonscan_is_at(const struct jsonscan_way *way, const char *path)
{
	for (size_t i = 0; i < way->depth; i++) {
		struct span name = way->name[i];

		if (i > 0 && *path++ != '.')
			return false;
		for (size_t k = 0; k < name.len; k++, path++)
			if (*path != name.ptr[k] || *path == '.' ||
			    *path == '\0')
				return false;
	}
	return *path == '\0';
}

#endif
