/*
 * ldap.c - tables in an LDAP directory: the values of attributes of the
 * entries that a filter finds.
 *
 * Connections are made here and given to libldap, which would look names up
 * and wait in its own ways; on a socket that does not block its calls end
 * when they are told to. The key is escaped for filter (RFC 4515) and base
 * (RFC 4514). Referrals are not followed.
 */
#include <config.h>

#include "table/remote.h"

#ifdef HAVE_LDAP

#include <ldap.h>
#include <openldap.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/deadline.h"
#include "table/escape.h"
#include "table/secret.h"
#include "table/template.h"
#include "table/wire.h"

#define PORT 389u
#define FILTER_CEILING 65536u
#define ATTRIBUTES 16u
#define ENTRIES 1000		/* that an answer may have */
#define MESSAGE_CEILING (1u << 20)	/* octets, of one message to us */

struct ldap_table {
	char *url;		/* for the name in the certificate */
	char *user;
	char *password;
	char *base;
	char *filter;
	char *tls_ca;
	bool is_tls;		/* by STARTTLS */
	bool is_tls_at_once;	/* "ldaps:" */
	bool is_base_fixed;
	char *attribute_text;	/* cut into: */
	char *attributes[ATTRIBUTES + 1];
};

struct connection {
	const struct ldap_table *table;
	LDAP *ld;
};

/* --- open ----------------------------------------------------------------- */

/* "ldap://HOST[:PORT]" and its sisters in our own terms. */
static char *
locate(const struct table_spec *spec, char **error_r)
{
	LDAPURLDesc *url = NULL;
	char *server = NULL;

	*error_r = NULL;
	if (strncmp(spec->server, "ldap", 4) != 0)
		return remote_copy(spec->server);
	if (ldap_url_parse(spec->server, &url) != LDAP_URL_SUCCESS ||
	    url->lud_next != NULL || url->lud_host == NULL ||
	    url->lud_host[0] == '\0' || strchr(url->lud_host, ' ') != NULL)
		*error_r = backend_error("server \"%s\": must be "
		    "ldap://HOST:PORT, ldaps://HOST:PORT, ldapi://PATH or "
		    "inet:HOST:PORT", spec->server);
	else if (strcmp(url->lud_scheme, "ldapi") == 0)
		server = backend_error("unix:%s", url->lud_host);
	else
		server = backend_error(strchr(url->lud_host, ':') != NULL ?
		    "inet:[%s]:%d" : "inet:%s:%d", url->lud_host,
		    url->lud_port);
	ldap_free_urldesc(url);
	return server;
}

/* NULL, or what is wrong with a filter or base. */
static const char *
check_template(const char *template, bool *has_place_r)
{
	struct span rest = span_of(template), text;
	enum template_part part;
	int rc;

	*has_place_r = false;
	while ((rc = template_next(&rest, &part, &text)) == 1)
		if (part != TEMPLATE_TEXT)
			*has_place_r = true;
	return rc < 0 ? TEMPLATE_FAULT : NULL;
}

static const char *
check_spec(const struct table_spec *spec, bool *is_base_fixed_r)
{
	const char *user = spec->user == NULL ? "" : spec->user;
	const char *password = spec->password == NULL ? "" : spec->password;
	const char *why;
	bool has_place;

	why = check_template(spec->query, &has_place);
	if (why == NULL && !has_place)
		why = "\"query\" has no place for the key (%s, %u or %d)";
	if (why == NULL)
		why = check_template(spec->base, &has_place);
	*is_base_fixed_r = !has_place;
	if (why == NULL && (user[0] == '\0') != (password[0] == '\0'))
		why = "\"user\" and \"password\" want each other";
	if (why == NULL && spec->is_tls &&
	    strncmp(spec->server, "ldapi:", 6) == 0)
		why = "\"tls\" is not for ldapi:";
	return why;
}

/* "mail uid" or "mail, uid", cut up. NULL, or what is wrong. */
static const char *
split_attributes(struct ldap_table *table)
{
	char *save = NULL;
	size_t count = 0;

	for (char *name = strtok_r(table->attribute_text, ", ", &save);
	    name != NULL; name = strtok_r(NULL, ", ", &save)) {
		if (count == ATTRIBUTES)
			return "\"attribute\" has more than 16 names";
		table->attributes[count++] = name;
	}
	return count == 0 ? "\"attribute\" names none" : NULL;
}

