/*
 * encrypt - the message as S/MIME, readable to its recipients only.
 *
 * RFC 8551. The MIME fields go with the body; all others stay where they
 * are, in the clear. Where the Subject is to be hidden, the whole message
 * goes inside as message/rfc822, and another Subject stays outside. One thread
 * at a time.
 */
#ifndef SUBMIT_EDIT_ENCRYPT_H
#define SUBMIT_EDIT_ENCRYPT_H

#include "base/spool.h"
#include "edit/edit.h"

/*
 * Encrypts the body FROM to TO for all recipients of FACTS, and notes the
 * edits. 0, or -1 and *error_r.
 */
int encrypt_write(const struct profile *profile, struct facts *facts,
    struct edit_list *list, struct spool *from, struct spool *to,
    const char **error_r) __attribute__((warn_unused_result));

#endif
