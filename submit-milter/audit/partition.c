/*
 * partition.c - see partition.h: opening and finding.
 *
 * Why SQLite and not LMDB, both measured on a machine of two slow cores
 * with ten words a record, days of 333,000 records: LMDB takes 80,000
 * records a second in batches of 20,000 and 8,000 in batches of 1,000, at
 * 1.1 kB a record; SQLite 32,000 and 6,000, at 0.6 kB, with an index of two
 * columns, which one number has replaced since. Both are fast enough. But
 * LMDB maps the file: a damaged page or a disk that fails is then a signal
 * that ends the daemon, and with it mail; SQLite tells it as an error of
 * this one file.
 */
#include "audit/partition_inside.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#define FORMAT 2
#define SALT_SIZE 16u
#define BUSY_TIMEOUT 10000	/* ms; only an import or erasure holds us */
#define BODIES_MOST (512u << 20)

static const char *const statements[STATEMENT_COUNT] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_PUT] = "INSERT OR IGNORE INTO record "
	    "(n, body, id) VALUES (?, ?, ?)",
	[STATEMENT_ID] = "SELECT id FROM record WHERE n = ?",
	[STATEMENT_WORD] = "INSERT OR REPLACE INTO word VALUES (?)",
	[STATEMENT_WORDS] = "INSERT OR REPLACE INTO word VALUES "
	    "(?), (?), (?), (?), (?), (?), (?), (?)",
	[STATEMENT_FIND] = "SELECT entry FROM word WHERE entry "
	    "BETWEEN ? AND ?",
	[STATEMENT_HAS] = "SELECT 1 FROM word WHERE entry = ?",
	[STATEMENT_BEFORE] = "SELECT max(n) FROM record WHERE n <= ?",
	[STATEMENT_READ] = "SELECT id, body FROM record WHERE n = ?",
	[STATEMENT_REPLACE] = "UPDATE record SET body = ?2 WHERE n = ?1 "
	    "AND length(body) > 0",
	[STATEMENT_UNWORD] = "DELETE FROM word WHERE entry = ?",
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value BLOB)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS record(n INTEGER PRIMARY KEY, id INTEGER,"
    " body BLOB);"
    "CREATE TABLE IF NOT EXISTS word(entry INTEGER PRIMARY KEY);";

/* --- what goes wrong ------------------------------------------------------ */

enum partition_status
partition_classify(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
		return PARTITION_OK;
	case SQLITE_DONE:
		return PARTITION_END;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return PARTITION_DAMAGED;
	default:
		return PARTITION_FAILED;
	}
}

const char *
partition_error(const struct partition *partition)
{
	if (partition == NULL)
		return NULL;
	if (partition->error != NULL)
		return partition->error;
	return partition->db == NULL ? "out of memory" :
	    sqlite3_errmsg(partition->db);
}

sqlite3_stmt *
partition_statement(struct partition *partition, enum statement_id id)
{
	if (partition->statements[id] == NULL)
		(void)sqlite3_prepare_v3(partition->db, statements[id], -1,
		    SQLITE_PREPARE_PERSISTENT, &partition->statements[id],
		    NULL);
	return partition->statements[id];
}