static void
close_shared(void *shared)
{
	struct ldap_table *table = shared;

	free(table->url);
	free(table->user);
	secret_forget(&table->password);
	free(table->base);
	free(table->filter);
	free(table->tls_ca);
	free(table->attribute_text);
	free(table);
}

/* libldap wants an URL; of it, only the name of the host is used. */
static char *
make_url(const char *host, unsigned port)
{
	if (port == 0)
		return remote_copy("ldapi:///");
	return backend_error(strchr(host, ':') != NULL ? "ldap://[%s]:%u" :
	    "ldap://%s:%u", host, port);
}

/* Two threads that are the first to call the library would race. */
static void
init_library(void)
{
	int ignored;

	(void)ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &ignored);
}

static void *
open_shared(const struct table_spec *spec, const char *host, unsigned port,
    char **error_r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ldap_table *table = calloc(1, sizeof(*table));
	const char *why;

	*error_r = NULL;
	if (table == NULL || pthread_once(&once, init_library) != 0) {
		free(table);
		return NULL;
	}
	table->url = make_url(host, port);
	table->user = remote_copy(spec->user);
	table->password = remote_copy(spec->password);
	table->base = remote_copy(spec->base);
	table->filter = remote_copy(spec->query);
	table->tls_ca = remote_copy(spec->tls_ca);
	table->attribute_text = remote_copy(spec->attribute);
	table->is_tls = spec->is_tls;
	table->is_tls_at_once = strncmp(spec->server, "ldaps:", 6) == 0;
	if (table->url != NULL && table->user != NULL &&
	    table->password != NULL && table->base != NULL &&
	    table->filter != NULL && table->tls_ca != NULL &&
	    table->attribute_text != NULL) {
		why = check_spec(spec, &table->is_base_fixed);
		if (why == NULL)
			why = split_attributes(table);
		if (why == NULL)
			return table;
		*error_r = backend_error("%s", why);
	}
	close_shared(table);
	return NULL;
}

/* --- connections ---------------------------------------------------------- */

static struct timeval
time_left(int64_t deadline)
{
	int left = deadline_left(deadline);

	return (struct timeval){ left / 1000, left % 1000 * 1000 };
}

static int
set_failure(struct failure *failure, LDAP *ld, int code)
{
	char *text = NULL;

	(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	failure_set(failure, "%s%s%s", ldap_err2string(code),
	    text == NULL || text[0] == '\0' ? "" : ": ",
	    text == NULL ? "" : text);
	ldap_memfree(text);
	return -1;
}

/*
 * The next message of an answer, or NULL and *failure: then the connection
 * is broken.
 */
static LDAPMessage *
next_message(LDAP *ld, int id, int64_t deadline, struct failure *failure)
{
	struct timeval left = time_left(deadline);
	LDAPMessage *message = NULL;
	int code = LDAP_SERVER_DOWN, type;

	type = ldap_result(ld, id, LDAP_MSG_ONE, &left, &message);
	if (type > 0)
		return message;
	if (type == 0) {
		failure_set(failure, "no answer in time");
	} else {
		(void)ldap_get_option(ld, LDAP_OPT_RESULT_CODE, &code);
		(void)set_failure(failure, ld, code);
	}
	return NULL;
}

/* The end of an operation. Its code; frees MESSAGE. */
static int
read_end(LDAP *ld, LDAPMessage *message, struct failure *failure)
{
	char *text = NULL;
	int code = LDAP_OTHER;
	int rc = ldap_parse_result(ld, message, &code, NULL, &text, NULL,
	    NULL, 1);

	if (rc != LDAP_SUCCESS)
		code = rc;
	if (code != LDAP_SUCCESS)
		failure_set(failure, "%s%s%s", ldap_err2string(code),
		    text == NULL || text[0] == '\0' ? "" : ": ",
		    text == NULL ? "" : text);
	ldap_memfree(text);
	return code;
}

/* Waits for the end of operation ID, which must be well. */
static int
finish(LDAP *ld, int rc, int id, int64_t deadline, struct failure *failure)
{
	LDAPMessage *message;

	if (rc != LDAP_SUCCESS)
		return set_failure(failure, ld, rc);
	message = next_message(ld, id, deadline, failure);
	if (message == NULL)
		return -1;
	return read_end(ld, message, failure) == LDAP_SUCCESS ? 0 : -1;
}

static int
set_options(const struct ldap_table *table, LDAP *ld, int64_t deadline)
{
	const struct timeval left = time_left(deadline);
	const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	const int client = 0;
	ber_len_t ceiling = MESSAGE_CEILING;
	Sockbuf *socket = NULL;

	if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket) != 0 ||
	    ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING,
	    &ceiling) < 0)
		return -1;
	if (ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &left) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_TIMEOUT, &left) != 0)
		return -1;
	if (!table->is_tls && !table->is_tls_at_once)
		return 0;
	if (ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE,
	    table->tls_ca) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) != 0)
		return -1;
	return 0;
}

