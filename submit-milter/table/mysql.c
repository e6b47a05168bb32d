/*
 * mysql.c - tables in MariaDB and MySQL: the values of the rows of a query.
 *
 * libmariadb's timeouts are whole seconds and begin anew with each octet;
 * therefore its calls that do not block are used, and waiting is ours. A
 * call that is late is not left: its socket is shut down, and it is told to
 * go on, so that it ends by itself and gives back what it holds. The
 * statement is prepared once a connection; the key is a parameter of it.
 */
#include <config.h>

#include "table/remote.h"

#ifdef HAVE_MYSQL

#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/deadline.h"
#include "table/secret.h"
#include "table/sqltemplate.h"
#include "table/wire.h"

#define PORT 3306u
#define PACKET_CEILING (1ul << 20)

struct mysql {
	struct sqltemplate *sql;
	const char *host;
	unsigned port;
	char *database;
	char *user;
	char *password;
	char *tls_ca;
	bool is_tls;
};

/* A column of the answer, where the library tells of it. */
struct column {
	unsigned long len;
	my_bool is_null;
};

struct connection {
	const struct mysql *mysql;
	MYSQL *my;
	MYSQL_STMT *statement;
	MYSQL_BIND *binds;	/* of the answer, with COLUMNS */
	struct column *columns;
	unsigned column_count;
};

static void
close_shared(void *shared)
{
	struct mysql *mysql = shared;

	sqltemplate_free(&mysql->sql);
	free(mysql->database);
	free(mysql->user);
	secret_forget(&mysql->password);
	free(mysql->tls_ca);
	free(mysql);
}

/* The library wants this done by one thread, before any other call. */
static void
init_library(void)
{
	(void)mysql_library_init(0, NULL, NULL);
}

static void *
open_shared(const struct table_spec *spec, const char *host, unsigned port,
    char **error_r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mysql *mysql = calloc(1, sizeof(*mysql));

	*error_r = NULL;
	if (mysql == NULL || pthread_once(&once, init_library) != 0) {
		free(mysql);
		return NULL;
	}
	mysql->sql = sqltemplate_new(spec->query, SQLTEMPLATE_QUESTION,
	    error_r);
	mysql->host = host;
	mysql->port = port;
	mysql->database = remote_copy(spec->database);
	mysql->user = remote_copy(spec->user);
	mysql->password = remote_copy(spec->password);
	mysql->tls_ca = remote_copy(spec->tls_ca);
	mysql->is_tls = spec->is_tls;
	if (mysql->sql != NULL && mysql->database != NULL &&
	    mysql->user != NULL && mysql->password != NULL &&
	    mysql->tls_ca != NULL)
		return mysql;
	close_shared(mysql);
	return NULL;
}

/* --- calls that do not block ---------------------------------------------- */

/*
 * Waits for what a call wants; the answer is what to tell the call. When it
 * is late, that is that nothing will come.
 */
static int
await(MYSQL *my, int wanted, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = mysql_get_socket(my) };
	int left = deadline_left(deadline), ready = 0;

	if (wanted & MYSQL_WAIT_READ)
		poll_fd.events |= POLLIN;
	if (wanted & MYSQL_WAIT_WRITE)
		poll_fd.events |= POLLOUT;
	if (wanted & MYSQL_WAIT_EXCEPT)
		poll_fd.events |= POLLPRI;
	if (left == 0 || poll(&poll_fd, 1, left) == 0) {
		(void)shutdown(poll_fd.fd, SHUT_RDWR);
		return MYSQL_WAIT_TIMEOUT;
	}
	if (poll_fd.revents & (POLLIN | POLLHUP | POLLERR))
		ready |= wanted & MYSQL_WAIT_READ;
	if (poll_fd.revents & (POLLOUT | POLLHUP | POLLERR))
		ready |= wanted & MYSQL_WAIT_WRITE;
	if (poll_fd.revents & POLLPRI)
		ready |= wanted & MYSQL_WAIT_EXCEPT;
	return ready;
}

static int
prepare(struct connection *connection, int64_t deadline)
{
	const char *text = sqltemplate_statement(connection->mysql->sql);
	MYSQL_STMT *statement = connection->statement;
	int rc = 1, wanted = mysql_stmt_prepare_start(&rc, statement, text,
	    (unsigned long)strlen(text));

	while (wanted != 0)
		wanted = mysql_stmt_prepare_cont(&rc, statement,
		    await(connection->my, wanted, deadline));
	return rc;
}

static int
execute(struct connection *connection, int64_t deadline)
{
	MYSQL_STMT *statement = connection->statement;
	int rc = 1, wanted = mysql_stmt_execute_start(&rc, statement);

	while (wanted != 0)
		wanted = mysql_stmt_execute_cont(&rc, statement,
		    await(connection->my, wanted, deadline));
	return rc;
}

