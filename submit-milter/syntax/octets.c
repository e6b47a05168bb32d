/*
 * octets.c - see octets.h.
 */
#include "syntax/octets.h"

/* Eight at a time: this is where the time of a large body goes. */
static bool
has_8bit(struct span s)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t all = 0, word;
	size_t i = 0;

	for (; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.ptr + i, sizeof(word));
		all |= word;
	}
	return (all & high) != 0 || span_has_8bit(span_slice(s, i, s.len));
}

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

/* N octets that are neither CR nor LF. */
static void
feed_text(struct octets *octets, size_t n)
{
	if (octets->is_after_cr)
		bare_cr(octets);
	octets->is_at_line_start = false;
	line_grow(octets, n);
}

static size_t
find_from(struct span s, size_t from, char c)
{
	return from + span_find(span_slice(s, from, s.len), c);
}

void
octets_feed(struct octets *octets, struct span s)
{
	size_t cr, lf, i = 0;

	if (s.len == 0)
		return;
	octets->size += s.len;
	if (!octets->has_nul)
		octets->has_nul = memchr(s.ptr, '\0', s.len) != NULL;
	if (!octets->has_8bit)
		octets->has_8bit = has_8bit(s);
	cr = span_find(s, '\r');
	lf = span_find(s, '\n');
	while (i < s.len) {
		size_t end = cr < lf ? cr : lf;

		if (end > i)
			feed_text(octets, end - i);
		if (end == s.len)
			break;
		i = end + 1;
		feed_cr_or_lf(octets, s.ptr[end]);
		if (s.ptr[end] == '\r')
			cr = find_from(s, i, '\r');
		else
			lf = find_from(s, i, '\n');
	}
}

void
octets_end(struct octets *octets)
{
	if (octets->is_after_cr)
		bare_cr(octets);
}