/*
 * libldap heeds a timeout in the handshake only when it believes that it
 * connects without waiting; else it turns in a circle until something comes.
 */
static int
shake_hands(LDAP *ld, int64_t deadline, struct failure *failure)
{
	const struct timeval left = time_left(deadline);
	int rc;

	if (ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON) != 0 ||
	    ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &left) != 0) {
		failure_set(failure, "libldap refuses an option");
		return -1;
	}
	rc = ldap_install_tls(ld);
	(void)ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF);
	return rc == LDAP_SUCCESS ? 0 : set_failure(failure, ld, rc);
}

static int
start_tls(const struct ldap_table *table, LDAP *ld, int64_t deadline,
    struct failure *failure)
{
	int rc, id = -1;

	if (table->is_tls && !table->is_tls_at_once) {
		rc = ldap_start_tls(ld, NULL, NULL, &id);
		if (finish(ld, rc, id, deadline, failure) != 0)
			return -1;
	}
	if (!table->is_tls && !table->is_tls_at_once)
		return 0;
	return shake_hands(ld, deadline, failure);
}

static int
log_in(const struct ldap_table *table, LDAP *ld, int64_t deadline,
    struct failure *failure)
{
	struct berval password = { strlen(table->password),
		table->password };
	int rc, id = -1;

	if (set_options(table, ld, deadline) != 0) {
		failure_set(failure, "libldap refuses an option; is the "
		    "file \"%s\" right?", table->tls_ca);
		return -1;
	}
	if (start_tls(table, ld, deadline, failure) != 0)
		return -1;
	if (table->user[0] == '\0')
		return 0;
	rc = ldap_sasl_bind(ld, table->user, LDAP_SASL_SIMPLE, &password,
	    NULL, NULL, &id);
	return finish(ld, rc, id, deadline, failure);
}

static void
close_connection(void *handle, bool is_broken)
{
	struct connection *connection = handle;

	(void)is_broken;	/* it does not block */
	(void)ldap_unbind_ext(connection->ld, NULL, NULL);
	free(connection);
}

static LDAP *
open_handle(const struct ldap_table *table,
    const struct endpoint_address *address, int64_t deadline,
    struct failure *failure)
{
	int fd = wire_connect(address, deadline, failure);
	LDAP *ld = NULL;
	int rc;

	if (fd < 0)
		return NULL;
	rc = ldap_init_fd(fd, address->socket.any.sa_family == AF_UNIX ?
	    LDAP_PROTO_IPC : LDAP_PROTO_TCP, table->url, &ld);
	if (rc == LDAP_SUCCESS)
		return ld;
	failure_set(failure, "%s", ldap_err2string(rc));
	(void)close(fd);
	return NULL;
}

static void *
open_connection(const void *shared, const struct endpoint_address *address,
    int64_t deadline, struct failure *failure)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) {
		failure_set(failure, "out of memory");
		return NULL;
	}
	connection->table = shared;
	connection->ld = open_handle(shared, address, deadline, failure);
	if (connection->ld == NULL) {
		free(connection);
		return NULL;
	}
	if (log_in(shared, connection->ld, deadline, failure) == 0)
		return connection;
	close_connection(connection, true);
	return NULL;
}

