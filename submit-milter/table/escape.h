/*
 * escape - texts put into LDAP filters and names so that they are nothing
 * but text there.
 *
 * For the backends of table/ only. Pure; any thread.
 */
#ifndef SUBMIT_TABLE_ESCAPE_H
#define SUBMIT_TABLE_ESCAPE_H

#include "base/sbuf.h"

/* RFC 4515 section 3: the value of an assertion in a filter. */
void escape_filter(struct sbuf *out, struct span value);

/* RFC 4514 section 2.4: the value of an attribute in a name. */
void escape_dn(struct sbuf *out, struct span value);

/*
 * TEMPLATE (template.h) with KEY in its places, escaped by ESCAPE. 1; 0 when
 * KEY has no part that it wants; -1 when the template is wrong.
 */
int escape_expand(struct sbuf *out, const char *template,
    void (*escape)(struct sbuf *out, struct span value), struct span key)
    __attribute__((warn_unused_result));

#endif
