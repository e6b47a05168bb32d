/*
 * http - metrics and health by HTTP, for Prometheus and load balancers.
 *
 * GET /metrics and /healthz, to whoever can connect: it tells nothing of
 * persons, and should still stay within the site. Few connections at a
 * time, each for a few seconds, by a thread of its own. The only user of
 * libmicrohttpd.
 */
#ifndef SUBMIT_MONITOR_HTTP_H
#define SUBMIT_MONITOR_HTTP_H

#include "runtime.h"
#include "system/listen.h"

struct http;

/* "0.9.75"; NULL: this build has no HTTP, and *why_r tells why. */
const char *http_library(const char **why_r);

/*
 * Listens at ADDRESS (metrics.listen); ACCESS is for a UNIX socket. To be
 * called with the rights to make it so. NULL and *error_r (malloc'ed, the
 * caller's to free).
 */
struct http *http_open(const char *address,
    const struct listen_access *access, struct runtime *runtime,
    char **error_r);

/*
 * Starts the thread, which lives as long as the process and gets no
 * signals. 0 or -1.
 */
int http_serve(struct http *http) __attribute__((warn_unused_result));

#endif
