/*
 * cidr - networks in CIDR notation (RFC 4632, RFC 4291 section 2.3).
 *
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_CIDR_H
#define SUBMIT_SYNTAX_CIDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct ip {
	uint8_t octets[16];	/* network order; IPv4 as ::ffff:a.b.c.d */
};

struct cidr {
	struct ip network;
	unsigned prefix;	/* bits, 0 to 128 */
};

/*
 * An address in text form. IPv4-mapped IPv6 is the IPv4 address. 1 or -1.
 */
int ip_parse(struct span s, struct ip *ip_r)
    __attribute__((warn_unused_result));

/*
 * "192.0.2.0/24", "2001:db8::/32", or a lone address. Bits set beyond the
 * prefix are an error, as they show a mistyped network.
 * 1, or -1 and why not.
 */
int cidr_parse(struct span s, struct cidr *cidr_r, const char **error_r)
    __attribute__((warn_unused_result));

bool cidr_contains(const struct cidr *cidr, const struct ip *ip);

#endif
