/*
 * toplevel - the names that may stand at the end of a domain.
 *
 * Top-level domains as the public suffix list has them, and those that are
 * reserved (RFC 2606, 6761, 6762, 7686, 9476; "internal" by ICANN). The only
 * user of libpsl. A list never changes; any thread.
 */
#ifndef SUBMIT_DNS_TOPLEVEL_H
#define SUBMIT_DNS_TOPLEVEL_H

#include <stdbool.h>

#include "base/span.h"

struct toplevels;

/* The newest list on this machine. NULL without memory, or without a list. */
struct toplevels *toplevels_open(void) __attribute__((warn_unused_result));

/* Takes NULL; leaves NULL. */
void toplevels_close(struct toplevels **toplevels);

/* Does a domain, folded as domain_fold() does, end in one that is known? */
bool toplevels_has(const struct toplevels *toplevels, struct span domain);

#endif
