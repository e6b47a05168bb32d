/*
 * sqltemplate - an SQL query with places for the key, as a statement with
 * parameters.
 *
 * A key is never pasted into SQL: each %s, %u or %d (template.h) becomes a
 * parameter of the statement, and what is bound to it is octets. Queries
 * written for Postfix have the place between single quotes, '%s'; these go.
 * A place that is only a part of a quoted string is an error.
 *
 * A backend must compare sqltemplate_count() with the number of parameters
 * that its server sees in the statement: a "?" of the query's own is one too
 * many. For the backends of table/ only. Immutable once made; any thread.
 */
#ifndef SUBMIT_TABLE_SQLTEMPLATE_H
#define SUBMIT_TABLE_SQLTEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* More places than anybody needs; so many values need no memory. */
#define SQLTEMPLATE_PARAMETERS 32u

enum sqltemplate_style {
	SQLTEMPLATE_QUESTION,	/* ? ? ?: SQLite, MySQL */
	SQLTEMPLATE_DOLLAR,	/* $1 $2 $3: PostgreSQL */
};

struct sqltemplate;

/*
 * NULL and *error_r (malloc'ed, the caller's to free; NULL when there was
 * no memory) when QUERY is wrong or has no place for the key.
 */
struct sqltemplate *sqltemplate_new(const char *query,
    enum sqltemplate_style style, char **error_r)
    __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void sqltemplate_free(struct sqltemplate **sql);

/* The statement, NUL-terminated, and how many parameters it has (1 to 32). */
const char *sqltemplate_statement(const struct sqltemplate *sql);
size_t sqltemplate_count(const struct sqltemplate *sql);

/*
 * What to bind for KEY: parameter n (from 0) gets VALUES[n], a slice of KEY.
 * False when KEY has no part that the query wants: the answer is "not
 * found", and nobody is asked.
 */
bool sqltemplate_bind(const struct sqltemplate *sql, struct span key,
    struct span values[SQLTEMPLATE_PARAMETERS])
    __attribute__((warn_unused_result));

#endif
