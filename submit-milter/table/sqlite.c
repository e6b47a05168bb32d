/*
 * sqlite.c - rows of an SQLite file, by a query. The store of
 * the audit uses SQLite, too.
 *
 * The key is bound to parameters of the statement, never pasted into it
 * (sqltemplate.h). Values of several rows and columns are joined by commas;
 * NULL and empty ones do not count. The file is opened to read only; a
 * writer's lock is waited for until the deadline, and a query that runs
 * longer is broken off.
 *
 * A connection and its statement serve one look-up at a time; some that are
 * idle are kept. The lock for them is a leaf.
 */
#include "table/backend.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "base/deadline.h"
#include "base/sbuf.h"
#include "table/lines.h"
#include "table/live.h"
#include "table/sqltemplate.h"

#define IDLE_MOST 4u
#define OPEN_TIME 1000		/* ms, to read what the file has */
#define VALUE_CEILING (1u << 20)
#define STEPS_BETWEEN 1000	/* two looks at the clock */

struct connection {
	struct connection *next;
	sqlite3 *db;
	sqlite3_stmt *statement;
	int64_t deadline;	/* of the look-up it serves */
};

struct opened {
	const struct sqltemplate *sql;
	char *path;
	pthread_mutex_t lock;	/* for what follows */
	struct connection *idle;
	unsigned idle_count;
};

struct sqlite {
	struct live *live;
	struct sqltemplate *sql;
};

/* --- connections ---------------------------------------------------------- */

static void
connection_free(struct connection *connection)
{
	if (connection == NULL)
		return;
	(void)sqlite3_finalize(connection->statement);
	(void)sqlite3_close(connection->db);
	free(connection);
}

/* Not 0: break the query off. */
static int
is_late(void *context)
{
	const struct connection *connection = context;

	return deadline_left(connection->deadline) == 0;
}

/* The deadline of a query; writers are waited for as long, or not. */
static void
set_deadline(struct connection *connection, int64_t deadline, bool is_patient)
{
	connection->deadline = deadline;
	(void)sqlite3_busy_timeout(connection->db,
	    is_patient ? deadline_left(deadline) : 0);
}

/* NULL, or what is wrong with the statement. */
static const char *
check_statement(const struct connection *connection, const char *rest,
    size_t parameters)
{
	struct span more = lines_trim(span_of(rest));

	if (connection->statement == NULL)
		return "the query is empty";
	if (more.len > 0)
		return "the query has more than one statement";
	if (!sqlite3_stmt_readonly(connection->statement))
		return "the query would write";
	if (sqlite3_column_count(connection->statement) < 1)
		return "the query gives no column";
	if (sqlite3_bind_parameter_count(connection->statement) !=
	    (int)parameters)
		return "the query has parameters of its own";
	return NULL;
}

