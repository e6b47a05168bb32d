/*
 * transfer - content transfer encodings, written as octets stream by.
 *
 * RFC 2045 sections 6.7 (quoted-printable) and 6.8 (base64). Decoding gives
 * back every octet. Pure but for the sink; one thread at a time.
 */
#ifndef SUBMIT_SYNTAX_TRANSFER_H
#define SUBMIT_SYNTAX_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum transfer_method {
	TRANSFER_NONE,		/* octets as they are */
	TRANSFER_QP,
	TRANSFER_BASE64,
	/*
	 * Content that is encoded already, but badly: with octets above 127,
	 * stray controls or long lines. It decodes to the same after.
	 */
	TRANSFER_MEND_QP,
	TRANSFER_MEND_BASE64,
};

typedef void transfer_sink(void *context, struct span octets);

#define TRANSFER_BUFFER 4096
#define TRANSFER_HELD 128

struct transfer {
	enum transfer_method method;
	transfer_sink *sink;
	void *context;
	uint64_t size;		/* octets written so far */
	size_t column;
	size_t held_len;	/* blanks that may be the end of a line */
	bool has_cr;		/* a CR that may be the half of a line end */
	bool has_equals;	/* "=" of "=XY", or of a line that goes on */
	unsigned escape;	/* octets of "=XY" that are still to come */
	unsigned char triple[3];
	size_t triple_len;
	size_t len;
	char held[TRANSFER_HELD];
	char buffer[TRANSFER_BUFFER];
};

/* SINK may be NULL: then octets are counted only. */
void transfer_begin(struct transfer *transfer, enum transfer_method method,
    transfer_sink *sink, void *context);

void transfer_feed(struct transfer *transfer, struct span octets);

/* Writes what was held back. The last line of base64 has no line end. */
void transfer_end(struct transfer *transfer);

#endif
