/*
 * endpoint - where a server is: "unix:PATH" or "inet:HOST:PORT".
 *
 * Names are looked up when the endpoint is made, which may take as long as
 * the resolver of the system likes, and never again: not while mail waits.
 * For the backends of table/ only. Any thread.
 */
#ifndef SUBMIT_TABLE_ENDPOINT_H
#define SUBMIT_TABLE_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Of the addresses that a name has. */
#define ENDPOINT_ADDRESSES 8u

struct endpoint_address {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} socket;
	socklen_t len;
	char text[INET6_ADDRSTRLEN];	/* IP; empty for a UNIX socket */
};

struct endpoint {
	char *host;		/* as it was written; the path */
	unsigned port;		/* 0: a UNIX socket */
	struct endpoint_address addresses[ENDPOINT_ADDRESSES];
	size_t count;
};

/*
 * DEFAULT_PORT holds for "inet:HOST"; 0: a port is needed. 0; or -1 and
 * *error_r (malloc'ed; NULL when there was no memory).
 */
int endpoint_open(struct endpoint *endpoint, const char *server,
    unsigned default_port, char **error_r)
    __attribute__((warn_unused_result));

void endpoint_close(struct endpoint *endpoint);

#endif
