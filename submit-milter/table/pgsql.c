/*
 * pgsql.c - tables in PostgreSQL: the values of the rows of a query.
 *
 * Everything goes through libpq's calls that do not block, so that the
 * deadline holds from the first octet of a connection to the last of an
 * answer. Rows come one by one: an answer that is too long is not kept in
 * memory. The key is a parameter of the statement.
 */
#include <config.h>

#include "table/remote.h"

#ifdef HAVE_PGSQL

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "table/secret.h"
#include "table/sqltemplate.h"
#include "table/wire.h"

#define PORT 5432u

struct pgsql {
	struct sqltemplate *sql;
	const char *host;
	char port[12];
	char *database;
	char *user;
	char *password;
	char *tls_ca;
	bool is_tls;
};

struct connection {
	const struct pgsql *pgsql;
	PGconn *pg;
};

static void
close_shared(void *shared)
{
	struct pgsql *pgsql = shared;

	sqltemplate_free(&pgsql->sql);
	free(pgsql->database);
	free(pgsql->user);
	secret_forget(&pgsql->password);
	free(pgsql->tls_ca);
	free(pgsql);
}

static void *
open_shared(const struct table_spec *spec, const char *host, unsigned port,
    char **error_r)
{
	struct pgsql *pgsql = calloc(1, sizeof(*pgsql));

	*error_r = NULL;
	if (pgsql == NULL)
		return NULL;
	pgsql->sql = sqltemplate_new(spec->query, SQLTEMPLATE_DOLLAR,
	    error_r);
	pgsql->host = host;
	(void)snprintf(pgsql->port, sizeof(pgsql->port), "%u", port);
	pgsql->database = remote_copy(spec->database);
	pgsql->user = remote_copy(spec->user);
	pgsql->password = remote_copy(spec->password);
	pgsql->tls_ca = remote_copy(spec->tls_ca);
	pgsql->is_tls = spec->is_tls;
	if (pgsql->sql != NULL && pgsql->database != NULL &&
	    pgsql->user != NULL && pgsql->password != NULL &&
	    pgsql->tls_ca != NULL)
		return pgsql;
	close_shared(pgsql);
	return NULL;
}

/* "unix:DIR/.s.PGSQL.PORT" is how the server names it; DIR will do, too. */
static char *
locate(const struct table_spec *spec, char **error_r)
{
	*error_r = NULL;
	if (strncmp(spec->server, "unix:", 5) != 0 ||
	    strstr(spec->server, "/.s.PGSQL.") != NULL)
		return remote_copy(spec->server);
	return backend_error("%s/.s.PGSQL.%u", spec->server, PORT);
}

/* --- connections ---------------------------------------------------------- */

static int
set_failure(struct failure *failure, const char *text)
{
	failure_set(failure, "%s", text == NULL || text[0] == '\0' ?
	    "the server closed the connection" : text);
	return -1;
}

/* Up to the moment when the server has let us in. 0, or -1 and *failure. */
static int
finish_connect(PGconn *pg, int64_t deadline, struct failure *failure)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	while (want != PGRES_POLLING_OK) {
		if (want == PGRES_POLLING_FAILED)
			return set_failure(failure, PQerrorMessage(pg));
		if (wire_wait(PQsocket(pg), want == PGRES_POLLING_READING ?
		    POLLIN : POLLOUT, deadline, failure) != 0)
			return -1;
		want = PQconnectPoll(pg);
	}
	return 0;
}

/*
 * Directory and port of "DIR/.s.PGSQL.PORT", in place. libpq makes the name
 * of them itself.
 */
static const char *
split_path(char *path)
{
	char *last = strrchr(path, '/');
	const char *port = strrchr(path, '.');

	*last = '\0';
	return port + 1;
}

static PGconn *
start_connect(const struct pgsql *pgsql,
    const struct endpoint_address *address)
{
	const char *const names[] = { "host", "hostaddr", "port", "dbname",
		"user", "password", "sslmode", "sslrootcert", "gssencmode",
		"passfile", "client_encoding", "application_name", NULL };
	const char *values[] = { pgsql->host, address->text, pgsql->port,
		pgsql->database, pgsql->user, pgsql->password,
		pgsql->is_tls ? "verify-full" : "disable", pgsql->tls_ca,
		"disable", "/dev/null", "UTF8", "submit-milter", NULL };
	char *path = NULL;
	PGconn *pg;

	if (address->socket.any.sa_family == AF_UNIX) {
		path = strdup(pgsql->host);
		if (path == NULL)
			return NULL;
		values[2] = split_path(path);
		values[0] = path;
	}
	pg = PQconnectStartParams(names, values, 0);
	free(path);
	return pg;
}

static void
close_connection(void *handle, bool is_broken)
{
	struct connection *connection = handle;

	(void)is_broken;	/* it does not block */
	PQfinish(connection->pg);
	free(connection);
}

/* Notices are for people at a terminal. */
static void
ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

static void *
open_connection(const void *shared, const struct endpoint_address *address,
    int64_t deadline, struct failure *failure)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	PGconn *pg = NULL;

	if (connection != NULL)
		pg = start_connect(shared, address);
	if (pg == NULL) {
		failure_set(failure, "out of memory");
		free(connection);
		return NULL;
	}
	connection->pgsql = shared;
	connection->pg = pg;
	(void)PQsetNoticeReceiver(pg, ignore_notice, NULL);
	if (PQstatus(pg) == CONNECTION_BAD)
		(void)set_failure(failure, PQerrorMessage(pg));
	else if (finish_connect(pg, deadline, failure) == 0) {
		if (PQsetnonblocking(pg, 1) == 0)
			return connection;
		(void)set_failure(failure, PQerrorMessage(pg));
	}
	close_connection(connection, true);
	return NULL;
}

