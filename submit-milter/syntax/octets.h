/*
 * octets - line discipline of a body as it streams by.
 *
 * RFC 5321 section 2.3.8 (CR and LF only together), RFC 5322 section 2.1.1
 * (998 octets a line). Any cut of the stream gives the same result.
 * One thread at a time.
 */
#ifndef SUBMIT_SYNTAX_OCTETS_H
#define SUBMIT_SYNTAX_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct octets {
	uint64_t size;		/* octets so far */
	size_t longest_line;	/* without its line end */
	bool has_nul;
	bool has_bare_cr;
	bool has_bare_lf;
	bool has_8bit;
	bool is_after_cr;	/* the last octet was CR */
	bool is_at_line_start;	/* nothing yet, or the last octets were CRLF */
	size_t line;		/* octets of the line at hand */
};

void octets_init(struct octets *octets);
void octets_feed(struct octets *octets, struct span s);
/* The stream is over: a CR at its very end was a bare one. */
void octets_end(struct octets *octets);

#endif
