/*
 * endpoint.c - see endpoint.h.
 *
 *	server = "unix:" path / "inet:" host [ ":" port ]
 *	host   = name / IPv4 address / "[" IPv6 address "]"
 */
#include "table/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"
#include "table/backend.h"

static int
fail(char **error_r, const char *server, const char *what)
{
	*error_r = backend_error("server \"%s\": %s", server, what);
	return -1;
}

static int
open_unix(struct endpoint *endpoint, const char *server, const char *path,
    char **error_r)
{
	struct endpoint_address *address = &endpoint->addresses[0];
	struct sockaddr_un *local = &address->socket.local;

	if (path[0] != '/')
		return fail(error_r, server,
		    "wants an absolute path: unix:/PATH");
	if (strlen(path) >= sizeof(local->sun_path))
		return fail(error_r, server,
		    "the path is too long for a socket");
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, path, strlen(path) + 1);
	address->len = sizeof(*local);
	endpoint->count = 1;
	endpoint->host = strdup(path);
	if (endpoint->host != NULL)
		return 0;
	*error_r = NULL;
	return -1;
}

/* Host and port of what follows "inet:". NULL, or what is wrong. */
static const char *
split(struct span text, unsigned default_port, struct span *host_r,
    unsigned *port_r)
{
	size_t cut = span_find_last(text, ':');
	size_t end = span_find(text, ']');
	int64_t port;

	if (text.len > 0 && text.ptr[0] == '[') {
		if (end == text.len)
			return "wants a ] after the address";
		*host_r = span_slice(text, 1, end);
		text = span_slice(text, end + 1, text.len);
		cut = 0;
		if (text.len > 0 && text.ptr[0] != ':')
			return "wants :PORT after the ]";
	} else {
		*host_r = span_slice(text, 0, cut);
		if (span_find(*host_r, ':') < host_r->len)
			return "wants an IPv6 address in [ ]";
	}
	port = cut == text.len ? default_port :
	    span_number(span_slice(text, cut + 1, text.len), 65535);
	if (host_r->len == 0)
		return "wants a host: inet:HOST:PORT";
	if (port <= 0)
		return "wants a port between 1 and 65535: inet:HOST:PORT";
	*port_r = (unsigned)port;
	return NULL;
}

static void
add_address(struct endpoint *endpoint, const struct addrinfo *info)
{
	struct endpoint_address *address =
	    &endpoint->addresses[endpoint->count];

	if (endpoint->count == ENDPOINT_ADDRESSES ||
	    info->ai_addrlen > sizeof(address->socket))
		return;
	memcpy(&address->socket, info->ai_addr, info->ai_addrlen);
	address->len = info->ai_addrlen;
	if (getnameinfo(info->ai_addr, info->ai_addrlen, address->text,
	    sizeof(address->text), NULL, 0, NI_NUMERICHOST) == 0)
		endpoint->count++;
}

static int
resolve(struct endpoint *endpoint, const char *server, char **error_r)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	char port[12];
	int rc;

	(void)snprintf(port, sizeof(port), "%u", endpoint->port);
	rc = getaddrinfo(endpoint->host, port, &hints, &all);
	if (rc != 0)
		return fail(error_r, server, gai_strerror(rc));
	for (const struct addrinfo *info = all; info != NULL;
	    info = info->ai_next)
		add_address(endpoint, info);
	freeaddrinfo(all);
	if (endpoint->count == 0)
		return fail(error_r, server, "has no address");
	return 0;
}

static int
open_inet(struct endpoint *endpoint, const char *server, const char *text,
    unsigned default_port, char **error_r)
{
	struct span host;
	const char *why = split(span_of(text), default_port, &host,
	    &endpoint->port);

	if (why != NULL)
		return fail(error_r, server, why);
	endpoint->host = strndup(host.ptr, host.len);
	if (endpoint->host == NULL) {
		*error_r = NULL;
		return -1;
	}
	return resolve(endpoint, server, error_r);
}

int
endpoint_open(struct endpoint *endpoint, const char *server,
    unsigned default_port, char **error_r)
{
	int rc;

	*endpoint = (struct endpoint){ .count = 0 };
	if (strncmp(server, "unix:", 5) == 0)
		rc = open_unix(endpoint, server, server + 5, error_r);
	else if (strncmp(server, "inet:", 5) == 0)
		rc = open_inet(endpoint, server, server + 5, default_port,
		    error_r);
	else
		rc = fail(error_r, server,
		    "must be unix:PATH or inet:HOST:PORT");
	if (rc != 0)
		endpoint_close(endpoint);
	return rc;
}

void
endpoint_close(struct endpoint *endpoint)
{
	free(endpoint->host);
	*endpoint = (struct endpoint){ .count = 0 };
}
