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

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,
	MIME_MESSAGE,		/* message/rfc822, message/global */
	/*
	 * Meant to have parts, but they cannot be found: no boundary, nested
	 * too deep; or with a header that is too long to be kept.
	 */
	MIME_OPAQUE,
};

struct mime_part {
	enum mime_kind kind;
	bool is_whole;		/* the message that is scanned itself */
	bool is_message;	/* that, or one in a message/rfc822 */
	bool is_protected;	/* its content is signed or encrypted */
	bool is_within_protected;	/* its header, too */
	/*
	 * As it stands, with the empty line after it if there is one; empty
	 * for the whole message, and when it is too long.
	 */
	struct span header;
	struct span type, subtype;	/* empty: not known */
};

/* Where octets stand. */
enum mime_place {
	MIME_CONTENT,		/* of the last part that was told */
	MIME_BETWEEN,		/* preamble, epilogue */
	MIME_FRAME,		/* delimiter lines, the line end before them */
};

/*
 * Who follows a scan is told of each part as its header is complete, and of
 * all octets but those of headers. Spans stand during the call. A header
 * that is too long comes as octets of the frame, before its part; so does
 * the preamble of a protected multipart.
 */
struct mime_events {
	void (*part)(void *context, const struct mime_part *part);
	void (*octets)(void *context, enum mime_place place,
	    struct span octets);
	void *context;
};

/*
 * Begins a scan. CONTENT_TYPE is the value of the message's field, empty
 * when it has none. Nesting deeper than DEPTH_CEILING is not followed
 * further, only reported. EVENTS, NULL if none are wanted, are copied. NULL
 * when there is no memory; the scan lives in the arena.
 */
struct mime_scan *mime_scan_new(struct span content_type,
    size_t depth_ceiling, const struct mime_events *events,
    struct arena *arena);

/* The next octets of the body, cut anywhere. */
void mime_scan_feed(struct mime_scan *scan, struct span octets);

/* The body is over: tells what was held back. */
void mime_scan_end(struct mime_scan *scan);

/*
 * Deepest nesting seen: 0 for a message without parts, 1 for the parts of
 * a multipart or the message of a message/rfc822, and so on; at most
 * DEPTH_CEILING + 1. That is also what a part counts for which cannot be
 * followed: a Content-Type field of more than 8192 octets, a boundary of
 * more than 250 (RFC 2046 allows 70).
 */
size_t mime_scan_depth(const struct mime_scan *scan);

#endif