static int
fetch(struct connection *connection, int64_t deadline)
{
	MYSQL_STMT *statement = connection->statement;
	int rc = 1, wanted = mysql_stmt_fetch_start(&rc, statement);

	while (wanted != 0)
		wanted = mysql_stmt_fetch_cont(&rc, statement,
		    await(connection->my, wanted, deadline));
	return rc;
}

/* Reads and forgets what is left of an answer. */
static int
free_result(struct connection *connection, int64_t deadline)
{
	MYSQL_STMT *statement = connection->statement;
	my_bool rc = 1;
	int wanted = mysql_stmt_free_result_start(&rc, statement);

	while (wanted != 0)
		wanted = mysql_stmt_free_result_cont(&rc, statement,
		    await(connection->my, wanted, deadline));
	return rc;
}

/* --- connections ---------------------------------------------------------- */

static void
set_failure(struct failure *failure, const char *text, int64_t deadline)
{
	if (deadline_left(deadline) == 0)
		text = "no answer in time";
	failure_set(failure, "%s", text == NULL || text[0] == '\0' ?
	    "the library does not say what" : text);
}

static int
set_options(const struct mysql *mysql, MYSQL *my, bool is_unix)
{
	unsigned no = 0, protocol = is_unix ? MYSQL_PROTOCOL_SOCKET :
	    MYSQL_PROTOCOL_TCP;
	size_t packet = PACKET_CEILING;
	my_bool yes = 1;

	/* A server could ask for our files. */
	if (mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &no) != 0 ||
	    mysql_options(my, MYSQL_OPT_NONBLOCK, NULL) != 0 ||
	    mysql_options(my, MYSQL_OPT_PROTOCOL, &protocol) != 0 ||
	    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4") != 0 ||
	    mysql_options(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet) != 0)
		return -1;
	if (!mysql->is_tls || is_unix)
		return 0;
	if (mysql_options(my, MYSQL_OPT_SSL_CA, mysql->tls_ca) != 0 ||
	    mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &yes) != 0 ||
	    mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes) != 0)
		return -1;
	return 0;
}

/*
 * The library compares the name in a certificate with what it was told to
 * connect to, so with TLS it must be told the name.
 */
static int
log_in(const struct mysql *mysql, MYSQL *my,
    const struct endpoint_address *address, int64_t deadline)
{
	bool is_unix = address->socket.any.sa_family == AF_UNIX;
	const char *host = mysql->is_tls ? mysql->host : address->text;
	MYSQL *result = NULL;
	int wanted;

	if (set_options(mysql, my, is_unix) != 0)
		return -1;
	wanted = mysql_real_connect_start(&result, my,
	    is_unix ? NULL : host, mysql->user, mysql->password,
	    mysql->database[0] == '\0' ? NULL : mysql->database, mysql->port,
	    is_unix ? mysql->host : NULL, 0);
	while (wanted != 0)
		wanted = mysql_real_connect_cont(&result, my,
		    await(my, wanted, deadline));
	return result == NULL ? -1 : 0;
}

/* Places for the columns of an answer. NULL, or what is wrong. */
static const char *
make_columns(struct connection *connection)
{
	unsigned count = mysql_stmt_field_count(connection->statement);

	if (mysql_stmt_param_count(connection->statement) !=
	    sqltemplate_count(connection->mysql->sql))
		return "the query has parameters of its own";
	if (count == 0)
		return "the query is not one that gives rows";
	connection->column_count = count;
	connection->columns = calloc(count, sizeof(*connection->columns));
	connection->binds = calloc(count, sizeof(*connection->binds));
	if (connection->columns == NULL || connection->binds == NULL)
		return "out of memory";
	for (unsigned i = 0; i < count; i++)
		connection->binds[i] = (MYSQL_BIND){
			.buffer_type = MYSQL_TYPE_STRING,
			.length = &connection->columns[i].len,
			.is_null = &connection->columns[i].is_null,
		};
	return NULL;
}

static void
close_connection(void *handle, bool is_broken)
{
	struct connection *connection = handle;

	if (connection->my != NULL) {
		if (is_broken)
			(void)shutdown(mysql_get_socket(connection->my),
			    SHUT_RDWR);
		mysql_close(connection->my);
	}
	/* After that it says nothing to the server any more. */
	if (connection->statement != NULL)
		(void)mysql_stmt_close(connection->statement);
	free(connection->binds);
	free(connection->columns);
	free(connection);
}

