/*
 * mutate - near misses of a corpus, for the parsers that must bear them.
 *
 * Every prefix of an octet string, every string with one octet replaced by
 * one of those that mean something in mail, and every string with one
 * octet left out. Each is a heap block of its exact size, so that a
 * sanitizer sees a parser read on. The order is always the same.
 */
#ifndef SUBMIT_UNIT_MUTATE_H
#define SUBMIT_UNIT_MUTATE_H

#include <stdlib.h>
#include <string.h>

#include "base/span.h"

typedef void mutate_fn(struct span s, void *context);

/* FROM without its octet SKIP; all of it when there is no such octet. */
static inline void
mutate_give(struct span from, size_t skip, mutate_fn *give, void *context)
{
	size_t len = skip < from.len ? from.len - 1 : from.len;
	char *copy = malloc(len == 0 ? 1 : len);
	size_t n = 0;

	if (copy == NULL)
		abort();
	for (size_t i = 0; i < from.len; i++)
		if (i != skip)
			copy[n++] = from.ptr[i];
	give((struct span){ copy, len }, context);
	free(copy);
}

static inline void
mutate_all(struct span s, mutate_fn *give, void *context)
{
	static const char octets[] = { '\0', '\t', '\n', '\r', '\x01', ' ', '"',
		'\\', '(', ')', ',', '.', ':', ';', '<', '>', '@', '[', ']',
		'-', '+', '%', '/', '0', '9', 'a', 'Z', '\x7f', '\x80', '\xc3',
		'\xff' };
	char *copy = malloc(s.len == 0 ? 1 : s.len);

	if (copy == NULL)
		abort();
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	for (size_t i = 0; i <= s.len; i++)
		mutate_give(span_slice(s, 0, i), s.len, give, context);
	for (size_t i = 0; i < s.len; i++) {
		mutate_give(s, i, give, context);
		for (size_t k = 0; k < sizeof(octets); k++) {
			copy[i] = octets[k];
			mutate_give((struct span){ copy, s.len }, s.len, give,
			    context);
		}
		copy[i] = s.ptr[i];
	}
	free(copy);
}

#endif
