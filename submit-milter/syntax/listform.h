/*
 * listform - an address list in the form in which Sendmail writes it.
 *
 * Sendmail reads address fields when it sends a message on, after all
 * filters, and writes them anew: `a,b  ,\r\n\tc` leaves as `a, b, c`, and
 * `J. Doe <j@x>` as `"J. Doe" <j@x>`. A signature over what it read would
 * be broken. This prints a list so that Sendmail changes no octet of it.
 * For edit/. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_LISTFORM_H
#define SUBMIT_SYNTAX_LISTFORM_H

#include "base/arena.h"
#include "base/span.h"
#include "syntax/address.h"

/*
 * Prints VALUE, which address_parse() read as LIST, as the value of the
 * field NAME: without the blank that follows the colon, folded as Sendmail
 * folds. Nothing is lost but empty elements, source routes, and names and
 * comments of a mailbox with which Sendmail would cut it off.
 *
 * 1 and the text in ARENA; 0 when there was no memory; -1 when it is not
 * known how Sendmail would write it (no domain, octets above 127 ...).
 */
int listform_print(struct span name, struct span value,
    const struct address_list *list, struct arena *arena,
    struct span *text_r) __attribute__((warn_unused_result));

#endif
