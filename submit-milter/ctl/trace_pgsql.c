/*
 * trace_pgsql.c - see trace.h: records of a fleet, in PostgreSQL.
 *
 * The table is that of contrib/pgsql/submission.sql: whatever ships the
 * JSON lines there puts each whole into a column "record" of type jsonb.
 * What is asked goes as parameters, never into the text; what comes is
 * compared here once more, as what is found in files is.
 */
#include <config.h>

#include "ctl/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#if HAVE_PGSQL
#include <libpq-fe.h>
#endif

#include "base/sbuf.h"
#include "ctl/ctl.h"

#if HAVE_PGSQL

#define SQL_MOST (1u << 20)
#define ARENA_MOST (64u << 20)
#define ROWS_MOST "100000"

struct statement {
	struct sbuf sql;
	struct arena *arena;
	const char *values[4096];
	int n;
};

static int
add_value(struct statement *s, struct span value)
{
	char *copy = arena_strdup(s->arena, value);

	if (copy == NULL || s->n == 4096)
		return -1;
	s->values[s->n++] = copy;
	return s->n;
}

/* An expression of SQL, with %d for the parameter; NULL: not asked for. */
static const char *
condition(enum word_kind kind)
{
	switch (kind) {
	case WORD_ID: return "record->>'id' = $%d";
	case WORD_MESSAGE_ID:
		return "btrim(record->>'message_id', '<>') = $%d";
	case WORD_QUEUE_ID: return "record->>'queue_id' = $%d";
	case WORD_SESSION: return "record->>'session' = $%d";
	case WORD_IDENTITY: return "lower(record->>'identity') = $%d";
	case WORD_CLIENT:
		return "(record->'client'->>'address')::inet <<= "
		    "$%d::text::inet";
	case WORD_SENDER:
		return "(lower(record->'envelope'->>'sender') = $%1$d OR "
		    "lower((record->'from')::text)::jsonb ? $%1$d::text)";
	case WORD_RECIPIENT:
		return "lower((record->'envelope'->'recipients')::text)"
		    "::jsonb @> jsonb_build_array(jsonb_build_object("
		    "'address', $%d::text))";
	default: return NULL;
	}
}

static void
add_condition(struct statement *s, const char *form, int number)
{
	for (const char *p = form; *p != '\0'; p++) {
		if (strncmp(p, "%1$d", 4) == 0) {
			sbuf_addf(&s->sql, "%d", number);
			p += 3;
		} else if (strncmp(p, "%d", 2) == 0) {
			sbuf_addf(&s->sql, "%d", number);
			p++;
		} else {
			sbuf_addc(&s->sql, *p);
		}
	}
}

/* A network in text; PREFIX counts in 128 bits. */
static struct span
network_text(const struct cidr *network, struct arena *arena)
{
	const uint8_t *o = network->network.octets;

	if (*word_prefixes(&network->network) == 128 &&
	    word_prefixes(&network->network)[1] == 120)
		return arena_printf(arena, "%d.%d.%d.%d/%u", o[12], o[13],
		    o[14], o[15], network->prefix - 96);
	return arena_printf(arena, "%x:%x:%x:%x:%x:%x:%x:%x/%u",
	    o[0] << 8 | o[1], o[2] << 8 | o[3], o[4] << 8 | o[5],
	    o[6] << 8 | o[7], o[8] << 8 | o[9], o[10] << 8 | o[11],
	    o[12] << 8 | o[13], o[14] << 8 | o[15], network->prefix);
}

static int
add_criterion(struct statement *s, const struct criterion *c)
{
	const char *form = condition(c->kind);

	sbuf_adds(&s->sql, " AND (");
	for (size_t i = 0; i < c->n || c->kind == WORD_CLIENT; i++) {
		int number = add_value(s, c->kind == WORD_CLIENT ?
		    network_text(&c->network, s->arena) : c->any[i].text);

		if (number < 0)
			return -1;
		if (i > 0)
			sbuf_adds(&s->sql, " OR ");
		add_condition(s, form, number);
		if (c->kind == WORD_CLIENT)
			break;
	}
	sbuf_adds(&s->sql, ")");
	return 0;
}