/* SQLITE_OK, or the error of SQLite and *why_r, which lives in the arena. */
static int
connect(const struct opened *opened, struct connection *connection,
    int64_t deadline, bool is_patient, const char **why_r)
{
	const char *rest = "";
	int rc = sqlite3_open_v2(opened->path, &connection->db,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	*why_r = NULL;
	if (connection->db == NULL)
		return SQLITE_NOMEM;
	if (rc != SQLITE_OK)
		return rc;
	set_deadline(connection, deadline, is_patient);
	sqlite3_progress_handler(connection->db, STEPS_BETWEEN, is_late,
	    connection);
	rc = sqlite3_prepare_v2(connection->db,
	    sqltemplate_statement(opened->sql), -1, &connection->statement,
	    &rest);
	if (rc != SQLITE_OK)
		return rc;
	*why_r = check_statement(connection, rest,
	    sqltemplate_count(opened->sql));
	return *why_r == NULL ? SQLITE_OK : SQLITE_MISUSE;
}

static const char *
explain(const struct connection *connection, const char *why)
{
	if (why != NULL)
		return why;
	return connection->db == NULL ? "out of memory" :
	    sqlite3_errmsg(connection->db);
}

static struct connection *
take_idle(struct opened *opened)
{
	struct connection *connection;

	(void)pthread_mutex_lock(&opened->lock);
	connection = opened->idle;
	if (connection != NULL) {
		opened->idle = connection->next;
		opened->idle_count--;
	}
	(void)pthread_mutex_unlock(&opened->lock);
	return connection;
}

static void
give_idle(struct opened *opened, struct connection *connection)
{
	(void)pthread_mutex_lock(&opened->lock);
	if (opened->idle_count < IDLE_MOST) {
		connection->next = opened->idle;
		opened->idle = connection;
		opened->idle_count++;
		connection = NULL;
	}
	(void)pthread_mutex_unlock(&opened->lock);
	connection_free(connection);
}

/* --- the file ------------------------------------------------------------- */

static void
close_file(void *handle)
{
	struct opened *opened = handle;
	struct connection *connection;

	while ((connection = take_idle(opened)) != NULL)
		connection_free(connection);
	(void)pthread_mutex_destroy(&opened->lock);
	free(opened->path);
	free(opened);
}

static struct opened *
opened_new(const struct sqltemplate *sql, const char *path)
{
	struct opened *opened = calloc(1, sizeof(*opened));

	if (opened == NULL)
		return NULL;
	opened->sql = sql;
	opened->path = strdup(path);
	if (opened->path == NULL ||
	    pthread_mutex_init(&opened->lock, NULL) != 0) {
		free(opened->path);
		free(opened);
		return NULL;
	}
	return opened;
}

/* Makes the first connection, so that what is wrong is known at once. */
static enum live_opened
open_file(const void *context, const char *path, void **opened_r,
    char **error_r)
{
	struct opened *opened = opened_new(context, path);
	struct connection *connection = calloc(1, sizeof(*connection));
	const char *why;
	int rc = SQLITE_NOMEM;

	if (opened == NULL || connection == NULL)
		goto fail;
	/* Nobody is waited for while all wait for us. */
	rc = connect(opened, connection, deadline_in(OPEN_TIME), false, &why);
	if (rc == SQLITE_OK) {
		give_idle(opened, connection);
		*opened_r = opened;
		return LIVE_OPENED;
	}
	*error_r = backend_error("%s: %s", path, explain(connection, why));
fail:
	connection_free(connection);
	if (opened != NULL)
		close_file(opened);
	return rc == SQLITE_BUSY ? LIVE_OPEN_BUSY : LIVE_OPEN_FAILED;
}

/* --- looking up ----------------------------------------------------------- */

static int
bind_values(struct connection *connection, const struct span *values,
    size_t count)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text64(connection->statement, (int)i + 1,
		    values[i].ptr, values[i].len, SQLITE_STATIC, SQLITE_UTF8);
	return rc;
}

/* Adds the columns of a row. SQLITE_OK or SQLITE_NOMEM. */
static int
add_row(sqlite3_stmt *statement, struct sbuf *value)
{
	int columns = sqlite3_column_count(statement);

	for (int i = 0; i < columns; i++) {
		const unsigned char *text;

		if (sqlite3_column_type(statement, i) == SQLITE_NULL)
			continue;
		text = sqlite3_column_text(statement, i);
		if (text == NULL)
			return SQLITE_NOMEM;
		if (text[0] == '\0')
			continue;
		if (value->len > 0)
			sbuf_addc(value, ',');
		sbuf_add(value, (struct span){ (const char *)text,
		    (size_t)sqlite3_column_bytes(statement, i) });
		if (value->is_failed)
			return SQLITE_TOOBIG;
	}
	return SQLITE_OK;
}

/* What to tell of an error of run(). */
static const char *
explain_run(const struct connection *connection, int rc)
{
	switch (rc) {
	case SQLITE_TOOBIG:
		return "the value is too long";
	case SQLITE_INTERRUPT:
		return "the query took too long";
	default:
		return sqlite3_errmsg(connection->db);
	}
}

