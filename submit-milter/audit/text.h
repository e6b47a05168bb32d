/*
 * text - octets of mail as JSON text.
 *
 * RFC 8259 wants Unicode; mail is octets. What is no character of UTF-8,
 * and NUL, is written as "\xNN". Pure; any thread.
 */
#ifndef SUBMIT_AUDIT_TEXT_H
#define SUBMIT_AUDIT_TEXT_H

#include <jansson.h>

#include "base/span.h"

/*
 * New references; NULL when there is no memory, which jansson's setters
 * take and report.
 */
json_t *json_text(struct span text);
json_t *json_text_or_null(struct span text);	/* null when it is empty */

#endif
