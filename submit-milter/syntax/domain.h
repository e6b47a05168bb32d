/*
 * domain - domain names and address literals.
 *
 * RFC 5321 section 4.1.2 and 4.1.3 (Domain, address-literal), RFC 1035
 * section 2.3.4 (63 and 255 octets), RFC 5890 (A-labels, U-labels).
 * Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_DOMAIN_H
#define SUBMIT_SYNTAX_DOMAIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

enum domain_kind {
	DOMAIN_NONE,		/* there is no domain */
	DOMAIN_NAME,		/* labels joined by dots */
	DOMAIN_IPV4,		/* [192.0.2.1] */
	DOMAIN_IPV6,		/* [IPv6:2001:db8::1] */
	DOMAIN_GENERAL,		/* [tag:content] */
};

/*
 * Domain = sub-domain *("." sub-domain), or an address literal with its
 * brackets. Octets above 127 are taken for U-labels only when
 * IS_UTF8_ALLOWED (RFC 6531 section 3.3), and must then be valid IDNA2008
 * labels. No dot at the end. 1 and the kind, or -1 and why not.
 */
int domain_parse(struct span s, bool is_utf8_allowed,
    enum domain_kind *kind_r, const char **error_r)
    __attribute__((warn_unused_result));

/* Fully qualified: a name of at least two labels, the last not all digits. */
bool domain_is_qualified(struct span name);

/*
 * The form in which names are compared and looked up: U-labels to A-labels
 * after NFC (libidn2, IDNA2008 non-transitional), ASCII to lower case. A
 * literal only changes case. What is no valid name is lower-cased as far
 * as it is ASCII and else left alone (it then equals only itself).
 * 0, or -1 when there is no memory.
 */
int domain_fold(struct span s, struct arena *arena, struct span *folded_r)
    __attribute__((warn_unused_result));

#endif
