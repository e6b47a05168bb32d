/*
 * context.c - see context.h.
 */
#include <config.h>

#ifdef HAVE_UNBOUND

#include "dns/context.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SERVER_MOST 80u

/* libunbound writes a port after an @. */
static int
forward(struct ub_ctx *context, const char *server)
{
	const char *end = server + strlen(server), *port = strrchr(server,
	    ':');
	char text[SERVER_MOST];
	int n;

	if (server[0] == '[') {
		end = strchr(server, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -1;
		port = end[1] == ':' ? end + 1 : NULL;
		server++;
	} else if (port != NULL && strchr(server, ':') == port) {
		end = port;
	} else {
		port = NULL;
	}
	n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(end - server),
	    server, port == NULL ? "" : "@", port == NULL ? "" : port + 1);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -1;
	return ub_ctx_set_fwd(context, text) == 0 ? 0 : -1;
}

static bool
is_set_up(struct ub_ctx *context, const char *const *servers, size_t n)
{
	if (n == 0)
		return ub_ctx_resolvconf(context, NULL) == 0;
	for (size_t i = 0; i < n; i++)
		if (forward(context, servers[i]) != 0)
			return false;
	return true;
}

struct ub_ctx *
context_open(const char *const *servers, size_t n, const char **error_r)
{
	struct ub_ctx *context = ub_ctx_create();

	*error_r = "out of memory";
	if (context == NULL)
		return NULL;
	*error_r = n == 0 ? "/etc/resolv.conf cannot be used" :
	    "the server must be ADDRESS or ADDRESS:PORT";
	/* A thread of its own waits, so that the deadline is ours. */
	if (ub_ctx_async(context, 1) == 0 && ub_ctx_set_option(context,
	    "do-not-query-localhost:", "no") == 0 &&
	    is_set_up(context, servers, n))
		return context;
	ub_ctx_delete(context);
	return NULL;
}

#else

typedef int context_is_empty;	/* ISO C wants something here */

#endif
