/*
 * rowhash - rows of a table in memory: key to value, many and compact.
 *
 * A row costs its octets, two to six octets for their lengths and, spread
 * over the slots, 11 to 21 octets more. Filled by one thread, then asked
 * by any number. For the backends of table/ only.
 */
#ifndef SUBMIT_TABLE_ROWHASH_H
#define SUBMIT_TABLE_ROWHASH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "table/table.h"

struct rowhash;

enum rowhash_added {
	ROWHASH_ADDED,
	ROWHASH_DUPLICATE,	/* the key is there; nothing changed */
	ROWHASH_FULL,		/* no memory, or more than 1 GiB of rows */
};

/* NULL when memory or the system's randomness is short. */
struct rowhash *rowhash_new(void);

/* Takes NULL; leaves NULL. */
void rowhash_free(struct rowhash **rows);

/* Both spans are copied. */
enum rowhash_added rowhash_add(struct rowhash *rows, struct span key,
    struct span value) __attribute__((warn_unused_result));

/* No row will follow: gives spare memory back. */
void rowhash_trim(struct rowhash *rows);

/* True and the value, which lives as long as ROWS. */
bool rowhash_find(const struct rowhash *rows, struct span key,
    struct span *value_r);

/* Each row, in the order in which they were added. */
void rowhash_each(const struct rowhash *rows, table_row_visit *visit,
    void *context);

size_t rowhash_count(const struct rowhash *rows);

/* Octets of memory in use. */
size_t rowhash_memory(const struct rowhash *rows);

#endif