/* --- questions ------------------------------------------------------------ */

/* The values as strings, in one block of memory that the caller frees. */
static char *
make_strings(const struct span *values, size_t count,
    const char *strings[SQLTEMPLATE_PARAMETERS])
{
	size_t size = 0;
	char *block, *p;

	assert(count > 0);
	for (size_t i = 0; i < count; i++)
		size += values[i].len + 1;
	block = malloc(size);
	if (block == NULL)
		return NULL;
	p = block;
	for (size_t i = 0; i < count; i++) {
		memcpy(p, values[i].ptr, values[i].len);
		p[values[i].len] = '\0';
		strings[i] = p;
		p += values[i].len + 1;
	}
	return block;
}

static int
send_query(const struct connection *connection, struct span key,
    struct failure *failure)
{
	const struct sqltemplate *sql = connection->pgsql->sql;
	const char *strings[SQLTEMPLATE_PARAMETERS];
	struct span values[SQLTEMPLATE_PARAMETERS];
	size_t count = sqltemplate_count(sql);
	char *block = NULL;
	int is_sent;

	if (sqltemplate_bind(sql, key, values))
		block = make_strings(values, count, strings);
	if (block == NULL)
		return set_failure(failure, "out of memory");
	is_sent = PQsendQueryParams(connection->pg,
	    sqltemplate_statement(sql), (int)count, NULL, strings, NULL,
	    NULL, 0);
	free(block);
	if (!is_sent || !PQsetSingleRowMode(connection->pg))
		return set_failure(failure, PQerrorMessage(connection->pg));
	return 0;
}

/* Sends what is left and waits for a result. 0, or -1 and *failure. */
static int
wait_for_result(PGconn *pg, int64_t deadline, struct failure *failure)
{
	int unsent = 1;

	while (unsent > 0 || PQisBusy(pg)) {
		short events = POLLIN;

		if (unsent > 0)
			unsent = PQflush(pg);
		if (unsent < 0)
			return set_failure(failure, PQerrorMessage(pg));
		if (unsent == 0 && !PQisBusy(pg))
			break;
		if (unsent > 0)
			events |= POLLOUT;
		if (wire_wait(PQsocket(pg), events, deadline, failure) != 0)
			return -1;
		if (!PQconsumeInput(pg))
			return set_failure(failure, PQerrorMessage(pg));
	}
	return 0;
}

static void
add_row(const PGresult *result, struct sbuf *values)
{
	for (int i = 0; i < PQnfields(result); i++)
		if (!remote_add_value(values, (struct span){
		    PQgetvalue(result, 0, i),
		    (size_t)PQgetlength(result, 0, i) }))
			break;
}

/* A row, the end of the rows, or an error. */
static enum remote_answer
read_result(const PGresult *result, struct sbuf *values,
    struct failure *failure)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_SINGLE_TUPLE)
		add_row(result, values);
	if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK)
		return REMOTE_FOUND;
	if (status == PGRES_FATAL_ERROR) {
		(void)set_failure(failure, PQresultErrorMessage(result));
		return REMOTE_REFUSED;
	}
	failure_set(failure, "the query is not one that gives rows");
	/* Of COPY there would be no end. */
	return status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY ?
	    REMOTE_REFUSED : REMOTE_BROKEN;
}

/*
 * Up to the last result: then the connection is free for the next query.
 * What follows after a fault is read, but does not count.
 */
static enum remote_answer
read_results(PGconn *pg, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	enum remote_answer answer = REMOTE_FOUND;

	for (;;) {
		PGresult *result;

		if (wait_for_result(pg, deadline, failure) != 0)
			return REMOTE_BROKEN;
		result = PQgetResult(pg);
		if (result == NULL)
			break;
		if (answer == REMOTE_FOUND)
			answer = read_result(result, values, failure);
		PQclear(result);
		if (PQstatus(pg) == CONNECTION_BAD)
			answer = REMOTE_BROKEN;
		if (answer == REMOTE_BROKEN)
			break;
	}
	return answer;
}

static enum remote_answer
ask(void *handle, struct span key, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	struct connection *connection = handle;

	if (send_query(connection, key, failure) != 0)
		return REMOTE_BROKEN;
	return read_results(connection->pg, deadline, values, failure);
}

static bool
takes(const void *shared, struct span key)
{
	const struct pgsql *pgsql = shared;
	struct span values[SQLTEMPLATE_PARAMETERS];

	return sqltemplate_bind(pgsql->sql, key, values);
}

static const struct remote_driver driver = {
	.port = PORT,
	.locate = locate,
	.open = open_shared,
	.close = close_shared,
	.takes = takes,
	.connect = open_connection,
	.disconnect = close_connection,
	.ask = ask,
};

const struct table_backend table_pgsql = {
	.type = "pgsql",
	REMOTE_BACKEND(&driver),
};

#else

const struct table_backend table_pgsql = {
	.type = "pgsql",
	.missing = MISSING_PGSQL,
};

#endif
