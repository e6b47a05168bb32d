/*
 * table - look-up tables: a key in, one of three answers out.
 *
 * "Not found" and "failed" are different answers, and a failed look-up
 * never falls through to another table: the caller answers with a
 * temporary failure. A table is immutable once open and may be asked by
 * any number of threads at once. One file a backend; this header is all
 * that users of tables see.
 */
#ifndef SUBMIT_TABLE_TABLE_H
#define SUBMIT_TABLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/histogram.h"
#include "base/span.h"

enum lookup {
	LOOKUP_FOUND,
	LOOKUP_NOT_FOUND,
	LOOKUP_FAILED,
};

struct table;

struct table_row {
	struct span key;
	struct span value;
};

/* What the configuration says of a table. */
struct table_spec {
	const char *name;		/* its name in the configuration */
	const char *type;		/* "inline", "texthash" ... */
	const char *file;		/* file types; else NULL */
	const struct table_row *rows;	/* inline; else NULL */
	size_t row_count;
	bool is_case_kept;		/* do not fold local parts of keys */

	/* What follows is for the types that know it; else NULL or 0. */
	const char *server;		/* "unix:PATH", "inet:HOST:PORT", URI */
	const char *database;
	const char *user;
	const char *password;
	const char *password_file;	/* has it in its first line */
	const char *query;		/* SQL with %s %u %d, LDAP filter */
	const char *base;		/* LDAP: where to search */
	const char *attribute;		/* LDAP: what is the value */
	const char *map;		/* socketmap name, Redis key prefix */
	bool is_tls;			/* to the server */
	const char *tls_ca;		/* file of authorities */
	int timeout;			/* ms that one look-up may take */
	int connections;		/* most at a time, to one server */
	int cache_time;			/* seconds an answer is kept; 0: none */
	int cache_size;			/* answers kept at the most */
};

/* What kinds of key a table can be asked for. */
enum table_keys {
	/* Any: also "@domain" and other parts of an address. */
	TABLE_KEYS_ANY,
	/* Whole addresses only: patterns would match parts by mistake. */
	TABLE_KEYS_WHOLE,
	/* IP addresses only. */
	TABLE_KEYS_IP,
};

/* Not 0 when there is a backend of that type in this build. */
int table_type_exists(const char *type);

/* The types of this build one by one: NULL after the last. */
const char *table_type(size_t index);

/* The types that this build lacks, and why: NULL after the last. */
const char *table_type_missing(size_t index, const char **why_r);

/*
 * Opens a table; nothing of SPEC is kept. NULL and *error_r (text from
 * malloc, the caller's to free; "file:line: ..." where that helps) when it
 * cannot be opened or has a fault; *error_r is NULL if even that failed.
 */
struct table *table_open(const struct table_spec *spec, char **error_r)
    __attribute__((warn_unused_result));

/* Closes it. Takes NULL; leaves NULL. */
void table_free(struct table **table);

const char *table_name(const struct table *table);
enum table_keys table_keys(const struct table *table);

/* A row: what is asked for, folded, and what is answered. */
typedef void table_row_visit(void *context, struct span key,
    struct span value);

/* Visits each row. False when a table of that kind cannot tell its rows. */
bool table_each(const struct table *table, table_row_visit *visit,
    void *context);

/*
 * Something in it that its administrator would want to know, or NULL; text
 * of the table's.
 */
const char *table_warning(const struct table *table);

/*
 * Asks the server of a table for something, to see whether it answers: 0,
 * or -1 and *error_r, which lives in ARENA. Tables that need no server
 * answer always.
 */
int table_probe(const struct table *table, int64_t deadline,
    struct arena *arena, const char **error_r)
    __attribute__((warn_unused_result));

/* What was counted of a table, from the first that was open by its name. */
struct table_usage {
	uint64_t answers[LOOKUP_FAILED + 1];
	struct histogram_view time;	/* of all look-ups */
	/* The rest is about servers, and counts while one stays the same. */
	bool has_server;
	bool has_cache;
	uint64_t hits, misses;		/* of the cache */
	size_t connections;		/* open now */
	uint64_t waits;			/* for a connection to be free */
};

void table_usage(const struct table *table, struct table_usage *usage_r);

/*
 * Asks for KEY, in the folded form of mailbox_fold() or domain_fold(); the
 * keys of the table are folded alike when it is opened. The answer comes by
 * DEADLINE (deadline.h), or is LOOKUP_FAILED. The value lives in ARENA or
 * in the table. *error_r tells, after LOOKUP_FAILED, what failed; it lives
 * as the value does.
 */
enum lookup table_lookup(const struct table *table, struct span key,
    int64_t deadline, struct arena *arena, struct span *value_r,
    const char **error_r)
    __attribute__((warn_unused_result));

#endif