int
partition_run(struct partition *partition, enum statement_id id)
{
	sqlite3_stmt *statement = partition_statement(partition, id);
	int rc;

	if (statement == NULL)
		return sqlite3_errcode(partition->db);
	rc = sqlite3_step(statement);
	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* --- what the file says of itself ----------------------------------------- */

/* At most SIZE octets of a value; -1: not there. *rc_r tells of errors. */
static int
read_meta(struct partition *p, const char *name, uint8_t *value_r,
    size_t size, int *rc_r)
{
	sqlite3_stmt *statement = NULL;
	int len = -1;

	*rc_r = sqlite3_prepare_v2(p->db,
	    "SELECT value FROM meta WHERE name = ?", -1, &statement, NULL);
	if (*rc_r != SQLITE_OK)
		return -1;
	(void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	*rc_r = sqlite3_step(statement);
	if (*rc_r == SQLITE_ROW) {
		len = sqlite3_column_bytes(statement, 0);
		if (len > (int)size)
			len = -1;
		else if (len > 0)
			memcpy(value_r, sqlite3_column_blob(statement, 0),
			    (size_t)len);
	}
	(void)sqlite3_finalize(statement);
	return len;
}

static int
write_meta(struct partition *p, const char *name, const void *value,
    size_t size)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(p->db, "INSERT INTO meta VALUES (?, ?)",
	    -1, &statement, NULL);

	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(statement, 2, value, (int)size,
	    SQLITE_STATIC);
	rc = sqlite3_step(statement);
	(void)sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Tables, salt and the tag of the key, unless they are there. */
static int
make_file(struct partition *p, const struct partition_settings *settings)
{
	uint8_t salt[SALT_SIZE], format = FORMAT;
	int rc = sqlite3_exec(p->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(p->db, schema, NULL, NULL, NULL);
	if (rc == SQLITE_OK && read_meta(p, "format", salt, sizeof(salt),
	    &rc) < 0 && rc == SQLITE_DONE) {
		rc = RAND_bytes(salt, sizeof(salt)) == 1 ?
		    write_meta(p, "format", &format, 1) : SQLITE_ERROR;
		if (rc == SQLITE_OK)
			rc = write_meta(p, "salt", salt, sizeof(salt));
		if (rc == SQLITE_OK && settings->vault != NULL)
			rc = write_meta(p, "key", vault_current(
			    settings->vault)->tag, VAULT_TAG_SIZE);
	}
	if (rc == SQLITE_OK || rc == SQLITE_ROW)
		return sqlite3_exec(p->db, "COMMIT", NULL, NULL, NULL);
	(void)sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static enum partition_status
fail(struct partition *p, enum partition_status status, const char *error)
{
	p->error = error;
	return status;
}

static enum partition_status
find_keys(struct partition *p, const struct partition_settings *settings)
{
	uint8_t format = 0, salt[SALT_SIZE], tag[VAULT_TAG_SIZE];
	const struct vault_key *key = NULL;
	struct span salt_text = { (const char *)salt, sizeof(salt) };
	int rc;

	if (read_meta(p, "format", &format, 1, &rc) < 0)
		return rc == SQLITE_DONE || (rc & 0xff) == SQLITE_ERROR ?
		    PARTITION_END : partition_classify(rc);
	if (format < FORMAT && settings->is_writer)
		return fail(p, PARTITION_DAMAGED,
		    "it was made by an older version");
	if (format != FORMAT)
		return fail(p, PARTITION_FAILED,
		    "it was made by another version");
	if (read_meta(p, "salt", salt, sizeof(salt), &rc) != SALT_SIZE)
		return fail(p, PARTITION_DAMAGED, "it has no salt");
	if (read_meta(p, "key", tag, sizeof(tag), &rc) == VAULT_TAG_SIZE) {
		key = settings->vault == NULL ? NULL :
		    vault_find(settings->vault, tag);
		if (key == NULL)
			return fail(p, PARTITION_SEALED,
			    "the key that it is sealed with is not in the "
			    "key file");
	}
	p->pack = pack_new(key, salt_text);
	if (p->pack == NULL || vault_derive(key, salt_text, "words",
	    (uint8_t *)p->key.v, sizeof(p->key.v)) != 0)
		return fail(p, PARTITION_FAILED, "out of memory");
	return PARTITION_OK;
}

/* --- opening -------------------------------------------------------------- */

static int
open_file(struct partition *p, const char *file, bool is_writer)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
	    (is_writer ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(file, &p->db, flags, NULL);

	if (rc == SQLITE_OK || is_writer)
		return rc;
	(void)sqlite3_close(p->db);
	p->db = NULL;
	return sqlite3_open_v2(file, &p->db, SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_READONLY, NULL);
}

static int
prepare_file(struct partition *p, const struct partition_settings *settings)
{
	char *sql;
	int rc;

	(void)sqlite3_extended_result_codes(p->db, 1);
	(void)sqlite3_busy_timeout(p->db, BUSY_TIMEOUT);
	sql = sqlite3_mprintf("PRAGMA cache_size = -%d;", settings->cache_kib);
	if (sql == NULL)
		return SQLITE_NOMEM;
	rc = sqlite3_exec(p->db, sql, NULL, NULL, NULL);
	sqlite3_free(sql);
	if (rc != SQLITE_OK || !settings->is_writer) {
		/* A reader leaves it to the writer to tidy up. */
		(void)sqlite3_db_config(p->db,
		    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		/* It locks the file once, not for each thing it reads. */
		return rc != SQLITE_OK ? rc :
		    sqlite3_exec(p->db, "BEGIN", NULL, NULL, NULL);
	}
	rc = sqlite3_exec(p->db, "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 8000;"
	    "PRAGMA journal_size_limit = 67108864;", NULL, NULL, NULL);
	return rc == SQLITE_OK ? make_file(p, settings) : rc;
}

enum partition_status
partition_open(const char *file, const struct partition_settings *settings,
    struct partition **partition_r)
{
	struct partition *p = calloc(1, sizeof(*p));
	int rc;

	*partition_r = p;
	if (p == NULL)
		return PARTITION_FAILED;
	p->day_us = settings->day_us;
	sbuf_init(&p->pending.bodies, NULL, BODIES_MOST);
	rc = open_file(p, file, settings->is_writer);
	if (rc == SQLITE_OK)
		rc = prepare_file(p, settings);
	return rc == SQLITE_OK ? find_keys(p, settings) :
	    partition_classify(rc);
}

void
partition_close(struct partition **partition)
{
	struct partition *p = *partition;

	if (p == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		(void)sqlite3_finalize(p->statements[i]);
	(void)sqlite3_close(p->db);
	pack_free(&p->pack);
	free(p->pending.records);
	free(p->pending.hashes);
	free(p->pending.entries);
	sbuf_free(&p->pending.bodies);
	explicit_bzero(p, sizeof(*p));
	free(p);
	*partition = NULL;
}

/* --- finding -------------------------------------------------------------- */

uint64_t
partition_hash(const struct partition *partition, const struct word *word)
{
	struct siphash_key key = partition->key;

	key.v[1] ^= (uint64_t)word->kind;
	return siphash(&key, word->text);
}

int64_t
partition_entry(uint64_t hash, int64_t n)
{
	return (int64_t)((hash & ~PLACE_MOST) | (uint64_t)n);
}

static int
add_place(struct partition_places *places, int64_t n)
{
	if (places->n == places->room) {
		size_t room = places->room == 0 ? 64 : places->room * 2;
		int64_t *v = reallocarray(places->v, room, sizeof(*v));

		if (v == NULL)
			return -1;
		places->v = v;
		places->room = room;
	}
	places->v[places->n++] = n;
	return 0;
}

enum partition_status
partition_find(struct partition *partition, const struct word *word,
    int64_t from, int64_t to, struct partition_places *places)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_FIND);
	uint64_t hash = partition_hash(partition, word);
	int rc;

	if (statement == NULL)
		return partition_classify(sqlite3_errcode(partition->db));
	if (to > (int64_t)PLACE_MOST)
		to = (int64_t)PLACE_MOST;
	(void)sqlite3_bind_int64(statement, 1, partition_entry(hash, from));
	(void)sqlite3_bind_int64(statement, 2, partition_entry(hash, to));
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		if (add_place(places, sqlite3_column_int64(statement, 0) &
		    (int64_t)PLACE_MOST) != 0) {
			rc = SQLITE_NOMEM;
			break;
		}
	(void)sqlite3_reset(statement);
	return rc == SQLITE_DONE ? PARTITION_OK : partition_classify(rc);
}

/* A row of a statement whose parameters are bound; the caller resets. */
static enum partition_status
fetch(sqlite3_stmt *statement)
{
	return partition_classify(sqlite3_step(statement));
}

enum partition_status
partition_has(struct partition *partition, const struct word *word,
    int64_t n)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_HAS);
	enum partition_status status;

	if (statement == NULL)
		return partition_classify(sqlite3_errcode(partition->db));
	(void)sqlite3_bind_int64(statement, 1, partition_entry(
	    partition_hash(partition, word), n));
	status = fetch(statement);
	(void)sqlite3_reset(statement);
	return status;
}

enum partition_status
partition_before(struct partition *partition, int64_t n, int64_t *place_r)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_BEFORE);
	enum partition_status status;

	if (statement == NULL)
		return partition_classify(sqlite3_errcode(partition->db));
	(void)sqlite3_bind_int64(statement, 1, n);
	status = fetch(statement);
	if (status == PARTITION_OK &&
	    sqlite3_column_type(statement, 0) == SQLITE_NULL)
		status = PARTITION_END;
	if (status == PARTITION_OK)
		*place_r = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	return status;
}

enum partition_status
partition_read(struct partition *partition, int64_t n, struct sbuf *out)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_READ);
	enum partition_status status;
	struct span body;

	if (statement == NULL)
		return partition_classify(sqlite3_errcode(partition->db));
	(void)sqlite3_bind_int64(statement, 1, n);
	status = fetch(statement);
	if (status == PARTITION_OK) {
		body = (struct span){ sqlite3_column_blob(statement, 1),
			(size_t)sqlite3_column_bytes(statement, 1) };
		if (body.len == 0)
			status = PARTITION_END;
		else if (pack_open(partition->pack, body,
		    sqlite3_column_int64(statement, 0), out) != 0)
			status = fail(partition, PARTITION_DAMAGED,
			    "a record in it cannot be read");
	}
	(void)sqlite3_reset(statement);
	return status;
}

void
partition_touch(struct partition *partition, int64_t n)
{
	sqlite3_stmt *statement = partition_statement(partition,
	    STATEMENT_READ);

	if (statement == NULL)
		return;
	(void)sqlite3_bind_int64(statement, 1, n);
	(void)sqlite3_step(statement);
	(void)sqlite3_reset(statement);
}
