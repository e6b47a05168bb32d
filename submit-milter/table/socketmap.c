/*
 * socketmap.c - tables behind a socketmap server, as socketmap_table(5) of
 * Postfix describes the protocol.
 *
 *	request = netstring of: name SP key
 *	reply   = netstring of: "OK" SP value / "NOTFOUND" SP /
 *		  "TEMP" SP reason / "TIMEOUT" SP reason / "PERM" SP reason
 *	netstring = 1*DIGIT ":" *OCTET ","
 */
#include "table/remote.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/ascii.h"
#include "table/wire.h"

#define REPLY_CEILING 100000u	/* as Postfix has it */
#define REPLY_OVERHEAD 8u	/* digits, ":" and "," */

struct socketmap {
	char *map;
};

struct connection {
	const struct socketmap *socketmap;
	int fd;
	char reply[REPLY_CEILING + REPLY_OVERHEAD];
};

static void *
open_shared(const struct table_spec *spec, const char *host, unsigned port,
    char **error_r)
{
	struct socketmap *socketmap;

	(void)host;
	(void)port;
	*error_r = NULL;
	if (spec->map == NULL || spec->map[0] == '\0' ||
	    strchr(spec->map, ' ') != NULL) {
		*error_r = backend_error("\"map\" must be the name of a map, "
		    "without spaces");
		return NULL;
	}
	socketmap = calloc(1, sizeof(*socketmap));
	if (socketmap == NULL)
		return NULL;
	socketmap->map = remote_copy(spec->map);
	if (socketmap->map != NULL)
		return socketmap;
	free(socketmap);
	return NULL;
}

static void
close_shared(void *shared)
{
	struct socketmap *socketmap = shared;

	free(socketmap->map);
	free(socketmap);
}

static void *
open_connection(const void *shared, const struct endpoint_address *address,
    int64_t deadline, struct failure *failure)
{
	struct connection *connection = malloc(sizeof(*connection));

	if (connection == NULL) {
		failure_set(failure, "out of memory");
		return NULL;
	}
	connection->socketmap = shared;
	connection->fd = wire_connect(address, deadline, failure);
	if (connection->fd >= 0)
		return connection;
	free(connection);
	return NULL;
}

static void
close_connection(void *handle, bool is_broken)
{
	struct connection *connection = handle;

	(void)is_broken;
	(void)close(connection->fd);
	free(connection);
}

/*
 * Looks for a netstring at the front of TEXT. 1 and its content when it is
 * whole, 0 when more is needed, -1 when it is none or something follows.
 */
static int
parse_netstring(struct span text, struct span *content_r)
{
	size_t len = 0, i;

	for (i = 0; i < text.len && text.ptr[i] != ':'; i++) {
		if (!ascii_is_digit((unsigned char)text.ptr[i]))
			return -1;
		len = len * 10 + (size_t)(text.ptr[i] - '0');
		if (len > REPLY_CEILING || i >= 6)
			return -1;
	}
	if (i == text.len)
		return 0;
	if (i == 0)
		return -1;
	if (text.len < i + 1 + len + 1)
		return 0;
	if (text.len > i + 1 + len + 1 || text.ptr[i + 1 + len] != ',')
		return -1;
	*content_r = span_slice(text, i + 1, i + 1 + len);
	return 1;
}

static enum remote_answer
read_reply(struct span reply, struct sbuf *values, struct failure *failure)
{
	size_t cut = span_find(reply, ' ');
	struct span word = span_slice(reply, 0, cut);
	struct span rest = { "", 0 };

	if (cut < reply.len)
		rest = span_slice(reply, cut + 1, reply.len);
	if (span_eq(word, SPAN("OK"))) {
		(void)remote_add_value(values, rest);
		return REMOTE_FOUND;
	}
	if (span_eq(word, SPAN("NOTFOUND")))
		return REMOTE_NOT_FOUND;
	if (!span_eq(word, SPAN("TEMP")) && !span_eq(word, SPAN("TIMEOUT")) &&
	    !span_eq(word, SPAN("PERM"))) {
		failure_set(failure, "a reply that is none of OK, NOTFOUND, "
		    "TEMP, TIMEOUT and PERM");
		return REMOTE_BROKEN;
	}
	failure_set(failure, "the server says %.*s", SPAN_ARG(reply));
	return REMOTE_REFUSED;
}

static enum remote_answer
receive_reply(struct connection *connection, int64_t deadline,
    struct sbuf *values, struct failure *failure)
{
	struct span reply = { connection->reply, 0 }, content = { NULL, 0 };
	int rc = 0;

	while (rc == 0 && reply.len < sizeof(connection->reply)) {
		ssize_t n = wire_receive(connection->fd,
		    connection->reply + reply.len,
		    sizeof(connection->reply) - reply.len, deadline,
		    failure);

		if (n < 0)
			return REMOTE_BROKEN;
		reply.len += (size_t)n;
		rc = parse_netstring(reply, &content);
	}
	if (rc == 1)
		return read_reply(content, values, failure);
	failure_set(failure, "a reply that is no netstring of at most "
	    "100000 octets");
	return REMOTE_BROKEN;
}

static enum remote_answer
ask(void *handle, struct span key, int64_t deadline, struct sbuf *values,
    struct failure *failure)
{
	struct connection *connection = handle;
	const char *map = connection->socketmap->map;
	struct sbuf request;
	struct span text;
	int rc = -1;

	sbuf_init(&request, NULL, REPLY_CEILING);
	sbuf_addf(&request, "%zu:%s ", strlen(map) + 1 + key.len, map);
	sbuf_add(&request, key);
	sbuf_addc(&request, ',');
	if (sbuf_done(&request, &text) == 0)
		rc = wire_send(connection->fd, text, deadline, failure);
	else
		failure_set(failure, "the key is too long");
	sbuf_free(&request);
	return rc != 0 ? REMOTE_BROKEN :
	    receive_reply(connection, deadline, values, failure);
}

static const struct remote_driver driver = {
	.open = open_shared,
	.close = close_shared,
	.connect = open_connection,
	.disconnect = close_connection,
	.ask = ask,
};

const struct table_backend table_socketmap = {
	.type = "socketmap",
	REMOTE_BACKEND(&driver),
};
