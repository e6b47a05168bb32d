/*
 * mime - follows the nesting of a MIME message as it streams by.
 *
 * RFC 2045 section 5.1 (Content-Type), RFC 2046 section 5.1 (boundaries)
 * and 5.2.1 (message/rfc822). Keeps no content: a stack of boundaries and
 * the header fields of the part at hand, both bounded.
 * One thread at a time.
 */
#ifndef SUBMIT_SYNTAX_MIME_H
#define SUBMIT_SYNTAX_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

struct mime_scan;

/*
 * What a Content-Type field says, as far as nesting goes. Broken values
 * are read as text/plain; a broken parameter does not hide the others. A
 * boundary in sections (RFC 2231) is put together.
 */
struct mime_type {
	struct span type;	/* "multipart", as written */
	struct span subtype;
	struct span boundary;	/* unquoted, in the arena; empty if none */
};

/* 1, or 0 when the value is no Content-Type, or -1 without memory. */
int mime_type_parse(struct span value, struct arena *arena,
    struct mime_type *type_r) __attribute__((warn_unused_result));

/*
 * Begins a scan. CONTENT_TYPE is the value of the message's field, empty
 * when it has none. Nesting deeper than DEPTH_CEILING is not followed
 * further, only reported. NULL when there is no memory; the scan lives in
 * the arena.
 */
struct mime_scan *mime_scan_new(struct span content_type,
    size_t depth_ceiling, struct arena *arena);

/* The next octets of the body, cut anywhere. */
void mime_scan_feed(struct mime_scan *scan, struct span octets);

/*
 * Deepest nesting seen: 0 for a message without parts, 1 for the parts of
 * a multipart or the message of a message/rfc822, and so on; at most
 * DEPTH_CEILING + 1. That is also what a part counts for which cannot be
 * followed: a Content-Type field of more than 8192 octets, a boundary of
 * more than 250 (RFC 2046 allows 70).
 */
size_t mime_scan_depth(const struct mime_scan *scan);

#endif
