/*
 * context - libunbound, ready to ask the servers it is to ask.
 *
 * For the other files of dns/ only, and for builds that have libunbound.
 */
#ifndef SUBMIT_DNS_CONTEXT_H
#define SUBMIT_DNS_CONTEXT_H

#include <stddef.h>

#include <unbound.h>

/*
 * For ub_resolve_async(), which another thread of its own answers. SERVERS
 * as dns_open() takes one; none: those that the system asks. NULL and
 * *error_r (static) when one cannot be used. For ub_ctx_delete().
 */
struct ub_ctx *context_open(const char *const *servers, size_t n,
    const char **error_r) __attribute__((warn_unused_result));

#endif
