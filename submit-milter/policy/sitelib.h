/*
 * sitelib - questions that several rules ask of the site.
 *
 * For the files of policy/. Pure but for the resolver.
 */
#ifndef SUBMIT_POLICY_SITELIB_H
#define SUBMIT_POLICY_SITELIB_H

#include "policy/facts.h"
#include "policy/site.h"

/* May sender or recipients leave under other names than they came? */
bool site_changes_envelope(const struct site *site);

/* Is DOMAIN, as written, the folded name NAME? False without memory. */
bool domain_is_same(const struct facts *facts, struct span domain,
    const char *name);

/* Does NAME ("example.org", ".example.org" for all below) cover FOLDED? */
bool domain_is_covered(struct span folded, struct span name);

/* Is DOMAIN, as written, one of ours? LOOKUP_FAILED: it cannot be told. */
enum lookup domain_is_local(struct facts *facts, struct span domain,
    const char **error_r) __attribute__((warn_unused_result));

/*
 * Is DOMAIN, as written, a complete name? Not one of a single label, nor one
 * below a top-level domain that PROFILE does not know, unless it is ours; nor
 * one that ends in a label of local convention ("squeaky.sales").
 */
enum lookup domain_is_complete(const struct profile *profile,
    struct facts *facts, struct span domain, const char **error_r)
    __attribute__((warn_unused_result));

/*
 * What the DNS says of DOMAIN, as written: refused with UNKNOWN when there is
 * none of that name, with NULL_MX (REASON_NONE: not) when it takes no mail.
 * Our own domains pass unasked.
 */
struct verdict domain_check_dns(const struct profile *profile,
    struct facts *facts, struct span domain, enum reason unknown,
    enum reason null_mx, struct span shown);

#endif
