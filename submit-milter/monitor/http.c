/*
 * http.c - see http.h.
 */
#include <config.h>

#include "monitor/http.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

#ifdef HAVE_MICROHTTPD

#include <microhttpd.h>

#include "base/sbuf.h"
#include "monitor/expose.h"
#include "monitor/health.h"

#define CONNECTIONS 16u
#define PATIENCE 5u		/* seconds that one may say nothing */
#define CONNECTION_MEMORY ((size_t)16384)

struct http {
	int fd;
	struct runtime *runtime;
	struct MHD_Daemon *daemon;
};

/* Each fills OUT and returns the status. */
typedef unsigned page(struct runtime *runtime, struct sbuf *out);

static unsigned
metrics_page(struct runtime *runtime, struct sbuf *out)
{
	monitor_expose(runtime, out);
	return MHD_HTTP_OK;
}

static unsigned
health_page(struct runtime *runtime, struct sbuf *out)
{
	return monitor_health(runtime, out) ? MHD_HTTP_OK :
	    MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned
no_page(struct runtime *runtime, struct sbuf *out)
{
	(void)runtime;
	sbuf_adds(out, "there are /metrics and /healthz\n");
	return MHD_HTTP_NOT_FOUND;
}

static const struct {
	const char *path;
	page *page;
	const char *type;
} pages[] = {
	{ "/metrics", metrics_page,
	    "text/plain; version=0.0.4; charset=utf-8" },
	{ "/healthz", health_page, "text/plain; charset=utf-8" },
	{ NULL, no_page, "text/plain; charset=utf-8" },
};

static size_t
find_page(const char *path)
{
	size_t i = 0;

	while (pages[i].path != NULL && strcmp(pages[i].path, path) != 0)
		i++;
	return i;
}

/* Takes over TEXT. */
static enum MHD_Result
reply(struct MHD_Connection *connection, unsigned status, const char *type,
    struct span text)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    text.len, (void *)(uintptr_t)text.ptr, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (response == NULL) {
		free((void *)(uintptr_t)text.ptr);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
	    type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response,
		    MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* MHD_NO closes the connection. What comes beside the header is not read. */
static enum MHD_Result
answer(void *context, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **state)
{
	const struct http *http = context;
	size_t i = find_page(path);
	unsigned status = MHD_HTTP_METHOD_NOT_ALLOWED;
	struct sbuf out;
	struct span text;

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	sbuf_init(&out, NULL, EXPOSE_MOST);
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		status = pages[i].page(http->runtime, &out);
	else
		sbuf_adds(&out, "GET or HEAD\n");
	if (sbuf_done(&out, &text) == 0)
		return reply(connection, status, pages[i].type, text);
	sbuf_free(&out);
	return MHD_NO;
}

struct http *
http_open(const char *address, const struct listen_access *access,
    struct runtime *runtime, char **error_r)
{
	struct http *http = calloc(1, sizeof(*http));

	*error_r = NULL;
	if (http == NULL)
		return NULL;
	http->runtime = runtime;
	http->fd = listen_open_any(address, access, error_r);
	if (http->fd < 0) {
		free(http);
		return NULL;
	}
	return http;
}

int
http_serve(struct http *http)
{
	sigset_t all, before;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	http->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
	    MHD_USE_POLL, 0, NULL, NULL, answer, http,
	    MHD_OPTION_LISTEN_SOCKET, http->fd,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
	    MHD_OPTION_END);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return http->daemon != NULL ? 0 : -1;
}

const char *
http_library(const char **why_r)
{
	*why_r = NULL;
	return MHD_get_version();
}

#else

const char *
http_library(const char **why_r)
{
	*why_r = MISSING_MICROHTTPD;
	return NULL;
}

struct http *
http_open(const char *address, const struct listen_access *access,
    struct runtime *runtime, char **error_r)
{
	(void)access;
	(void)runtime;
	(void)fault(error_r, "%s: no HTTP in this build: %s", address,
	    MISSING_MICROHTTPD);
	return NULL;
}

int
http_serve(struct http *http)
{
	(void)http;
	return -1;
}

#endif
