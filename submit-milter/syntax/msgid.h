/*
 * msgid - the msg-id of RFC 5322.
 *
 * RFC 5322 sections 3.6.4 and 4.5.4. Pure; any thread.
 */
#ifndef SUBMIT_SYNTAX_MSGID_H
#define SUBMIT_SYNTAX_MSGID_H

#include <stdbool.h>

#include "base/span.h"

/*
 * True when VALUE, the octets after the colon, is one msg-id with nothing
 * but CFWS around it: "<" id-left "@" id-right ">", obsolete forms allowed
 * (quoted left side, a domain literal or obs-domain on the right side).
 * Octets above 127 must be UTF-8 (RFC 6532 section 3.3). *id_r, when not
 * NULL, is the msg-id with its angle brackets.
 */
bool msgid_is_valid(struct span value, struct span *id_r);

#endif
