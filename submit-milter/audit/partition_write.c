/*
 * partition_write.c - see partition.h: adding, replacing, erasing.
 *
 * What was added is kept in memory, packed and hashed, until the commit,
 * which is one transaction; the words are sorted, so that it walks through the
 * index once.
 */
#include "audit/partition_inside.h"

#include <stdlib.h>

/* Room for N more elements in an array that grows. */
static int
make_room(void **v, size_t *room, size_t used, size_t n, size_t size)
{
	size_t want = *room == 0 ? 256 : *room;
	void *grown;

	if (used + n <= *room)
		return 0;
	while (want < used + n)
		want *= 2;
	grown = reallocarray(*v, want, size);
	if (grown == NULL)
		return -1;
	*v = grown;
	*room = want;
	return 0;
}

int
partition_add(struct partition *partition, const struct words *words,
    struct span line)
{
	struct pending *p = &partition->pending;
	const struct word id = { WORD_ID, words->id };
	struct pending_record *record;
	size_t before = p->bodies.len;

	if (make_room((void **)&p->records, &p->record_room,
	    p->record_count, 1, sizeof(*p->records)) != 0 ||
	    make_room((void **)&p->hashes, &p->hash_room, p->hash_count,
	    words->n, sizeof(*p->hashes)) != 0)
		return -1;
	record = &p->records[p->record_count];
	*record = (struct pending_record){
		.n = words->time_us - partition->day_us,
		.id = (int64_t)(partition_hash(partition, &id) >> 16),
		.body = before,
		.word = p->hash_count,
		.word_count = words->n,
	};
	if (pack_line(partition->pack, line, record->id, &p->bodies) != 0)
		return -1;
	record->body_len = p->bodies.len - before;
	for (size_t i = 0; i < words->n; i++)
		p->hashes[p->hash_count++] = partition_hash(partition,
		    &words->v[i]);
	p->record_count++;
	return 0;
}

size_t
partition_pending(const struct partition *partition)
{
	return partition->pending.record_count;
}

/* --- the commit ----------------------------------------------------------- */

/* The id at a place that is taken. */
static int
read_id(struct partition *partition, int64_t n, int64_t *id_r)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_ID);
	int rc;

	if (statement == NULL)
		return sqlite3_errcode(partition->db);
	(void)sqlite3_bind_int64(statement, 1, n);
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*id_r = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* Runs a statement whose first parameters are a place and a body. */
static int
put_body(struct partition *partition, enum statement_id id, int64_t n,
    struct span body)
{
	sqlite3_stmt *statement = partition_statement(partition, id);
	int rc;

	if (statement == NULL)
		return sqlite3_errcode(partition->db);
	(void)sqlite3_bind_int64(statement, 1, n);
	(void)sqlite3_bind_blob(statement, 2, body.ptr, (int)body.len,
	    SQLITE_STATIC);
	rc = partition_run(partition, id);
	(void)sqlite3_clear_bindings(statement);
	return rc;
}

/*
 * At its time, or the next that is free. What has the same id is the same
 * transaction: the later record of it holds (submit-milter-audit(5)), but
 * what was erased stays so. *is_new_r: it was not there.
 */
static int
put_record(struct partition *partition, struct pending_record *record,
    bool *is_new_r)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_PUT);
	const struct span body = {
		partition->pending.bodies.ptr + record->body,
		record->body_len
	};
	int64_t id;
	int rc;

	if (statement == NULL)
		return sqlite3_errcode(partition->db);
	for (;; record->n++) {
		(void)sqlite3_bind_int64(statement, 3, record->id);
		rc = put_body(partition, STATEMENT_PUT, record->n, body);
		*is_new_r = sqlite3_changes(partition->db) > 0;
		if (rc != SQLITE_OK || *is_new_r)
			return rc;
		rc = read_id(partition, record->n, &id);
		if (rc != SQLITE_OK)
			return rc;
		if (id == record->id)
			return put_body(partition, STATEMENT_REPLACE,
			    record->n, body);
	}
}