static int
make_statement(struct statement *s, const struct query *query,
    struct span *sql_r)
{
	char text[40];

	sbuf_adds(&s->sql, "SELECT record::text FROM submission WHERE true");
	for (size_t i = 0; i < query->n; i++)
		if (add_criterion(s, &query->v[i]) != 0)
			return -1;
	if (query->since_us > 0) {
		(void)snprintf(text, sizeof(text), "%.6f",
		    (double)query->since_us / 1e6);
		sbuf_addf(&s->sql, " AND time >= to_timestamp($%d::float8)",
		    add_value(s, span_of(text)));
	}
	if (query->until_us < INT64_MAX) {
		(void)snprintf(text, sizeof(text), "%.6f",
		    (double)query->until_us / 1e6);
		sbuf_addf(&s->sql, " AND time <= to_timestamp($%d::float8)",
		    add_value(s, span_of(text)));
	}
	sbuf_adds(&s->sql, " ORDER BY time DESC, "
	    "(record->>'duration_us')::bigint LIMIT ");
	if (query->limit > 0)
		sbuf_addf(&s->sql, "%zu", query->limit);
	else
		sbuf_adds(&s->sql, ROWS_MOST);
	return sbuf_done(&s->sql, sql_r);
}

static int
keep_rows(const PGresult *rows, const struct query *query,
    struct arena *arena, struct trace_answers *answers)
{
	for (int i = 0; i < PQntuples(rows); i++) {
		struct span line = { PQgetvalue(rows, i, 0),
			(size_t)PQgetlength(rows, i, 0) };
		struct words words;

		arena_reset(arena);
		if (words_read(line, arena, &words) == 1 &&
		    query_matches(query, &words) &&
		    trace_add(answers, line) != 0)
			return ctl_fail(EX_OSERR, "out of memory");
	}
	return 0;
}

static int
ask(PGconn *connection, const struct query *query, struct arena *arena,
    struct trace_answers *answers)
{
	struct statement *s = calloc(1, sizeof(*s));
	struct query limited = *query;
	PGresult *rows = NULL;
	struct span sql;
	int status;

	if (s == NULL)
		return ctl_fail(EX_OSERR, "out of memory");
	limited.limit = answers->limit == 0 ? 0 : answers->limit + 1;
	s->arena = arena;
	sbuf_init(&s->sql, NULL, SQL_MOST);
	if (make_statement(s, &limited, &sql) != 0) {
		status = ctl_fail(EX_OSERR, "out of memory");
	} else {
		rows = PQexecParams(connection, sql.ptr, s->n, NULL,
		    s->values, NULL, NULL, 0);
		status = PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 :
		    ctl_fail(EX_UNAVAILABLE, "PostgreSQL: %s",
		    PQerrorMessage(connection));
	}
	if (status == 0)
		status = keep_rows(rows, query, arena, answers);
	PQclear(rows);
	sbuf_free(&s->sql);
	free(s);
	return status;
}

int
trace_pgsql(const char *conninfo, const struct query *query,
    struct trace_answers *answers)
{
	PGconn *connection = PQconnectdb(conninfo);
	struct arena *arena = arena_new(ARENA_MOST, NULL);
	int status;

	if (arena == NULL || connection == NULL)
		status = ctl_fail(EX_OSERR, "out of memory");
	else if (PQstatus(connection) != CONNECTION_OK)
		status = ctl_fail(EX_UNAVAILABLE, "PostgreSQL: %s",
		    PQerrorMessage(connection));
	else
		status = ask(connection, query, arena, answers);
	PQfinish(connection);
	arena_free(&arena);
	return status;
}

#else

int
trace_pgsql(const char *conninfo, const struct query *query,
    struct trace_answers *answers)
{
	(void)conninfo;
	(void)query;
	(void)answers;
	return ctl_fail(EX_UNAVAILABLE, "this build does not know PostgreSQL: "
	    "%s", MISSING_PGSQL);
}

#endif