static void *
open_connection(const void *shared, const struct endpoint_address *address,
    int64_t deadline, struct failure *failure)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	const char *why = "out of memory";

	if (connection == NULL) {
		failure_set(failure, "%s", why);
		return NULL;
	}
	connection->mysql = shared;
	connection->my = mysql_init(NULL);
	if (connection->my != NULL) {
		if (log_in(shared, connection->my, address, deadline) != 0)
			why = mysql_error(connection->my);
		else
			connection->statement =
			    mysql_stmt_init(connection->my);
	}
	if (connection->statement != NULL) {
		if (prepare(connection, deadline) != 0)
			why = mysql_stmt_error(connection->statement);
		else
			why = make_columns(connection);
	}
	if (why == NULL)
		return connection;
	set_failure(failure, why, deadline);
	close_connection(connection, true);
	return NULL;
}

/* --- questions ------------------------------------------------------------ */

/* After an error: is the connection still good for another question? */
static enum remote_answer
refuse(struct connection *connection, int64_t deadline,
    struct failure *failure)
{
	unsigned number = mysql_stmt_errno(connection->statement);

	set_failure(failure, mysql_stmt_error(connection->statement),
	    deadline);
	if (number == 0 || number >= CR_MIN_ERROR ||
	    number == ER_SERVER_SHUTDOWN || number == ER_CONNECTION_KILLED ||
	    number == ER_UNKNOWN_STMT_HANDLER ||
	    number == ER_NEED_REPREPARE)
		return REMOTE_BROKEN;
	return REMOTE_REFUSED;
}

static bool
bind_key(struct connection *connection, struct span key)
{
	const struct sqltemplate *sql = connection->mysql->sql;
	MYSQL_BIND binds[SQLTEMPLATE_PARAMETERS] = { { .length = NULL } };
	struct span values[SQLTEMPLATE_PARAMETERS];

	if (!sqltemplate_bind(sql, key, values))
		return false;
	for (size_t i = 0; i < sqltemplate_count(sql); i++) {
		binds[i].buffer_type = MYSQL_TYPE_STRING;
		/* The library only reads it. */
		memcpy(&binds[i].buffer, &values[i].ptr,
		    sizeof(binds[i].buffer));
		binds[i].buffer_length = (unsigned long)values[i].len;
	}
	return mysql_stmt_bind_param(connection->statement, binds) == 0;
}

/* False when the library failed; what is too long fails VALUES. */
static bool
add_column(struct connection *connection, unsigned index,
    struct sbuf *values)
{
	const struct column *column = &connection->columns[index];
	MYSQL_BIND bind = { .buffer_type = MYSQL_TYPE_STRING };
	unsigned long len = column->len;
	bool is_good;

	if (column->is_null || len == 0)
		return true;
	if (len > values->ceiling) {
		values->is_failed = true;
		return true;
	}
	bind.buffer = malloc(len);
	bind.buffer_length = len;
	is_good = bind.buffer != NULL && mysql_stmt_fetch_column(
	    connection->statement, &bind, index, 0) == 0;
	if (is_good)
		(void)remote_add_value(values, (struct span){ bind.buffer,
		    len });
	free(bind.buffer);
	return is_good;
}

static enum remote_answer
read_rows(struct connection *connection, int64_t deadline,
    struct sbuf *values, struct failure *failure)
{
	while (!values->is_failed) {
		int rc = fetch(connection, deadline);

		if (rc == MYSQL_NO_DATA)
			break;
		if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
			return refuse(connection, deadline, failure);
		for (unsigned i = 0; i < connection->column_count; i++)
			if (!add_column(connection, i, values))
				return refuse(connection, deadline, failure);
	}
	return free_result(connection, deadline) == 0 ? REMOTE_FOUND :
	    refuse(connection, deadline, failure);
}

static enum remote_answer
ask(void *handle, struct span key, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	struct connection *connection = handle;

	if (!bind_key(connection, key) ||
	    execute(connection, deadline) != 0 ||
	    mysql_stmt_bind_result(connection->statement,
	    connection->binds) != 0)
		return refuse(connection, deadline, failure);
	return read_rows(connection, deadline, values, failure);
}

static bool
takes(const void *shared, struct span key)
{
	const struct mysql *mysql = shared;
	struct span values[SQLTEMPLATE_PARAMETERS];

	return sqltemplate_bind(mysql->sql, key, values);
}

static const struct remote_driver driver = {
	.port = PORT,
	.open = open_shared,
	.close = close_shared,
	.takes = takes,
	.connect = open_connection,
	.disconnect = close_connection,
	.ask = ask,
};

const struct table_backend table_mysql = {
	.type = "mysql",
	REMOTE_BACKEND(&driver),
};

#else

const struct table_backend table_mysql = {
	.type = "mysql",
	.missing = MISSING_MYSQL,
};

#endif
