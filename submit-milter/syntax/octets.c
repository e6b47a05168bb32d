/*
 * octets.c - see octets.h.
 */
#include "syntax/octets.h"

void
octets_init(struct octets *octets)
{
	*octets = (struct octets){ .is_at_line_start = true };
}

static void
line_grow(struct octets *octets, size_t more)
{
	octets->line += more;
	if (octets->line > octets->longest_line)
		octets->longest_line = octets->line;
}

/* The octet before was CR; C is not LF, or the stream is over. */
static void
bare_cr(struct octets *octets)
{
	octets->has_bare_cr = true;
	octets->is_after_cr = false;
	line_grow(octets, 1);
}

static void
feed_cr_or_lf(struct octets *octets, char c)
{
	if (octets->is_after_cr && c == '\n') {
		octets->is_after_cr = false;
		octets->line = 0;
		octets->is_at_line_start = true;
		return;
	}
	if (octets->is_after_cr)
		bare_cr(octets);
	octets->is_at_line_start = false;
	if (c == '\r') {
		octets->is_after_cr = true;
	} else {
		octets->has_bare_lf = true;
		line_grow(octets, 1);
	}
}

/* The octets up to the next CR or LF; at least one. */
static size_t
feed_text(struct octets *octets, struct span s)
{
	unsigned char all = 0;
	size_t n = 0;

	if (octets->is_after_cr)
		bare_cr(octets);
	while (n < s.len && s.ptr[n] != '\r' && s.ptr[n] != '\n') {
		all |= (unsigned char)s.ptr[n];
		if (s.ptr[n] == '\0')
			octets->has_nul = true;
		n++;
	}
	if (all > 0x7f)
		octets->has_8bit = true;
	octets->is_at_line_start = false;
	line_grow(octets, n);
	return n;
}

void
octets_feed(struct octets *octets, struct span s)
{
	size_t i = 0;

	octets->size += s.len;
	while (i < s.len) {
		char c = s.ptr[i];

		if (c == '\r' || c == '\n') {
			feed_cr_or_lf(octets, c);
			i++;
		} else {
			i += feed_text(octets, span_slice(s, i, s.len));
		}
	}
}

void
octets_end(struct octets *octets)
{
	if (octets->is_after_cr)
		bare_cr(octets);
}