/* SQLITE_DONE and the rows, or an error. */
static int
run(struct connection *connection, const struct span *values, size_t count,
    struct sbuf *value)
{
	int rc = bind_values(connection, values, count);

	while (rc == SQLITE_OK) {
		rc = sqlite3_step(connection->statement);
		if (rc == SQLITE_ROW)
			rc = add_row(connection->statement, value);
	}
	return rc;
}

static enum live_answer
fail(const char *path, const char *why, struct arena *arena,
    const char **error_r)
{
	struct span text = arena_printf(arena, "%s: %s", path, why);

	*error_r = text.ptr == NULL ? "out of memory" : text.ptr;
	return LIVE_FAILED;
}

/* A connection for a look-up, or NULL and why not. */
static struct connection *
get_connection(struct opened *opened, int64_t deadline, struct arena *arena,
    const char **error_r)
{
	struct connection *connection = take_idle(opened);
	const char *why = NULL;

	if (connection != NULL) {
		set_deadline(connection, deadline, true);
		return connection;
	}
	connection = calloc(1, sizeof(*connection));
	if (connection == NULL) {
		*error_r = "out of memory";
		return NULL;
	}
	if (connect(opened, connection, deadline, true, &why) == SQLITE_OK)
		return connection;
	(void)fail(opened->path, explain(connection, why), arena, error_r);
	connection_free(connection);
	return NULL;
}

static enum live_answer
ask(void *handle, struct span key, int64_t deadline, struct arena *arena,
    struct span *value_r, const char **error_r)
{
	struct opened *opened = handle;
	struct span values[SQLTEMPLATE_PARAMETERS], text;
	struct connection *connection;
	struct sbuf value;
	int rc;

	if (!sqltemplate_bind(opened->sql, key, values))
		return LIVE_NOT_FOUND;
	connection = get_connection(opened, deadline, arena, error_r);
	if (connection == NULL)
		return LIVE_FAILED;
	sbuf_init(&value, arena, VALUE_CEILING);
	rc = run(connection, values, sqltemplate_count(opened->sql), &value);
	if (rc != SQLITE_DONE) {
		(void)fail(opened->path, explain_run(connection, rc), arena,
		    error_r);
		connection_free(connection);
		return LIVE_FAILED;
	}
	(void)sqlite3_reset(connection->statement);
	(void)sqlite3_clear_bindings(connection->statement);
	give_idle(opened, connection);
	if (sbuf_done(&value, &text) != 0 || text.len == 0)
		return LIVE_NOT_FOUND;
	*value_r = text;
	return LIVE_FOUND;
}

/* -------------------------------------------------------------------------- */

static const struct live_kind kind = {
	.is_changed_in_place = true,
	.open = open_file,
	.ask = ask,
	.close = close_file,
};

static void
sqlite_close(void *handle)
{
	struct sqlite *sqlite = handle;

	if (sqlite->live != NULL)
		live_close(sqlite->live);
	sqltemplate_free(&sqlite->sql);
	free(sqlite);
}

static void *
sqlite_open(const void *none, const struct table_spec *spec, char **error_r)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

	(void)none;
	*error_r = NULL;
	if (sqlite == NULL)
		return NULL;
	sqlite->sql = sqltemplate_new(spec->query, SQLTEMPLATE_QUESTION,
	    error_r);
	if (sqlite->sql != NULL)
		sqlite->live = live_new(&kind, spec, sqlite->sql, error_r);
	if (sqlite->live != NULL)
		return sqlite;
	sqlite_close(sqlite);
	return NULL;
}

static enum lookup
sqlite_lookup(const void *handle, struct span key, int64_t deadline,
    struct arena *arena, struct span *value_r, const char **error_r)
{
	const struct sqlite *sqlite = handle;

	return live_lookup(sqlite->live, key, deadline, arena, value_r,
	    error_r);
}

const struct table_backend table_sqlite = {
	.type = "sqlite",
	.open = sqlite_open,
	.lookup = sqlite_lookup,
	.close = sqlite_close,
};