static int
compare_entries(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A statement that takes COUNT entries. */
static int
run_words(struct partition *partition, enum statement_id id,
    const int64_t *entries, int count)
{
	sqlite3_stmt *statement = partition_statement(partition, id);

	if (statement == NULL)
		return sqlite3_errcode(partition->db);
	for (int i = 0; i < count; i++)
		(void)sqlite3_bind_int64(statement, i + 1, entries[i]);
	return partition_run(partition, id);
}

static int
put_words(struct partition *partition, size_t count)
{
	int64_t *entries = partition->pending.entries;
	int rc = SQLITE_OK;
	size_t i = 0;

	qsort(entries, count, sizeof(*entries), compare_entries);
	for (; count - i >= WORDS_AT_ONCE && rc == SQLITE_OK;
	    i += WORDS_AT_ONCE)
		rc = run_words(partition, STATEMENT_WORDS, &entries[i],
		    WORDS_AT_ONCE);
	for (; i < count && rc == SQLITE_OK; i++)
		rc = run_words(partition, STATEMENT_WORD, &entries[i], 1);
	return rc;
}

static int
put_all(struct partition *partition, size_t *added_r)
{
	struct pending *p = &partition->pending;
	size_t count = 0, added = 0;
	int rc = SQLITE_OK;

	for (size_t i = 0; i < p->record_count && rc == SQLITE_OK; i++) {
		struct pending_record *record = &p->records[i];
		bool is_new = false;

		rc = put_record(partition, record, &is_new);
		added += is_new;
		for (size_t k = 0; k < record->word_count; k++)
			p->entries[count++] = partition_entry(
			    p->hashes[record->word + k], record->n);
	}
	*added_r = added;
	return rc == SQLITE_OK ? put_words(partition, count) : rc;
}

static enum partition_status
end_transaction(struct partition *partition, int rc)
{
	if (rc == SQLITE_OK)
		rc = partition_run(partition, STATEMENT_COMMIT);
	if (rc == SQLITE_OK)
		return PARTITION_OK;
	(void)partition_run(partition, STATEMENT_ROLLBACK);
	partition->error = sqlite3_errstr(rc);
	return partition_classify(rc);
}

enum partition_status
partition_commit(struct partition *partition, size_t *added_r)
{
	struct pending *p = &partition->pending;
	enum partition_status status;
	size_t added = 0;
	int rc;

	*added_r = 0;
	if (p->record_count == 0)
		return PARTITION_OK;
	partition->error = NULL;
	if (make_room((void **)&p->entries, &p->entry_room, 0,
	    p->hash_count, sizeof(*p->entries)) != 0) {
		partition->error = "out of memory";
		return PARTITION_FAILED;
	}
	rc = partition_run(partition, STATEMENT_BEGIN);
	if (rc != SQLITE_OK)
		return partition_classify(rc);
	status = end_transaction(partition, put_all(partition, &added));
	if (status != PARTITION_OK)
		return status;
	*added_r = added;
	p->record_count = p->hash_count = 0;
	sbuf_clear(&p->bodies);
	return PARTITION_OK;
}

/* --- other content -------------------------------------------------------- */

/* An empty line becomes an empty body. */
static int
pack_body(struct partition *partition, int64_t n, struct span line,
    struct sbuf *body)
{
	struct span packed = { "", 0 };
	int64_t id;
	int rc = read_id(partition, n, &id);

	if (rc != SQLITE_OK)
		return rc;
	if (line.len > 0 && (pack_line(partition->pack, line, id, body) != 0 ||
	    sbuf_done(body, &packed) != 0))
		return SQLITE_NOMEM;
	return put_body(partition, STATEMENT_REPLACE, n, packed);
}

static int
change_words(struct partition *partition, enum statement_id id,
    const struct words *words, int64_t n)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < words->n && rc == SQLITE_OK; i++) {
		int64_t entry = partition_entry(partition_hash(partition,
		    &words->v[i]), n);

		rc = run_words(partition, id, &entry, 1);
	}
	return rc;
}

enum partition_status
partition_replace(struct partition *partition, int64_t n,
    const struct words *old, const struct words *new, struct span line)
{
	struct sbuf body;
	int rc;

	partition->error = NULL;
	/* What is freed in the file is overwritten. */
	rc = sqlite3_exec(partition->db, "PRAGMA secure_delete = ON", NULL,
	    NULL, NULL);
	if (rc == SQLITE_OK)
		rc = partition_run(partition, STATEMENT_BEGIN);
	if (rc != SQLITE_OK)
		return partition_classify(rc);
	sbuf_init(&body, NULL, PACK_LINE_MOST);
	rc = pack_body(partition, n, line, &body);
	if (rc == SQLITE_OK)
		rc = change_words(partition, STATEMENT_UNWORD, old, n);
	if (rc == SQLITE_OK && line.len > 0)
		rc = change_words(partition, STATEMENT_WORD, new, n);
	sbuf_free(&body);
	return end_transaction(partition, rc);
}

enum partition_status
partition_settle(struct partition *partition)
{
	int rc = sqlite3_wal_checkpoint_v2(partition->db, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	partition->error = NULL;
	return partition_classify(rc);
}
