/*
 * refold.c - see refold.h.
 */
#include "edit/refold.h"

#include <stdbool.h>

#include "base/ascii.h"
#include "base/sbuf.h"

/* The least of what MTAs leave unbroken: L= of Sendmail's mailers. */
#define LINE_MOST 990u
#define LINE_USUAL 78u

/* Where in the syntax of addresses we are. */
struct place {
	bool is_quoted;		/* "..." */
	bool is_escaped;	/* behind a backslash */
	bool is_bracketed;	/* <...> or [...] */
	unsigned depth;		/* of comments */
};

static bool
is_between_tokens(const struct place *p)
{
	return !p->is_quoted && !p->is_bracketed && p->depth == 0;
}

static void
go_on(struct place *p, char c)
{
	if (p->is_escaped) {
		p->is_escaped = false;
	} else if (c == '\\' && (p->is_quoted || p->depth > 0)) {
		p->is_escaped = true;
	} else if (p->is_quoted || (c == '"' && p->depth == 0)) {
		p->is_quoted = p->is_quoted != (c == '"');
	} else if (c == '(') {
		p->depth++;
	} else if (c == ')' && p->depth > 0) {
		p->depth--;
	} else if (p->depth == 0 && (c == '<' || c == '[')) {
		p->is_bracketed = true;
	} else if (p->depth == 0 && (c == '>' || c == ']')) {
		p->is_bracketed = false;
	}
}

static bool
is_wsp(char c)
{
	return ascii_is_wsp((unsigned char)c);
}

/* Up to the next place where LINE may be parted; *p is the state there. */
static size_t
piece_end(struct span line, size_t begin, struct place *p)
{
	size_t i = begin;

	while (i < line.len && is_wsp(line.ptr[i]))
		go_on(p, line.ptr[i++]);
	for (; i < line.len; i++) {
		if (is_between_tokens(p) && i > begin &&
		    (is_wsp(line.ptr[i]) || line.ptr[i - 1] == ','))
			break;
		go_on(p, line.ptr[i]);
	}
	return i;
}

/* COLUMN octets of the first line stand in front of it. */
static void
fold_line(struct sbuf *out, struct span line, size_t column, struct place *p)
{
	bool is_begun = false;	/* with more than blanks */
	size_t end;

	for (size_t begin = 0; begin < line.len; begin = end) {
		struct span piece;
		bool is_blank;

		end = piece_end(line, begin, p);
		piece = span_slice(line, begin, end);
		is_blank = span_trim(piece).len == 0;
		if (is_begun && !is_blank &&
		    column + piece.len > LINE_USUAL) {
			sbuf_adds(out, is_wsp(piece.ptr[0]) ? "\n" : "\n ");
			column = is_wsp(piece.ptr[0]) ? 0 : 1;
		}
		sbuf_add(out, piece);
		column += piece.len;
		is_begun |= !is_blank;
	}
}

static bool
has_long_line(struct span value, size_t column)
{
	size_t end;

	for (; value.len > 0; value = span_slice(value, end + 1, value.len)) {
		end = span_find(value, '\n');
		if (column + end > LINE_MOST)
			return true;
		if (end == value.len)
			break;
		column = 0;
	}
	return false;
}

int
refold_addresses(struct span name, struct span value, struct arena *arena,
    struct span *value_r)
{
	struct place place = { false, false, false, 0 };
	size_t column = name.len + 1;
	struct sbuf out;

	if (!has_long_line(value, column)) {
		*value_r = value;
		return 0;
	}
	/* Two octets for each comma or run of blanks. */
	sbuf_init(&out, arena, value.len * 3);
	while (value.len > 0) {
		size_t end = span_find(value, '\n');
		struct span line = span_slice(value, 0, end);

		if (column + end > LINE_MOST) {
			fold_line(&out, line, column, &place);
		} else {
			sbuf_add(&out, line);
			for (size_t i = 0; i < line.len; i++)
				go_on(&place, line.ptr[i]);
		}
		if (end == value.len)
			break;
		sbuf_addc(&out, '\n');
		value = span_slice(value, end + 1, value.len);
		column = 0;
	}
	return sbuf_done(&out, value_r);
}