/* --- questions ------------------------------------------------------------ */

static void
add_entry(const struct connection *connection, LDAPMessage *entry,
    struct sbuf *values)
{
	for (char *const *name = connection->table->attributes;
	    *name != NULL; name++) {
		struct berval **all = ldap_get_values_len(connection->ld,
		    entry, *name);

		for (size_t i = 0; all != NULL && all[i] != NULL; i++)
			if (!remote_add_value(values, (struct span){
			    all[i]->bv_val, all[i]->bv_len }))
				break;
		ldap_value_free_len(all);
	}
}

static enum remote_answer
read_answer(const struct connection *connection, int id, int64_t deadline,
    struct sbuf *values, struct failure *failure)
{
	LDAPMessage *message;
	int code;

	for (;;) {
		message = next_message(connection->ld, id, deadline, failure);
		if (message == NULL)
			return REMOTE_BROKEN;
		if (ldap_msgtype(message) == LDAP_RES_SEARCH_RESULT)
			break;
		if (ldap_msgtype(message) == LDAP_RES_SEARCH_ENTRY)
			add_entry(connection, message, values);
		(void)ldap_msgfree(message);
	}
	code = read_end(connection->ld, message, failure);
	if (code == LDAP_SUCCESS)
		return REMOTE_FOUND;
	/* A base with a place for the key need not be there. */
	if (code == LDAP_NO_SUCH_OBJECT && !connection->table->is_base_fixed)
		return REMOTE_NOT_FOUND;
	return code == LDAP_UNAVAILABLE || code == LDAP_SERVER_DOWN ?
	    REMOTE_BROKEN : REMOTE_REFUSED;
}

static enum remote_answer
search(const struct connection *connection, const char *base,
    const char *filter, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	const struct ldap_table *table = connection->table;
	struct timeval left = time_left(deadline);
	int rc, id = -1;
	char *attributes[ATTRIBUTES + 1];

	memcpy(attributes, table->attributes, sizeof(attributes));
	rc = ldap_search_ext(connection->ld, base, LDAP_SCOPE_SUBTREE,
	    filter, attributes, 0, NULL, NULL, &left, ENTRIES, &id);
	if (rc == LDAP_SUCCESS)
		return read_answer(connection, id, deadline, values,
		    failure);
	(void)set_failure(failure, connection->ld, rc);
	return rc == LDAP_FILTER_ERROR ? REMOTE_REFUSED : REMOTE_BROKEN;
}

static enum remote_answer
ask(void *handle, struct span key, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	const struct connection *connection = handle;
	const struct ldap_table *table = connection->table;
	enum remote_answer answer = REMOTE_REFUSED;
	struct sbuf base, filter;

	sbuf_init(&base, NULL, FILTER_CEILING);
	sbuf_init(&filter, NULL, FILTER_CEILING);
	sbuf_adds(&base, "");
	if (escape_expand(&base, table->base, escape_dn, key) == 1 &&
	    escape_expand(&filter, table->filter, escape_filter, key) == 1 &&
	    !base.is_failed && !filter.is_failed)
		answer = search(connection, base.ptr, filter.ptr, deadline,
		    values, failure);
	else
		failure_set(failure, "the key is too long");
	sbuf_free(&base);
	sbuf_free(&filter);
	return answer;
}

static bool
has_parts(const char *template, struct span key)
{
	struct span rest = span_of(template), text;
	enum template_part part;

	while (template_next(&rest, &part, &text) == 1)
		if (part != TEMPLATE_TEXT && !template_value(part, key, &text))
			return false;
	return true;
}

static bool
takes(const void *shared, struct span key)
{
	const struct ldap_table *table = shared;

	return has_parts(table->base, key) && has_parts(table->filter, key);
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

const struct table_backend table_ldap = {
	.type = "ldap",
	REMOTE_BACKEND(&driver),
};

#else

const struct table_backend table_ldap = {
	.type = "ldap",
	.missing = MISSING_LDAP,
};

#endif
