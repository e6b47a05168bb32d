/*
 * trace - what the files of "submitctl trace" share: what is looked for, what
 * was found, and what the MTA's log adds.
 */
#ifndef SUBMIT_CTL_TRACE_H
#define SUBMIT_CTL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "audit/query.h"
#include "audit/token.h"
#include "config/config.h"

struct trace_answer {
	json_t *record;
	const char *id;			/* in the record */
	json_t *deliveries;		/* array; NULL: no log was read */
};

struct trace_answers {
	struct trace_answer *v;
	size_t n, room;
	size_t limit;			/* 0: none */
	bool is_partial;		/* not all could be searched */
	bool has_more;			/* beyond the limit */
};

/* Adds a record; the later one of a transaction holds. 0, or -1. */
int trace_add(struct trace_answers *answers, struct span line)
    __attribute__((warn_unused_result));

/* The newest first, no more than the limit. */
void trace_sort(struct trace_answers *answers);

void trace_free(struct trace_answers *answers);

/* --- where to look; each complains of what it cannot search --------------- */

/* The store of the configuration and what the audit file has beyond it. */
int trace_store(const struct config *config, const struct query *query,
    struct trace_answers *answers) __attribute__((warn_unused_result));

/* A file of JSON lines, compressed or not; "-": standard input. */
int trace_file(const char *file, const struct query *query,
    struct trace_answers *answers) __attribute__((warn_unused_result));

/* A table of PostgreSQL. */
int trace_pgsql(const char *conninfo, const struct query *query,
    struct trace_answers *answers) __attribute__((warn_unused_result));

/* --- a header or bounce that somebody pasted ------------------------------ */

enum clue_kind {
	CLUE_TOKEN,
	CLUE_MESSAGE_ID,
	CLUE_QUEUE_ID,
};

struct clue {
	enum clue_kind kind;
	char text[600];
	char host[256];			/* of a queue id; empty: unknown */
};

struct clues {
	struct clue v[200];
	size_t n;
};

/* Reads FILE; "-" is standard input. FIELD is that of the token. 0 or -1. */
int trace_read_clues(const char *file, const char *field,
    struct clues *clues) __attribute__((warn_unused_result));

/* --- the MTA's log -------------------------------------------------------- */

/*
 * Reads the logs (files, with those that were rotated; or "journal") and
 * notes for each answer what became of its message. 0 or -1.
 */
int trace_deliveries(char *const *logs, size_t count,
    struct trace_answers *answers) __attribute__((warn_unused_result));

/* --- printing ------------------------------------------------------------- */

void trace_print(const struct trace_answers *answers);
int trace_print_json(const struct trace_answers *answers,
    const struct token *token) __attribute__((warn_unused_result));
void trace_print_token(const struct token *token);

#endif
