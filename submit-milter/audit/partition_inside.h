/*
 * partition_inside - what partition.c and partition_write.c share.
 */
#ifndef SUBMIT_AUDIT_PARTITION_INSIDE_H
#define SUBMIT_AUDIT_PARTITION_INSIDE_H

#include <sqlite3.h>

#include "audit/pack.h"
#include "audit/partition.h"
#include "table/siphash.h"

/* More microseconds than a day has: 37 bits. */
#define PLACE_MOST ((UINT64_C(1) << 37) - 1)

#define WORDS_AT_ONCE 8

enum statement_id {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_PUT,		/* n, body, id */
	STATEMENT_ID,		/* n -> id */
	STATEMENT_WORD,		/* entry */
	STATEMENT_WORDS,	/* WORDS_AT_ONCE entries */
	STATEMENT_FIND,		/* from, to -> entry */
	STATEMENT_HAS,		/* entry */
	STATEMENT_BEFORE,	/* n -> n */
	STATEMENT_READ,		/* n -> id, body */
	STATEMENT_REPLACE,	/* n, body */
	STATEMENT_UNWORD,	/* entry */
	STATEMENT_COUNT
};

/* A record to be written: where its parts begin in what is pending. */
struct pending_record {
	int64_t n, id;
	size_t body, body_len;
	size_t word, word_count;
};

struct pending {
	struct pending_record *records;
	size_t record_count, record_room;
	uint64_t *hashes;
	size_t hash_count, hash_room;
	int64_t *entries;
	size_t entry_room;
	struct sbuf bodies;
};

struct partition {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	struct pack *pack;
	struct siphash_key key;
	int64_t day_us;
	const char *error;	/* what SQLite does not know */
	struct pending pending;
};

sqlite3_stmt *partition_statement(struct partition *partition,
    enum statement_id id);

/* Runs a statement that gives no row, and resets it. An SQLite code. */
int partition_run(struct partition *partition, enum statement_id id);

enum partition_status partition_classify(int rc);

uint64_t partition_hash(const struct partition *partition,
    const struct word *word);

/*
 * What the index has of a word: the upper 27 bits of its hash, and the place
 * of the record. One number: SQLite finds and adds those at least cost.
 */
int64_t partition_entry(uint64_t hash, int64_t n);

#endif
