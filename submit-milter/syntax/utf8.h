/*
 * utf8 - is a stream of octets UTF-8?
 *
 * RFC 3629. Pure; one thread at a time.
 */
#ifndef SUBMIT_SYNTAX_UTF8_H
#define SUBMIT_SYNTAX_UTF8_H

#include <stdbool.h>

#include "base/span.h"

struct utf8 {
	bool is_broken;
	unsigned missing;	/* octets of the character at hand */
	unsigned char low, high;	/* between which the next must lie */
};

void utf8_init(struct utf8 *utf8);
void utf8_feed(struct utf8 *utf8, struct span octets);

/* True when all that was fed is, and no character is cut off. */
bool utf8_is_valid(const struct utf8 *utf8);

#endif
